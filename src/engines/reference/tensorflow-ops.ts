import { AimaasError } from '../../core/errors.js';
import type { TensorData, TensorValues } from '../../core/tensor.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { Attributes } from '../../graph/graph.js';
import { dtypeOf, type NodeDef } from '../../graph/tensorflow/types.js';
import { reduce, select } from './broadcasting.js';
import { interpret } from './interpreter.js';

/** A lookup table: where each key's value is. */
export interface Lookup {
  readonly values: TensorData;
  readonly positions: ReadonlyMap<string, number>;
}

/** One operation of TensorFlow with its inputs. */
interface Operation {
  readonly node: NodeDef;
  readonly inputs: readonly TensorData[];
  /** Whole numbers of an input. */
  readonly numbers: (index: number) => number[];
  readonly flag: (name: string) => boolean;
  readonly integer: (name: string) => number;
}

type Compute = (operation: Operation) => readonly TensorData[];

/** Runs one of tfjs' kernels on tensors. */
function kernel(op: string, inputs: readonly TensorData[], attributes: Attributes = {}): TensorData[] {
  const builder = new GraphBuilder();
  const given = inputs.map(({ shape, dtype }, i) => builder.input(String(i), shape, dtype));
  const outputs = builder.ops(op, given, attributes);
  outputs.forEach((output, i) => builder.output(String(i), output));
  const results = interpret(builder.build(), Object.fromEntries(inputs.entries()), undefined);
  return outputs.map((_, i) => at(results, i));
}

function at<T>(list: Readonly<Record<number, T>>, index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`There is no item ${index}.`);
  return item;
}

/** Operations that tfjs has under the same name with the same inputs and without attributes. */
const SAME = [
  ...[
    'Abs',
    'Acos',
    'Acosh',
    'AddN',
    'Asin',
    'Asinh',
    'Atan',
    'Atan2',
    'Atanh',
    'Ceil',
    'Cos',
    'Cosh',
    'Elu',
  ],
  ...['Equal', 'Erf', 'Exp', 'Expm1', 'Floor', 'FloorDiv', 'GatherNd', 'Greater', 'GreaterEqual', 'Identity'],
  ...[
    'IsFinite',
    'IsInf',
    'IsNan',
    'Less',
    'LessEqual',
    'Log',
    'Log1p',
    'LogicalAnd',
    'LogicalNot',
    'LogicalOr',
  ],
  ...['Maximum', 'Minimum', 'Neg', 'NotEqual', 'Pow', 'RealDiv', 'Reciprocal', 'Relu', 'Relu6'],
  ...['Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Square'],
  ...['SquaredDifference', 'Sub', 'Tan', 'Tanh'],
];

const same =
  (op: string): Compute =>
  ({ inputs }) =>
    kernel(op, inputs);

const reduction: Compute = ({ node, inputs, numbers, flag }) => [
  reduce(node.op, at(inputs, 0), numbers(1), flag('keep_dims')),
];

const argument: Compute = ({ node, inputs, numbers }) =>
  kernel(node.op, [at(inputs, 0)], { axis: at(numbers(1), 0) });

const running: Compute = ({ node, inputs, numbers, flag }) =>
  kernel(node.op, [at(inputs, 0)], {
    axis: at(numbers(1), 0),
    exclusive: flag('exclusive'),
    reverse: flag('reverse'),
  });

const product =
  (transposeA: string, transposeB: string): Compute =>
  ({ inputs, flag }) =>
    kernel('BatchMatMul', inputs, { transposeA: flag(transposeA), transposeB: flag(transposeB) });

function integers(node: NodeDef, name: string): readonly number[] | undefined {
  const value = node.attr[name];
  return value !== undefined && 'ints' in value ? value.ints : undefined;
}

/** Padding, strides and dilations of the spatial axes, as tfjs' kernels have them. */
function windows(node: NodeDef): Attributes {
  const padding = node.attr['padding'];
  const pad = padding !== undefined && 'string' in padding ? padding.string.toLowerCase() : 'valid';
  const strides = integers(node, 'strides')?.slice(1, -1) ?? [];
  return { pad, strides, dilations: integers(node, 'dilations')?.slice(1, -1) ?? strides.map(() => 1) };
}

/** The same for a convolution, whose kernels ask for the order of the axes too. */
function convolutionWindows(node: NodeDef): Attributes {
  const attributes = windows(node);
  const { strides } = attributes;
  return { ...attributes, dataFormat: Array.isArray(strides) && strides.length === 3 ? 'NDHWC' : 'NHWC' };
}

const convolution: Compute = ({ node, inputs }) => kernel(node.op, inputs, convolutionWindows(node));

const transposedConvolution: Compute = ({ node, inputs, numbers }) =>
  kernel(node.op, [at(inputs, 2), at(inputs, 1)], { ...convolutionWindows(node), inputShape: numbers(0) });

const pool: Compute = ({ node, inputs }) =>
  kernel(node.op, inputs, { ...windows(node), filterSize: integers(node, 'ksize')?.slice(1, -1) ?? [] });

const resize: Compute = ({ node, inputs, numbers, flag }) =>
  kernel(node.op, [at(inputs, 0)], {
    size: numbers(1),
    alignCorners: flag('align_corners'),
    halfPixelCenters: flag('half_pixel_centers'),
  });

function pairs(numbers: readonly number[]): number[][] {
  return Array.from({ length: numbers.length / 2 }, (_, i) => [at(numbers, 2 * i), at(numbers, 2 * i + 1)]);
}

const OPERATIONS: Readonly<Record<string, Compute>> = {
  ...Object.fromEntries(SAME.map((op) => [op, same(op)])),
  ...Object.fromEntries(['Sum', 'Prod', 'Mean', 'Max', 'Min', 'All', 'Any'].map((op) => [op, reduction])),
  Softmax: ({ inputs }) => kernel('Softmax', inputs, { dim: at(inputs, 0).shape.length - 1 }),
  LogSoftmax: ({ inputs }) => {
    const x = at(inputs, 0);
    const [shifted] = kernel('Sub', [x, reduce('Max', x, [-1], true)]);
    const [powers] = kernel('Exp', [shifted as TensorData]);
    const [logarithm] = kernel('Log', [reduce('Sum', powers as TensorData, [-1], true)]);
    return kernel('Sub', [shifted as TensorData, logarithm as TensorData]);
  },
  AddV2: same('Add'),
  BiasAdd: same('Add'),
  Mul: same('Multiply'),
  FloorMod: same('Mod'),
  SelectV2: ({ inputs }) => [select(at(inputs, 0), at(inputs, 1), at(inputs, 2))],
  ArgMax: argument,
  ArgMin: argument,
  Cumsum: running,
  Cumprod: running,
  MatMul: product('transpose_a', 'transpose_b'),
  BatchMatMulV2: product('adj_x', 'adj_y'),
  Conv2D: convolution,
  Conv3D: convolution,
  DepthwiseConv2dNative: convolution,
  Conv2DBackpropInput: transposedConvolution,
  Conv3DBackpropInputV2: transposedConvolution,
  MaxPool: pool,
  MaxPool3D: pool,
  AvgPool: pool,
  AvgPool3D: pool,
  ResizeBilinear: resize,
  ResizeNearestNeighbor: resize,
  Const: ({ node }) => {
    const value = node.attr['value'];
    if (value === undefined || !('tensor' in value)) throw new TypeError(`${node.name} has no value.`);
    return [value.tensor];
  },
  Cast: ({ node, inputs }) => {
    const to = node.attr['DstT'];
    if (to === undefined || !('type' in to)) throw new TypeError(`${node.name} has no type.`);
    return kernel('Cast', inputs, { dtype: dtypeOf(to.type) });
  },
  ClipByValue: ({ inputs }) =>
    kernel('ClipByValue', [at(inputs, 0)], {
      clipValueMin: Number(at(inputs, 1).data[0]),
      clipValueMax: Number(at(inputs, 2).data[0]),
    }),
  LeakyRelu: ({ node, inputs }) => {
    const alpha = node.attr['alpha'];
    return kernel('LeakyRelu', inputs, {
      alpha: alpha !== undefined && 'float' in alpha ? alpha.float : 0.2,
    });
  },
  Shape: ({ inputs }) => {
    const { shape } = at(inputs, 0);
    return [{ dtype: 'int32', shape: [shape.length], data: Int32Array.from(shape) }];
  },
  Reshape: ({ inputs, numbers }) => kernel('Reshape', [at(inputs, 0)], { shape: numbers(1) }),
  ExpandDims: ({ inputs, numbers }) => kernel('ExpandDims', [at(inputs, 0)], { dim: at(numbers(1), 0) }),
  Transpose: ({ inputs, numbers }) => kernel('Transpose', [at(inputs, 0)], { perm: numbers(1) }),
  ConcatV2: ({ inputs, numbers }) =>
    kernel('Concat', inputs.slice(0, -1), { axis: at(numbers(inputs.length - 1), 0) }),
  Pack: ({ inputs, integer }) => kernel('Pack', inputs, { axis: integer('axis') }),
  Unpack: ({ inputs, integer }) => kernel('Unpack', inputs, { axis: integer('axis') }),
  SplitV: ({ inputs, numbers }) =>
    kernel('SplitV', [at(inputs, 0)], { numOrSizeSplits: numbers(1), axis: at(numbers(2), 0) }),
  Slice: ({ inputs, numbers }) => kernel('Slice', [at(inputs, 0)], { begin: numbers(1), size: numbers(2) }),
  StridedSlice: ({ inputs, numbers, integer }) =>
    kernel('StridedSlice', [at(inputs, 0)], {
      begin: numbers(1),
      end: numbers(2),
      strides: numbers(3),
      beginMask: integer('begin_mask'),
      endMask: integer('end_mask'),
      ellipsisMask: integer('ellipsis_mask'),
      newAxisMask: integer('new_axis_mask'),
      shrinkAxisMask: integer('shrink_axis_mask'),
    }),
  PadV2: ({ inputs, numbers }) =>
    kernel('PadV2', [at(inputs, 0)], {
      paddings: pairs(numbers(1)),
      constantValue: Number(at(inputs, 2).data[0]),
    }),
  MirrorPad: ({ node, inputs, numbers }) => {
    const mode = node.attr['mode'];
    return kernel('MirrorPad', [at(inputs, 0)], {
      paddings: pairs(numbers(1)),
      mode: mode !== undefined && 'string' in mode ? mode.string.toLowerCase() : 'reflect',
    });
  },
  Tile: ({ inputs, numbers }) => kernel('Tile', [at(inputs, 0)], { reps: numbers(1) }),
  Fill: ({ inputs, numbers }) => {
    const { dtype, data } = at(inputs, 1);
    const value = dtype === 'string' ? String(data[0]) : Number(data[0]);
    return kernel('Fill', [], { shape: numbers(0), dtype, value });
  },
  OneHot: ({ inputs, numbers }) =>
    kernel('OneHot', [at(inputs, 0)], {
      depth: at(numbers(1), 0),
      onValue: Number(at(inputs, 2).data[0]),
      offValue: Number(at(inputs, 3).data[0]),
      dtype: at(inputs, 2).dtype,
    }),
  ReverseV2: ({ inputs, numbers }) => kernel('Reverse', [at(inputs, 0)], { dims: numbers(1) }),
  TopKV2: ({ inputs, numbers }) => kernel('TopK', [at(inputs, 0)], { k: at(numbers(1), 0), sorted: true }),
  GatherV2: ({ inputs, numbers, integer }) =>
    kernel('GatherV2', inputs.slice(0, 2), { axis: at(numbers(2), 0), batchDims: integer('batch_dims') }),
  ScatterNd: ({ inputs, numbers }) => kernel('ScatterNd', inputs.slice(0, 2), { shape: numbers(2) }),
  UnsortedSegmentSum: ({ inputs, numbers }) =>
    kernel('UnsortedSegmentSum', inputs.slice(0, 2), { numSegments: at(numbers(2), 0) }),
};

/**
 * Computes a node of a graph for inference. `table` is the one that the node looks in.
 * @throws AimaasError UNSUPPORTED for an operation that is not known here.
 */
export function runOperation(
  node: NodeDef,
  inputs: readonly TensorData[],
  table: Lookup | undefined,
): readonly TensorData[] {
  if (table !== undefined) return [lookUp(table, at(inputs, 0), at(inputs, 1))];
  const compute = OPERATIONS[node.op];
  if (compute === undefined) {
    throw new AimaasError('UNSUPPORTED', `The reference engine does not compute TensorFlow's ${node.op}.`);
  }
  return compute({
    node,
    inputs,
    numbers: (index) => Array.from(at(inputs, index).data as ArrayLike<unknown>, Number),
    flag: (name) => {
      const value = node.attr[name];
      return value !== undefined && 'bool' in value && value.bool;
    },
    integer: (name) => {
      const value = node.attr[name];
      return value !== undefined && 'int' in value ? value.int : 0;
    },
  });
}

function lookUp({ values, positions }: Lookup, keys: TensorData, otherwise: TensorData): TensorData {
  const found = Array.from(keys.data as ArrayLike<unknown>, (key) => {
    const position = positions.get(String(key));
    return position === undefined ? otherwise.data[0] : values.data[position];
  });
  const { dtype } = values;
  const data: TensorValues =
    dtype === 'string'
      ? (found as string[])
      : dtype === 'int64'
        ? BigInt64Array.from(found as bigint[])
        : Int32Array.from(found as number[]);
  return { dtype, shape: keys.shape, data };
}
