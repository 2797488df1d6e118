import { tf } from '../../unit/graph/helpers.js';
import { type Case, TESTED } from '../oracle.js';

type Padding =
  'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];
const explicit: Padding = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

const convolutions = (
  [
    [[5, 6], [3, 3], [1, 1], 'same', 1, 1, 2],
    [[5, 6], [3, 3], [1, 1], 'valid', 1, 3, 2],
    [[7, 8], [3, 2], [2, 2], 'same', 1, 2, 3],
    [[7, 8], [3, 2], [2, 3], 'valid', 1, 2, 3],
    [[6, 6], [1, 1], [1, 1], 'same', 1, 3, 4],
    [[6, 5], [1, 1], [2, 2], 'same', 1, 3, 4],
    [[6, 6], [3, 1], [3, 2], 'same', 1, 2, 2],
    [[6, 6], [3, 3], [1, 1], 1, 1, 2, 2],
    [[6, 6], [3, 3], [2, 2], explicit, 1, 2, 2],
    [[6, 6], [3, 3], [1, 1], 'same', 2, 2, 2],
    [[7, 6], [2, 3], [1, 1], 'valid', 2, 17, 2],
    [[4, 4], [3, 3], [1, 1], 'same', 1, 17, 2],
    [[4, 4], [4, 4], [1, 1], 'valid', 1, 2, 2],
  ] as [number[], number[], [number, number], Padding, number, number, number][]
).map(([size, filter, strides, pad, dilation, channels, filters]): Case => ({
  name: `conv2d ${size.join('×')}×${channels} → ${filters}, filter ${filter.join('×')}, stride ${strides.join('×')}, ${JSON.stringify(pad)}, dilation ${dilation}`,
  inputs: { x: { shape: [2, ...size, channels] }, w: { shape: [...filter, channels, filters] } },
  build: ({ x, w }) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', dilation),
  linear: true,
}));

const depthwise = (
  [
    [[3, 3], [1, 1], 'same', 2, 1],
    [[3, 2], [2, 2], 'same', 3, 2],
    [[2, 2], [1, 1], 'valid', 2, 3],
  ] as [number[], [number, number], 'same' | 'valid', number, number][]
).map(([filter, strides, pad, channels, multiplier]): Case => ({
  name: `depthwiseConv2d filter ${filter.join('×')}, stride ${strides.join('×')}, ${pad}, ${channels} channels × ${multiplier}`,
  inputs: { x: { shape: [2, 6, 5, channels] }, w: { shape: [...filter, channels, multiplier] } },
  build: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad),
  linear: true,
}));

const unevenDepthwise = (
  [
    [[3, 2], [2, 1], 'same'],
    [[2, 3], [1, 3], 'valid'],
    [[3, 3], [1, 1], explicit],
    [[3, 2], [1, 2], explicit],
    [[3, 2], [2, 2], 1],
  ] as [number[], [number, number], Padding][]
).map(([filter, strides, pad]): Case => ({
  name: `depthwiseConv2d filter ${filter.join('×')}, stride ${strides.join('×')}, ${JSON.stringify(pad)}`,
  inputs: { x: { shape: [2, 6, 5, 2] }, w: { shape: [...filter, 2, 2] } },
  build: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad),
  linear: true,
}));

const dilatedDepthwise: Case = {
  name: 'depthwiseConv2d, dilated',
  inputs: { x: { shape: [2, 6, 5, 2] }, w: { shape: [2, 2, 2, 3] } },
  build: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same', 'NHWC', [2, 1]),
  linear: true,
};

const others: readonly Case[] = [
  {
    name: 'conv1d',
    inputs: { x: { shape: [2, 7, 3] }, w: { shape: [3, 3, 4] } },
    build: ({ x, w }) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'),
    linear: true,
  },
  ...(['same', 'valid'] as const).map((pad): Case => ({
    name: `conv2dTranspose, ${pad}`,
    inputs: { x: { shape: [2, 3, 4, 3] }, w: { shape: [3, 3, 2, 3] } },
    build: ({ x, w }) =>
      tf.conv2dTranspose(
        x as tf.Tensor4D,
        w as tf.Tensor4D,
        pad === 'same' ? [2, 6, 8, 2] : [2, 7, 9, 2],
        2,
        pad,
      ),
    linear: true,
  })),
  ...(['same', 'valid'] as const).map((pad): Case => ({
    name: `conv3d, ${pad}`,
    inputs: { x: { shape: [2, 4, 5, 3, 2] }, w: { shape: [2, 3, 2, 2, 3] } },
    build: ({ x, w }) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, [1, 2, 1], pad),
    linear: true,
  })),
];

const volumes: readonly Case[] = (
  [
    ['dilated', [6, 3, 4], 1, [2, 1, 1], 'valid'],
    ['dilated twice, same', [5, 3, 5], 1, [2, 1, 3], 'same'],
    // tfjs refuses strides and dilations together.
    ['with strides', [7, 4, 5], [2, 1, 3], [1, 1, 1], 'valid'],
    ['with strides, same', [7, 4, 5], [1, 3, 2], [1, 1, 1], 'same'],
  ] as [string, number[], number | [number, number, number], [number, number, number], 'same' | 'valid'][]
).map(([name, size, strides, dilations, pad]): Case => ({
  name: `conv3d, ${name}`,
  inputs: { x: { shape: [2, ...size, 2] }, w: { shape: [2, 2, 2, 2, 3] } },
  build: ({ x, w }) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, strides, pad, 'NDHWC', dilations),
  linear: true,
}));

const pools = (
  [
    [[6, 6], [2, 2], [2, 2], 'valid'],
    [[7, 5], [2, 2], [2, 2], 'valid'],
    [[7, 5], [2, 2], [2, 2], 'same'],
    [[7, 6], [3, 2], [1, 2], 'same'],
    [[7, 6], [3, 3], [2, 2], 'valid'],
    [[7, 6], [2, 2], [3, 3], 'valid'],
    [[4, 4], [4, 4], [4, 4], 'valid'],
    [[3, 3], [1, 1], [1, 1], 'same'],
  ] as [number[], [number, number], [number, number], 'same' | 'valid'][]
).flatMap(([size, filter, strides, pad]): Case[] => {
  const describeIt = `${size.join('×')}, filter ${filter.join('×')}, stride ${strides.join('×')}, ${pad}`;
  const shape = [2, ...size, 3];
  return [
    {
      name: `maxPool ${describeIt}`,
      inputs: { x: { shape, apart: 0.05 } },
      build: ({ x }) => tf.maxPool(x as tf.Tensor4D, filter, strides, pad),
    },
    {
      name: `avgPool ${describeIt}`,
      inputs: { x: { shape } },
      build: ({ x }) => tf.avgPool(x as tf.Tensor4D, filter, strides, pad),
      linear: true,
    },
  ];
});

const ties: readonly Case[] = [
  {
    // A constant picture: every window has four maxima, and only the first of each gets the gradient, so their sum is dy's.
    name: 'maxPool gradient of ties',
    inputs: { dy: { shape: [1, 4, 4, 2] } },
    build: ({ dy }) =>
      tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.ones([1, 8, 8, 2]), dy),
    gradients: [],
  },
  {
    name: 'maxPool3d',
    inputs: { x: { shape: [1, 4, 4, 5, 2], apart: 0.05 } },
    build: ({ x }) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same'),
  },
  {
    name: 'avgPool3d',
    inputs: { x: { shape: [1, 4, 4, 5, 2] } },
    build: ({ x }) => tf.avgPool3d(x as tf.Tensor5D, 2, 2, 'valid'),
    linear: true,
  },
];

/** Poolings with margins, dilations and the rounding of windows that only just do not fit. */
const otherPools: readonly Case[] = (['max', 'avg'] as const).flatMap((kind): Case[] => {
  const spec = { shape: [2, 6, 7, 2], ...(kind === 'max' ? { apart: 0.05 } : {}) };
  const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
  const linear = kind === 'avg';
  // tfjs takes margins of every axis, which the types of poolings leave out.
  const margins = explicit as unknown as number;
  return [
    {
      name: `${kind}Pool with explicit margins`,
      inputs: { x: spec },
      build: ({ x }) => pool(x as tf.Tensor4D, [3, 2], [2, 1], margins, 'floor'),
      linear,
    },
    {
      name: `${kind}Pool with one margin for all sides`,
      inputs: { x: spec },
      build: ({ x }) => pool(x as tf.Tensor4D, 3, 2, 1, 'floor'),
      linear,
    },
    ...(['same', 'valid'] as const).map((pad): Case => ({
      name: `pool of ${kind}, dilated, ${pad}`,
      inputs: { x: spec },
      build: ({ x }) => tf.pool(x as tf.Tensor4D, [2, 2], kind, pad, [2, 3]),
      linear,
    })),
  ];
});

/**
 * A request may have no rows. TensorFlow 2.21 gives a convolution of none the channels of its input and aborts in the
 * gradient of a pooling of none; steps of training, which is what it runs, always have rows.
 */
const empty: readonly Case[] = [
  {
    name: 'conv2d of no pictures',
    inputs: { x: { shape: [0, 5, 6, 2] }, w: { shape: [3, 3, 2, 3] } },
    build: ({ x, w }) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    linear: true,
  },
  {
    name: 'depthwiseConv2d of no pictures',
    inputs: { x: { shape: [0, 5, 6, 2] }, w: { shape: [3, 3, 2, 1] } },
    build: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    linear: true,
  },
  {
    name: 'maxPool of no pictures',
    inputs: { x: { shape: [0, 4, 6, 2] } },
    build: ({ x }) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
    linear: true,
  },
  {
    name: 'avgPool of no pictures',
    inputs: { x: { shape: [0, 4, 6, 2] } },
    build: ({ x }) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same'),
    linear: true,
  },
];

const resizing = ([true, false] as const).flatMap((align) =>
  (
    [
      ['resizeBilinear', tf.image.resizeBilinear],
      ['resizeNearestNeighbor', tf.image.resizeNearestNeighbor],
    ] as const
  ).flatMap(([name, resize]) =>
    (
      [
        [6, 8],
        [5, 3],
        [2, 2],
        [1, 7],
      ] as [number, number][]
    ).map((size): Case => ({
      name: `${name} 3×4 → ${size.join('×')}${align ? ', corners aligned' : ''}`,
      inputs: { x: { shape: [2, 3, 4, 2] } },
      build: ({ x }) => resize(x as tf.Tensor4D, size, align),
      linear: true,
    })),
  ),
);

export const convolutionCases: readonly Case[] = [
  ...convolutions,
  ...depthwise,
  ...unevenDepthwise,
  dilatedDepthwise,
  ...others,
  ...volumes,
  ...pools,
  ...otherPools,
  ...(TESTED === 'tensorflow' ? [] : empty),
  ...ties,
  ...resizing,
];
