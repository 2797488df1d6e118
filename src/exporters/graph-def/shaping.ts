import {
  axisAttribute,
  booleanAttribute,
  numberAttribute,
  numbersAttribute,
  pairsAttribute,
  stringAttribute,
} from '../../graph/attributes.js';
import type { DType } from '../../core/tensor.js';
import { scalarTensor } from '../../graph/builder.js';
import { splitSizes } from '../../graph/kernels/shaping.js';
import { normalizeAxes } from '../../graph/shapes.js';
import { hasSymbolic, isSymbolic } from '../../graph/symbolic.js';
import type { Lowering, Lowerings } from './lower.js';
import { text, type } from './writer.js';

const reduction: Lowering = ({ node, writer, input, shape }) => {
  const axes = normalizeAxes(axisAttribute(node.attributes), shape(0).length);
  const keep = { keep_dims: { b: booleanAttribute(node.attributes, 'keepDims') } };
  return [writer.node(node.op, [input(0), writer.integers(axes)], keep)];
};

const argument: Lowering = ({ node, writer, input }) => [
  writer.node(node.op, [input(0), writer.integers(numberAttribute(node.attributes, 'axis', 0))]),
];

const scan: Lowering = ({ node, writer, input }) => [
  writer.node(node.op, [input(0), writer.integers(numberAttribute(node.attributes, 'axis', 0))], {
    exclusive: { b: booleanAttribute(node.attributes, 'exclusive') },
    reverse: { b: booleanAttribute(node.attributes, 'reverse') },
  }),
];

/** Reductions, products, and ops that move, cut, join or make elements. */
export const shaping: Lowerings = {
  ...Object.fromEntries(
    ['Sum', 'Prod', 'Mean', 'Max', 'Min', 'All', 'Any'].map((name): [string, Lowering] => [name, reduction]),
  ),
  ArgMax: argument,
  ArgMin: argument,
  Cumsum: scan,
  Cumprod: scan,
  TopK: ({ node, writer, input }) => {
    const k = writer.integers(numberAttribute(node.attributes, 'k'));
    const name = writer.node('TopKV2', [input(0), k], { sorted: { b: true } });
    return [name, `${name}:1`];
  },
  BatchMatMul: ({ node, writer, input }) => [
    writer.node('BatchMatMulV2', [input(0), input(1)], {
      adj_x: { b: booleanAttribute(node.attributes, 'transposeA') },
      adj_y: { b: booleanAttribute(node.attributes, 'transposeB') },
    }),
  ],
  // x·W + b: a composite that the graph's passes make.
  Gemm: ({ node, writer, input }) => {
    const product = writer.node('MatMul', [input(0), input(1)], {
      transpose_a: { b: booleanAttribute(node.attributes, 'transposeA') },
      transpose_b: { b: booleanAttribute(node.attributes, 'transposeB') },
    });
    return [writer.node('AddV2', [product, input(2)])];
  },
  Reshape: ({ input, outputShape, reshaped }) => [reshaped(input(0), outputShape(0))],
  ExpandDims: ({ node, writer, input }) => [
    writer.node('ExpandDims', [input(0), writer.integers(numberAttribute(node.attributes, 'dim', 0))]),
  ],
  Transpose: ({ node, writer, input }) => [
    writer.node('Transpose', [input(0), writer.integers(numbersAttribute(node.attributes, 'perm'))]),
  ],
  Concat: ({ node, writer, inputs }) => [
    writer.node('ConcatV2', [...inputs, writer.integers(numberAttribute(node.attributes, 'axis'))], {
      N: { i: String(inputs.length) },
    }),
  ],
  Pack: ({ node, writer, inputs }) => [
    writer.node('Pack', inputs, {
      N: { i: String(inputs.length) },
      axis: { i: String(numberAttribute(node.attributes, 'axis', 0)) },
    }),
  ],
  Unpack: ({ node, writer, input }) => {
    const num = { i: String(node.outputs.length) };
    const axis = { i: String(numberAttribute(node.attributes, 'axis', 0)) };
    const name = writer.node('Unpack', [input(0)], { num, axis });
    return node.outputs.map((_, i) => (i === 0 ? name : `${name}:${i}`));
  },
  SplitV: ({ node, writer, input, shape, unsupported }) => {
    const axis = numberAttribute(node.attributes, 'axis', 0);
    const length = shape(0).at(axis) ?? 0;
    if (isSymbolic(length)) throw unsupported('along the batch');
    const sizes = writer.integers(splitSizes(node.attributes.numOrSizeSplits, length));
    const attr = { num_split: { i: String(node.outputs.length) } };
    const name = writer.node('SplitV', [input(0), sizes, writer.integers(axis)], attr);
    return node.outputs.map((_, i) => (i === 0 ? name : `${name}:${i}`));
  },
  Slice: ({ node, writer, input, shape, unsupported }) => {
    const begin = numbersAttribute(node.attributes, 'begin');
    const size = numbersAttribute(node.attributes, 'size').map((length, i) => {
      const from = begin[i] ?? 0;
      if (from + length === shape(0)[i]) return -1;
      if (isSymbolic(length) || isSymbolic(from)) throw unsupported('of a part of the batch');
      return length;
    });
    return [writer.node('Slice', [input(0), writer.integers(begin), writer.integers(size)])];
  },
  StridedSlice: ({ node, writer, input, unsupported }) => {
    const { attributes } = node;
    const begin = numbersAttribute(attributes, 'begin');
    if (hasSymbolic(begin)) throw unsupported('that begins at the end of the batch');
    let endMask = numberAttribute(attributes, 'endMask', 0);
    const end = numbersAttribute(attributes, 'end').map((index, i) => {
      if (!isSymbolic(index)) return index;
      endMask |= 1 << i;
      return 0;
    });
    const strides = numbersAttribute(attributes, 'strides');
    const mask = (name: string) => ({ i: String(numberAttribute(attributes, name, 0)) });
    return [
      writer.node(
        'StridedSlice',
        [input(0), writer.integers(begin), writer.integers(end), writer.integers(strides)],
        {
          begin_mask: mask('beginMask'),
          end_mask: { i: String(endMask) },
          ellipsis_mask: mask('ellipsisMask'),
          new_axis_mask: mask('newAxisMask'),
          shrink_axis_mask: mask('shrinkAxisMask'),
        },
      ),
    ];
  },
  PadV2: ({ node, writer, input, outputDType }) => {
    const value = scalarTensor(numberAttribute(node.attributes, 'constantValue', 0), outputDType(0));
    return [writer.node('PadV2', [input(0), paddings(node.attributes, writer), writer.constant(value)])];
  },
  MirrorPad: ({ node, writer, input }) => [
    writer.node('MirrorPad', [input(0), paddings(node.attributes, writer)], {
      mode: text(stringAttribute(node.attributes, 'mode').toUpperCase()),
    }),
  ],
  Tile: ({ node, writer, input, sizes }) => [
    writer.node('Tile', [input(0), sizes(numbersAttribute(node.attributes, 'reps'))]),
  ],
  Fill: ({ node, writer, sizes, outputShape, outputDType }) => {
    const value = node.attributes.value;
    const dtype: DType = outputDType(0);
    const filler = scalarTensor(typeof value === 'string' ? value : Number(value), dtype);
    return [writer.node('Fill', [sizes(outputShape(0)), writer.constant(filler)], { T: type(dtype) })];
  },
  OneHot: ({ node, writer, input, outputDType }) => {
    const dtype = outputDType(0);
    const value = (name: string, otherwise: number): string =>
      writer.constant(scalarTensor(numberAttribute(node.attributes, name, otherwise), dtype));
    const depth = writer.integers(numberAttribute(node.attributes, 'depth'));
    const operands = [input(0), depth, value('onValue', 1), value('offValue', 0)];
    return [writer.node('OneHot', operands, { T: type(dtype) })];
  },
  Reverse: ({ node, writer, input, shape }) => {
    const axes = normalizeAxes(axisAttribute(node.attributes, 'dims'), shape(0).length);
    return [writer.node('ReverseV2', [input(0), writer.integers(axes)])];
  },
  GatherV2: ({ node, writer, input }) => {
    const axis = writer.integers(numberAttribute(node.attributes, 'axis', 0));
    const batch = { batch_dims: { i: String(numberAttribute(node.attributes, 'batchDims', 0)) } };
    return [writer.node('GatherV2', [input(0), input(1), axis], batch)];
  },
  ScatterNd: ({ writer, input, sizes, outputShape }) => [
    writer.node('ScatterNd', [input(0), input(1), sizes(outputShape(0))]),
  ],
};

function paddings(
  attributes: Parameters<typeof pairsAttribute>[0],
  writer: Parameters<Lowering>[0]['writer'],
): string {
  const pairs = pairsAttribute(attributes, 'paddings');
  return writer.constant({ dtype: 'int32', shape: [pairs.length, 2], data: Int32Array.from(pairs.flat()) });
}
