import { tf } from '../../unit/graph/helpers.js';
import type { Case, InputSpec } from '../oracle.js';

const one = (
  name: string,
  shape: number[],
  f: (x: tf.Tensor) => tf.Tensor,
  options: Partial<Case> & { spec?: Partial<InputSpec> } = {},
): Case => {
  const { spec, ...rest } = options;
  return { name, inputs: { x: { shape, ...spec } }, build: ({ x }) => f(x as tf.Tensor), ...rest };
};

const two = (
  name: string,
  a: number[],
  b: number[],
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  options: Partial<Case> = {},
): Case => ({
  name,
  inputs: { a: { shape: a }, b: { shape: b } },
  build: ({ a, b }) => f(a as tf.Tensor, b as tf.Tensor),
  ...options,
});

const reductions = (
  [
    ['sum', tf.sum],
    ['mean', tf.mean],
    ['max', tf.max],
    ['min', tf.min],
    ['logSumExp', tf.logSumExp],
  ] as const
).flatMap(([name, f]) => [
  one(`${name} of all`, [3, 4], (x) => f(x), { spec: { apart: 0.1 } }),
  one(`${name} of axis 0`, [3, 4], (x) => f(x, 0), { spec: { apart: 0.1 } }),
  one(`${name} of axes [0, -1], kept`, [2, 3, 2], (x) => f(x, [0, -1], true), { spec: { apart: 0.1 } }),
  one(`${name} of a scalar`, [], (x) => f(x)),
]);

/** Whole numbers in, and whole numbers out where they stay whole. */
const integerReductions = (
  [
    ['sum', tf.sum],
    ['prod', tf.prod],
    ['max', tf.max],
    ['min', tf.min],
    ['mean', tf.mean],
  ] as const
).flatMap(([name, f]) =>
  [undefined, 0, -1].map((axis) =>
    one(`${name} of int32${axis === undefined ? '' : `, axis ${axis}`}`, [3, 2, 4], (x) => f(x, axis), {
      spec: { dtype: 'int32', range: [-3, 4] },
      gradients: [],
    }),
  ),
);

const more: readonly Case[] = [
  one('prod of axis 0', [3, 4], (x) => tf.prod(x, 0), { spec: { range: [0.5, 1.5] } }),
  one('prod of all', [3, 4], (x) => tf.prod(x), { spec: { range: [0.5, 1.5] } }),
  one('sum of nothing', [0, 3], (x) => tf.sum(x, 0)),
  one('sum of booleans', [3, 4], (x) => tf.sum(x, 1), { spec: { dtype: 'bool' } }),
  one('mean of integers', [3, 4], (x) => tf.mean(x, 1), {
    spec: { dtype: 'int32', range: [0, 9] },
    gradients: [],
  }),
  one('all', [3, 2], (x) => tf.all(x, 1), { spec: { dtype: 'bool' } }),
  one('any', [3, 2], (x) => tf.any(x, 1), { spec: { dtype: 'bool' } }),
  one('argMax', [3, 4], (x) => tf.argMax(x, -1), { gradients: [] }),
  one('argMin', [3, 4], (x) => tf.argMin(x, 0), { gradients: [] }),
  one('argMin of int32', [3, 4], (x) => tf.argMin(x, 1), { spec: { dtype: 'int32', range: [-3, 4] } }),
  one('cumsum of int32', [3, 4], (x) => tf.cumsum(x, 1), { spec: { dtype: 'int32', range: [-3, 4] } }),
  one('topk of int32', [3, 4], (x) => tf.topk(x, 2).values, { spec: { dtype: 'int32', range: [-3, 4] } }),
  one('argMax of ties', [3, 4], (x) => tf.argMax(x, 1), { spec: { dtype: 'int32', range: [0, 2] } }),
  one('topk values', [3, 5], (x) => tf.topk(x, 2).values, { spec: { apart: 0.1 } }),
  one('topk values of a single column', [3, 1], (x) => tf.topk(x, 1).values),
  one('topk indices', [3, 5], (x) => tf.topk(x, 3).indices, { gradients: [] }),
  one('moments', [4, 3], (x) => tf.concat([tf.moments(x, 0).mean, tf.moments(x, 0).variance])),
  one('norm', [4, 3], (x) => tf.norm(x, 2, 1)),

  one('reshape', [2, 6], (x) => tf.reshape(x, [3, -1])),
  one('reshape of nothing', [0, 6], (x) => tf.reshape(x, [3, 0])),
  one('expandDims', [2, 3], (x) => tf.expandDims(x, 1)),
  one('squeeze', [2, 1, 3, 1], (x) => tf.squeeze(x)),
  one('transpose', [2, 3, 4], (x) => tf.transpose(x, [2, 0, 1])),
  two('concat', [2, 3], [4, 3], (a, b) => tf.concat([a, b], 0)),
  two('concat along the last axis', [2, 3], [2, 1], (a, b) => tf.concat([a, b], -1)),
  two('concat with nothing', [2, 3], [0, 3], (a, b) => tf.concat([a, b], 0)),
  two('stack', [2, 3], [2, 3], (a, b) => tf.stack([a, b], 1)),
  one('unstack', [3, 2], (x) => tf.mul(tf.unstack(x, 0)[2] as tf.Tensor, 3)),
  one('unstack, all used', [3, 2], (x) =>
    tf.mul(tf.unstack(x, 1)[0] as tf.Tensor, tf.unstack(x, 1)[1] as tf.Tensor),
  ),
  one('split', [2, 6], (x) => tf.mul(tf.split(x, 3, 1)[0] as tf.Tensor, tf.split(x, 3, 1)[2] as tf.Tensor)),
  one('split by sizes', [6, 2], (x) =>
    tf.mul(tf.split(x, [1, 4, 1])[0] as tf.Tensor, tf.split(x, [1, 4, 1])[2] as tf.Tensor),
  ),
  one('slice', [4, 5], (x) => tf.slice(x, [1, 2], [2, -1])),
  one('slice of the first axis, by numbers', [4, 5], (x) => tf.slice(x, 1, 2)),
  one('slice to the end', [4, 5], (x) => tf.slice(x, [1, 2])),
  one('stridedSlice', [5, 6], (x) => tf.stridedSlice(x, [1, 5], [4, 0], [2, -2])),
  one('stridedSlice with masks', [5, 6], (x) => tf.stridedSlice(x, [0, -3], [0, 0], [1, 1], 1, 2, 0, 0, 1)),
  one('stridedSlice with ellipsis and new axis', [2, 3, 4], (x) =>
    tf.stridedSlice(x, [0, 0, 1], [0, 0, 3], [1, 1, 1], 0, 0, 1, 2),
  ),
  one('stridedSlice backwards to the beginning', [4], (x) => tf.stridedSlice(x, [3], [0], [-1], 0, 1)),
  one('pad', [2, 3], (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      0.5,
    ),
  ),
  one(
    'pad of booleans',
    [2, 3],
    (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    { spec: { dtype: 'bool' } },
  ),
  one('mirrorPad reflect', [3, 4], (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 2],
        [0, 3],
      ],
      'reflect',
    ),
  ),
  one('mirrorPad symmetric', [3, 4], (x) =>
    tf.mirrorPad(
      x,
      [
        [3, 2],
        [1, 0],
      ],
      'symmetric',
    ),
  ),
  one('tile', [2, 3], (x) => tf.tile(x, [2, 3])),
  one('broadcastTo', [2, 1], (x) => tf.broadcastTo(x, [2, 3])),
  one('reverse', [2, 3, 2], (x) => tf.reverse(x, [0, 2])),
  one('reverse along the last axis', [2, 3, 2], (x) => tf.reverse(x, -1)),
  one('split along the last axis', [2, 6], (x) => tf.square(tf.split(x, 3, -1)[1] as tf.Tensor)),
  one('unstack along the last axis', [3, 2], (x) => tf.square(tf.unstack(x, -1)[1] as tf.Tensor)),
  one('cumsum of a vector', [4], (x) => tf.cumsum(x, 0, true, true)),
  one('cumsum of nothing', [0, 3], (x) => tf.cumsum(x, 0)),
  ...[0, 1, 2, -1].flatMap((axis) =>
    [false, true].flatMap((exclusive) =>
      [false, true].map((reverse) =>
        one(
          `cumsum along axis ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`,
          [2, 3, 4],
          (x) => tf.cumsum(x, axis, exclusive, reverse),
        ),
      ),
    ),
  ),
  one('cumprod', [2, 5], (x) => tf.cumprod(x, 1), { spec: { range: [0.5, 1.5] } }),
  one('cumprod exclusive, reverse', [6, 2], (x) => tf.cumprod(x, 0, true, true), {
    spec: { range: [0.5, 1.5] },
  }),
  one('einsum of one', [2, 3, 4], (x) => tf.einsum('bij->ji', x)),
  two('einsum of matrices', [2, 3], [3, 4], (a, b) => tf.einsum('ij,jk->ik', a, b)),
  two('einsum of heads', [2, 3, 4, 2], [2, 5, 4, 2], (a, b) => tf.einsum('bqhd,bkhd->bhqk', a, b)),
  two('einsum that sums before', [2, 3], [4, 5], (a, b) => tf.einsum('ab,cd->cb', a, b)),
  two('einsum of elements', [3], [3], (a, b) => tf.einsum('i,i->i', a, b)),
  one('localResponseNormalization', [2, 3, 3, 6], (x) =>
    tf.localResponseNormalization(x as tf.Tensor4D, 2, 1, 0.5, 0.75),
  ),
  one('spaceToBatchND', [2, 3, 4, 2], (x) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 1],
        [0, 0],
      ],
    ),
  ),
  one('batchToSpaceND', [4, 2, 2, 3], (x) =>
    tf.batchToSpaceND(
      x,
      [2, 2],
      [
        [0, 1],
        [1, 0],
      ],
    ),
  ),
  one('depthToSpace', [2, 2, 3, 8], (x) => tf.depthToSpace(x as tf.Tensor4D, 2)),
  one('depthToSpace of blocks of 3', [1, 2, 1, 9], (x) => tf.depthToSpace(x as tf.Tensor4D, 3)),
  one('flipLeftRight', [2, 2, 3, 2], (x) => tf.image.flipLeftRight(x as tf.Tensor4D)),
  one('oneHot', [5], (x) => tf.oneHot(tf.cast(x, 'int32'), 3, 2, -1), {
    spec: { dtype: 'int32', range: [-1, 4] },
  }),
  one(
    'fill and zerosLike',
    [2, 3],
    (x) => tf.add(tf.fill([2, 3], 2.5), tf.add(tf.zerosLike(x), tf.onesLike(x))),
    { gradients: [] },
  ),
  one('range and linspace', [4], (x) => tf.add(x, tf.add(tf.range(0, 4), tf.linspace(0, 1, 4)))),

  two('matMul', [2, 3], [3, 4], (a, b) => tf.matMul(a, b)),
  two('matMul, a transposed', [3, 2], [3, 4], (a, b) => tf.matMul(a, b, true)),
  two('matMul, b transposed', [2, 3], [4, 3], (a, b) => tf.matMul(a, b, false, true)),
  two('matMul, both transposed', [3, 2], [4, 3], (a, b) => tf.matMul(a, b, true, true)),
  two('matMul of batches', [5, 2, 3], [5, 3, 4], (a, b) => tf.matMul(a, b)),
  two('matMul of batches, transposed', [2, 3, 2, 3], [2, 3, 4, 3], (a, b) => tf.matMul(a, b, false, true)),
  two('matMul of a batch with one', [5, 2, 3], [1, 3, 4], (a, b) => tf.matMul(a, b)),
  two('matMul of one with a batch', [1, 2, 3], [5, 3, 4], (a, b) => tf.matMul(a, b)),
  ...[
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ].map(([first, second]) =>
    two(
      `matMul of batches of batches with one${first ? ', a transposed' : ''}${second ? ', b transposed' : ''}`,
      first ? [2, 3, 3, 2] : [2, 3, 2, 3],
      second ? [2, 1, 4, 3] : [2, 1, 3, 4],
      (a, b) => tf.matMul(a, b, first, second),
    ),
  ),
  two('matMul of nothing', [0, 3], [3, 4], (a, b) => tf.matMul(a, b)),
  two('dot', [3], [3], (a, b) => tf.dot(a, b)),
  two('outerProduct', [3], [2], (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D)),
  {
    name: 'fused.matMul with bias and relu',
    inputs: { a: { shape: [2, 3] }, b: { shape: [3, 4] }, bias: { shape: [4] } },
    build: ({ a, b, bias }) =>
      tf.fused.matMul({ a: a as tf.Tensor, b: b as tf.Tensor, bias: bias as tf.Tensor, activation: 'relu' }),
  },
];

const gathers: readonly Case[] = [
  {
    name: 'gather rows',
    inputs: { x: { shape: [5, 3] }, i: { shape: [4], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor1D),
  },
  {
    name: 'gather with a matrix of indices, as an embedding does',
    inputs: { x: { shape: [5, 3] }, i: { shape: [2, 4], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor2D),
  },
  {
    name: 'gather columns',
    inputs: { x: { shape: [2, 5, 3] }, i: { shape: [4], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor1D, 1),
  },
  {
    name: 'gather within batches',
    inputs: { x: { shape: [2, 5, 3] }, i: { shape: [2, 4], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor2D, 1, 1),
  },
  {
    name: 'gather columns within batches',
    inputs: { x: { shape: [2, 3, 5, 2] }, i: { shape: [2, 4], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor2D, 2, 1),
  },
  {
    name: 'gather within batches of batches',
    inputs: { x: { shape: [2, 3, 5] }, i: { shape: [2, 3, 2, 2], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor4D, 2, 2),
  },
  {
    name: 'gather by a single index, counted from the end of the axes',
    inputs: { x: { shape: [3, 5, 2] }, i: { shape: [], dtype: 'int32', range: [0, 5] } },
    build: ({ x, i }) => tf.gather(x as tf.Tensor, i as tf.Tensor1D, -2),
  },
  {
    name: 'gatherND',
    inputs: { x: { shape: [3, 4, 2] }, i: { shape: [5, 2], dtype: 'int32', range: [0, 3] } },
    build: ({ x, i }) => tf.gatherND(x as tf.Tensor, i as tf.Tensor),
  },
  {
    name: 'scatterND adds what meets',
    inputs: { x: { shape: [5, 2] }, i: { shape: [5, 1], dtype: 'int32', range: [0, 3] } },
    build: ({ x, i }) => tf.scatterND(i as tf.Tensor, x as tf.Tensor, [4, 2]),
  },
  {
    name: 'unsortedSegmentSum',
    inputs: { x: { shape: [6, 2] }, i: { shape: [6], dtype: 'int32', range: [0, 4] } },
    build: ({ x, i }) => tf.unsortedSegmentSum(x as tf.Tensor, i as tf.Tensor1D, 4),
  },
];

const losses: readonly Case[] = (
  [
    ['meanSquaredError', tf.losses.meanSquaredError],
    ['absoluteDifference', tf.losses.absoluteDifference],
    ['huberLoss', tf.losses.huberLoss],
    ['hingeLoss', tf.losses.hingeLoss],
    ['logLoss', (y: tf.Tensor, p: tf.Tensor) => tf.losses.logLoss(tf.sigmoid(y), tf.sigmoid(p))],
    ['sigmoidCrossEntropy', (y: tf.Tensor, p: tf.Tensor) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(y), p)],
    ['softmaxCrossEntropy', (y: tf.Tensor, p: tf.Tensor) => tf.losses.softmaxCrossEntropy(tf.softmax(y), p)],
    ['cosineDistance', (y: tf.Tensor, p: tf.Tensor) => tf.losses.cosineDistance(y, p, 1)],
  ] as const
).map(([name, f]) => two(name, [4, 3], [4, 3], (a, b) => f(a, b), { gradients: ['b'] }));

export const structureCases: readonly Case[] = [
  ...reductions,
  ...integerReductions,
  ...more,
  ...gathers,
  ...losses,
];
