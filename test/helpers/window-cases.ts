import { float32 } from '../../src/core/tensor.js';
import { Random } from '../../src/core/random.js';
import type { GraphBuilder } from '../../src/graph/builder.js';
import type { Attributes, ValueId } from '../../src/graph/graph.js';
import { SYMBOLIC_BATCH as B } from '../../src/graph/symbolic.js';

type Build = (builder: GraphBuilder, x: ValueId) => ValueId;
type Case = readonly [name: string, build: Build];

const random = new Random(11);

function weights(builder: GraphBuilder, ...shape: number[]): ValueId {
  const size = shape.reduce((product, length) => product * length, 1);
  return builder.constant(
    float32(
      shape,
      Float32Array.from({ length: size }, () => random.normal()),
    ),
  );
}

/** The four numbers of a row, mixed into a picture or volume of the given shape. */
function spread(builder: GraphBuilder, x: ValueId, ...shape: number[]): ValueId {
  const size = shape.reduce((product, length) => product * length, 1);
  const mixed = builder.op('BatchMatMul', [x, weights(builder, 4, size)]);
  return builder.op('Reshape', [mixed], { shape: [B, ...shape] });
}

const windows = (
  strides: number[],
  pad: Attributes[string],
  dilations = strides.map(() => 1),
): Attributes => ({
  strides,
  pad,
  dilations,
  dataFormat: strides.length === 2 ? 'NHWC' : 'NDHWC',
});

const MARGINS = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

const convolution = (
  op: string,
  input: number[],
  filter: number[],
  name: string,
  attributes: Attributes,
): Case => [
  `${op} ${name}`,
  (builder, x) => builder.op(op, [spread(builder, x, ...input), weights(builder, ...filter)], attributes),
];

const pool = (
  op: string,
  input: number[],
  filterSize: number[],
  name: string,
  attributes: Attributes,
): Case => [
  `${op} ${name}`,
  (builder, x) => builder.op(op, [spread(builder, x, ...input)], { ...attributes, filterSize }),
];

const resize = (op: string, size: number[], alignCorners: boolean): Case => [
  `${op} to ${size.join('×')}${alignCorners ? ', corners aligned' : ''}`,
  (builder, x) =>
    builder.op(op, [spread(builder, x, 3, 4, 2)], { size, alignCorners, halfPixelCenters: false }),
];

/** Convolutions, poolings and resizing, as cases for the exporters (graph-cases.ts). */
export const WINDOW_CASES: readonly Case[] = [
  convolution('Conv2D', [5, 6, 2], [3, 3, 2, 3], 'of the same size', windows([1, 1], 'same')),
  convolution('Conv2D', [7, 8, 2], [3, 2, 2, 3], 'with strides', windows([2, 3], 'valid')),
  convolution('Conv2D', [7, 6, 2], [3, 2, 2, 3], 'dilated', windows([1, 1], 'same', [2, 1])),
  convolution('Conv2D', [6, 6, 2], [3, 3, 2, 3], 'with margins', windows([2, 2], MARGINS)),
  convolution('DepthwiseConv2dNative', [5, 6, 2], [3, 3, 2, 2], 'of the same size', windows([1, 1], 'same')),
  convolution('DepthwiseConv2dNative', [5, 6, 2], [2, 2, 2, 3], 'with strides', windows([2, 2], 'valid')),
  convolution('DepthwiseConv2dNative', [6, 6, 2], [2, 2, 2, 1], 'dilated', windows([1, 1], 'valid', [2, 1])),
  convolution('Conv3D', [4, 5, 3, 2], [2, 3, 2, 2, 3], 'with strides', windows([1, 2, 1], 'same')),
  convolution('Conv3D', [5, 4, 3, 2], [2, 2, 2, 2, 1], 'dilated', windows([1, 1, 1], 'valid', [2, 1, 1])),
  ...(['same', 'valid'] as const).map((pad): Case => [
    `Conv2DBackpropInput, ${pad}`,
    (builder, x) =>
      builder.op('Conv2DBackpropInput', [spread(builder, x, 3, 4, 3), weights(builder, 3, 3, 2, 3)], {
        ...windows([2, 2], pad),
        inputShape: [B, ...(pad === 'same' ? [6, 8] : [7, 9]), 2],
      }),
  ]),
  pool('MaxPool', [6, 5, 2], [2, 2], 'with strides', windows([2, 2], 'valid')),
  pool('MaxPool', [6, 5, 2], [3, 2], 'of the same size', windows([1, 2], 'same')),
  pool('MaxPool', [6, 6, 2], [3, 3], 'with margins', windows([2, 2], MARGINS)),
  pool('AvgPool', [6, 5, 2], [2, 2], 'with strides', windows([2, 2], 'valid')),
  pool('AvgPool', [6, 5, 2], [3, 2], 'of the same size', windows([1, 2], 'same')),
  pool('AvgPool', [6, 6, 2], [3, 3], 'with margins', windows([2, 2], MARGINS)),
  pool('MaxPool3D', [4, 3, 5, 2], [2, 2, 2], 'of the same size', windows([2, 1, 2], 'same')),
  pool('AvgPool3D', [4, 3, 5, 2], [2, 2, 2], 'with strides', windows([2, 1, 2], 'valid')),
  resize('ResizeBilinear', [6, 3], false),
  resize('ResizeBilinear', [2, 7], true),
  resize('ResizeNearestNeighbor', [6, 3], false),
  resize('ResizeNearestNeighbor', [2, 7], true),
];

/** The same for what tfjs' graph models have no operation for. */
export const VOLUME_CASES: readonly Case[] = (['same', 'valid'] as const).map((pad): Case => [
  `Conv3DBackpropInputV2, ${pad}`,
  (builder, x) =>
    builder.op('Conv3DBackpropInputV2', [spread(builder, x, 2, 2, 3, 3), weights(builder, 2, 3, 2, 2, 3)], {
      ...windows([2, 2, 1], pad),
      inputShape: [B, ...(pad === 'same' ? [4, 4, 3] : [4, 5, 4]), 2],
    }),
]);
