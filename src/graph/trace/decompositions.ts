import { numberAttribute, stringAttribute } from '../attributes.js';
import type { GraphBuilder } from '../builder.js';
import type { Attributes, ValueId } from '../graph.js';
import { AimaasError } from '../../core/errors.js';
import { normalizeAxis } from '../shapes.js';
import { gathered, productOfBatches } from './decompose/batches.js';
import { batchToSpace, depthToSpace, spaceToBatch } from './decompose/blocks.js';
import { einsum } from './decompose/einsum.js';
import { cumulativeProduct, localResponse, localResponseGradient } from './decompose/windows.js';

type Inputs = Readonly<Record<string, ValueId>>;
type Decomposition = (builder: GraphBuilder, inputs: Inputs, attributes: Attributes) => ValueId;

function required(inputs: Inputs, name: string): ValueId {
  const value = inputs[name];
  if (value === undefined) throw new Error(`The input "${name}" is missing.`);
  return value;
}

/** The activation that a fused kernel ends with. */
function activate(builder: GraphBuilder, x: ValueId, inputs: Inputs, attributes: Attributes): ValueId {
  const activation = attributes['activation'] ?? 'linear';
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return builder.op('Relu', [x]);
    case 'relu6':
      return builder.op('Relu6', [x]);
    case 'elu':
      return builder.op('Elu', [x]);
    case 'sigmoid':
      return builder.op('Sigmoid', [x]);
    case 'leakyrelu':
      return builder.op('LeakyRelu', [x], { alpha: numberAttribute(attributes, 'leakyreluAlpha', 0.2) });
    case 'prelu':
      return builder.op('Prelu', [x, required(inputs, 'preluActivationWeights')]);
    default:
      throw new AimaasError('UNSUPPORTED', `The fused activation "${String(activation)}" is not known.`);
  }
}

function withBias(builder: GraphBuilder, x: ValueId, inputs: Inputs): ValueId {
  const bias = inputs['bias'];
  return bias === undefined ? x : builder.op('Add', [x, bias]);
}

const convolutionAttributes = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    ['strides', 'pad', 'dataFormat', 'dilations', 'dimRoundingMode'].flatMap((name) => {
      const value = attributes[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

function filled(value: number): Decomposition {
  return (builder, inputs) => {
    const { shape, dtype } = builder.info(required(inputs, 'x'));
    return builder.op('Fill', [], { shape, value, dtype });
  };
}

/** Numbers start, start + step, … as tf.range makes them. */
function rangeConstant(builder: GraphBuilder, numbers: number[], dtype: 'float32' | 'int32'): ValueId {
  const data = dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
  return builder.constant({ dtype, shape: [numbers.length], data });
}

/** Kernels that are recorded as several simpler ones, so that passes and lowerings need not know them. */
export const decompositions: Readonly<Partial<Record<string, Decomposition>>> = {
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Einsum: (builder, inputs, attributes) => einsum(builder, Object.values(inputs), attributes),
  BatchMatMul: (builder, inputs, attributes) =>
    productOfBatches(builder, required(inputs, 'a'), required(inputs, 'b'), attributes),
  GatherV2: (builder, inputs, attributes) =>
    gathered(builder, required(inputs, 'x'), required(inputs, 'indices'), attributes),
  /** tfjs' kernel takes an axis counted from the end for none. */
  Cumsum: (builder, inputs, attributes) => {
    const x = required(inputs, 'x');
    const { length } = builder.info(x).shape;
    const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), length);
    return builder.op('Cumsum', [x], { ...attributes, axis });
  },
  Cumprod: (builder, inputs, attributes) => cumulativeProduct(builder, required(inputs, 'x'), attributes),
  LRN: (builder, inputs, attributes) => localResponse(builder, required(inputs, 'x'), attributes),
  LRNGrad: (builder, inputs, attributes) =>
    localResponseGradient(
      builder,
      required(inputs, 'x'),
      required(inputs, 'y'),
      required(inputs, 'dy'),
      attributes,
    ),
  SpaceToBatchND: (builder, inputs, attributes) => spaceToBatch(builder, required(inputs, 'x'), attributes),
  BatchToSpaceND: (builder, inputs, attributes) => batchToSpace(builder, required(inputs, 'x'), attributes),
  DepthToSpace: (builder, inputs, attributes) => depthToSpace(builder, required(inputs, 'x'), attributes),
  FlipLeftRight: (builder, inputs) => builder.op('Reverse', [required(inputs, 'image')], { dims: [2] }),
  _FusedMatMul: (builder, inputs, attributes) => {
    const product = productOfBatches(builder, required(inputs, 'a'), required(inputs, 'b'), attributes);
    return activate(builder, withBias(builder, product, inputs), inputs, attributes);
  },
  FusedConv2D: (builder, inputs, attributes) => {
    const x = builder.op(
      'Conv2D',
      [required(inputs, 'x'), required(inputs, 'filter')],
      convolutionAttributes(attributes),
    );
    return activate(builder, withBias(builder, x, inputs), inputs, attributes);
  },
  FusedDepthwiseConv2D: (builder, inputs, attributes) => {
    const x = builder.op(
      'DepthwiseConv2dNative',
      [required(inputs, 'x'), required(inputs, 'filter')],
      convolutionAttributes(attributes),
    );
    return activate(builder, withBias(builder, x, inputs), inputs, attributes);
  },
  /** (x − mean) · scale / √(variance + ε) + offset. */
  FusedBatchNorm: (builder, inputs, attributes) => {
    const epsilon = builder.scalar(numberAttribute(attributes, 'varianceEpsilon', 0.001));
    const inverse = builder.op('Rsqrt', [builder.op('Add', [required(inputs, 'variance'), epsilon])]);
    const { scale, offset } = inputs;
    const factor = scale === undefined ? inverse : builder.op('Multiply', [inverse, scale]);
    const centred = builder.op('Sub', [required(inputs, 'x'), required(inputs, 'mean')]);
    const scaled = builder.op('Multiply', [centred, factor]);
    return offset === undefined ? scaled : builder.op('Add', [scaled, offset]);
  },
  Range: (builder, _, attributes) => {
    const [start, stop, step] = [
      numberAttribute(attributes, 'start'),
      numberAttribute(attributes, 'stop'),
      numberAttribute(attributes, 'step', 1),
    ];
    const count = Math.max(0, Math.ceil((stop - start) / step));
    const numbers = Array.from({ length: count }, (_unused, i) => start + i * step);
    return rangeConstant(
      builder,
      numbers,
      stringAttribute(attributes, 'dtype') === 'int32' ? 'int32' : 'float32',
    );
  },
  LinSpace: (builder, _, attributes) => {
    const [start, stop, count] = [
      numberAttribute(attributes, 'start'),
      numberAttribute(attributes, 'stop'),
      numberAttribute(attributes, 'num'),
    ];
    const step = count === 1 ? 0 : (stop - start) / (count - 1);
    return rangeConstant(
      builder,
      Array.from({ length: count }, (_unused, i) => start + i * step),
      'float32',
    );
  },
};
