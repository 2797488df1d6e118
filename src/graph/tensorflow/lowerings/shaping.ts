import {
  axisAttribute,
  booleanAttribute,
  numberAttribute,
  numbersAttribute,
  pairsAttribute,
  stringAttribute,
} from '../../attributes.js';
import type { TensorValues } from '../../../core/tensor.js';
import { sizeOf } from '../../../core/tensor.js';
import { scalarTensor } from '../../builder.js';
import { splitSizes } from '../../kernels/shaping.js';
import { normalizeAxes } from '../../shapes.js';
import { hasSymbolic, isSymbolic } from '../../symbolic.js';
import type { Lowerings, NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';

/** Elements up to which a filled tensor is held as a constant instead of being made anew in every run. */
const SMALL = 1024;

function product(c: NodeLowering): Ref {
  const [transposeA, transposeB] = [
    booleanAttribute(c.attributes, 'transposeA'),
    booleanAttribute(c.attributes, 'transposeB'),
  ];
  const operands = [c.input(0), c.input(1)];
  if (c.shape(0).length === 2 && c.shape(1).length === 2) {
    return c.op('MatMul', operands, { transpose_a: transposeA, transpose_b: transposeB });
  }
  return c.op('BatchMatMulV2', operands, { adj_x: transposeA, adj_y: transposeB });
}

/** Matrix products, and kernels that move, cut, join or make elements. */
export const shaping: Lowerings = {
  BatchMatMul: product,
  // x·W + b: a composite that the graph's passes make. TensorFlow fuses the two.
  Gemm: (c) => c.op(c.shape(2).length === 1 ? 'BiasAdd' : 'AddV2', [product(c), c.input(2)]),
  Reshape: (c) => c.reshaped(c.input(), c.outputShape()),
  ExpandDims: (c) =>
    c.op('ExpandDims', [c.input(), c.writer.integers(numberAttribute(c.attributes, 'dim', 0))]),
  Transpose: (c) => c.op('Transpose', [c.input(), c.writer.integers(numbersAttribute(c.attributes, 'perm'))]),
  Concat: (c) =>
    c.inputs.length === 1
      ? c.input()
      : c.op('ConcatV2', [...c.inputs, c.writer.integers(numberAttribute(c.attributes, 'axis'))]),
  Pack: (c) => c.op('Pack', c.inputs, { axis: numberAttribute(c.attributes, 'axis', 0) }),
  Unpack: (c) =>
    c.writer.ops('Unpack', [c.input()], {
      num: c.node.outputs.length,
      axis: numberAttribute(c.attributes, 'axis', 0),
    }),
  SplitV: (c) => {
    const axis = numberAttribute(c.attributes, 'axis', 0);
    const length = c.shape().at(axis) ?? 0;
    const sizes = c.sizes(splitSizes(c.attributes['numOrSizeSplits'], length));
    return c.writer.ops('SplitV', [c.input(), sizes, c.writer.integers(axis)], {
      num_split: c.node.outputs.length,
    });
  },
  Slice: (c) => {
    const begin = numbersAttribute(c.attributes, 'begin');
    const size = c.outputShape().map((length, i) => {
      const whole = (begin[i] ?? 0) + length === c.shape()[i];
      return whole && isSymbolic(length) ? -1 : length;
    });
    return c.op('Slice', [c.input(), c.sizes(begin), c.sizes(size)]);
  },
  StridedSlice: (c) => {
    const begin = numbersAttribute(c.attributes, 'begin');
    let endMask = numberAttribute(c.attributes, 'endMask', 0);
    const end = numbersAttribute(c.attributes, 'end').map((index, i) => {
      if (!isSymbolic(index) || index !== c.shape()[i]) return index;
      endMask |= 1 << i;
      return 0;
    });
    const strides = c.writer.integers(numbersAttribute(c.attributes, 'strides'));
    return c.op('StridedSlice', [c.input(), c.sizes(begin), c.sizes(end), strides], {
      begin_mask: numberAttribute(c.attributes, 'beginMask', 0),
      end_mask: endMask,
      ellipsis_mask: numberAttribute(c.attributes, 'ellipsisMask', 0),
      new_axis_mask: numberAttribute(c.attributes, 'newAxisMask', 0),
      shrink_axis_mask: numberAttribute(c.attributes, 'shrinkAxisMask', 0),
    });
  },
  PadV2: (c) => {
    const value = numberAttribute(c.attributes, 'constantValue', 0);
    return c.op('PadV2', [
      c.input(),
      paddings(c, pairsAttribute(c.attributes, 'paddings')),
      c.writer.scalar(value, c.outputDType()),
    ]);
  },
  MirrorPad: (c) =>
    c.op('MirrorPad', [c.input(), paddings(c, pairsAttribute(c.attributes, 'paddings'))], {
      mode: stringAttribute(c.attributes, 'mode').toUpperCase(),
    }),
  Tile: (c) => c.op('Tile', [c.input(), c.sizes(numbersAttribute(c.attributes, 'reps'))]),
  Fill: (c) => {
    const value = c.attributes['value'];
    const [shape, dtype] = [c.outputShape(), c.outputDType()];
    const filler = scalarTensor(typeof value === 'string' ? value : Number(value), dtype);
    if (hasSymbolic(shape) || sizeOf(shape) > SMALL || dtype === 'string') {
      return c.op('Fill', [c.sizes(shape), c.writer.constant(filler)]);
    }
    const numbers = filler.data as Exclude<TensorValues, readonly string[]>;
    const Values = numbers.constructor as new (length: number) => typeof numbers;
    const data = new Values(sizeOf(shape));
    data.fill(numbers[0] as never);
    return c.writer.constant({ dtype, shape, data });
  },
  OneHot: (c) => {
    const value = (name: string, otherwise: number): Ref =>
      c.writer.scalar(numberAttribute(c.attributes, name, otherwise), c.outputDType());
    const indices = c.input().type === 'int64' ? c.input() : c.cast(c.input(), 'int32');
    const depth = c.writer.integers(numberAttribute(c.attributes, 'depth'));
    return c.op('OneHot', [indices, depth, value('onValue', 1), value('offValue', 0)]);
  },
  Reverse: (c) =>
    c.op('ReverseV2', [
      c.input(),
      c.writer.integers(normalizeAxes(axisAttribute(c.attributes, 'dims'), c.shape().length)),
    ]),
};

/** Pairs of numbers as the matrix that TensorFlow takes. */
export function paddings(c: NodeLowering, pairs: readonly (readonly [number, number])[]): Ref {
  if (hasSymbolic(pairs.flat())) throw c.unsupported('it pads by the size of the batch');
  return c.writer.constant({ dtype: 'int32', shape: [pairs.length, 2], data: Int32Array.from(pairs.flat()) });
}
