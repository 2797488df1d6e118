import { describe } from 'vitest';
import { tf } from '../unit/graph/helpers.js';
import type { Case, InputSpec } from './oracle.js';
import { paritySuite } from './suite.js';

type Unary = readonly [
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  spec?: Partial<InputSpec>,
  options?: Partial<Case>,
];

const unary: readonly Unary[] = [
  ['abs', tf.abs, { apart: 0.1 }],
  ['acos', tf.acos, { range: [-0.9, 0.9] }],
  ['acosh', tf.acosh, { range: [1.1, 3] }],
  ['asin', tf.asin, { range: [-0.9, 0.9] }],
  ['asinh', tf.asinh],
  ['atan', tf.atan],
  ['atanh', tf.atanh, { range: [-0.9, 0.9] }],
  ['ceil', tf.ceil, { apart: 0.07 }],
  ['clipByValue', (x) => tf.clipByValue(x, -0.5, 0.4), { apart: 0.07 }],
  ['cos', tf.cos, { range: [-9, 9] }],
  ['cosh', tf.cosh],
  ['elu', tf.elu, { apart: 0.1 }],
  ['erf', tf.erf],
  ['exp', tf.exp],
  ['expm1', tf.expm1],
  ['floor', tf.floor, { apart: 0.07 }],
  ['identity', (x) => tf.clone(x)],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.3), { apart: 0.1 }],
  ['log', tf.log, { range: [0.1, 3] }],
  ['log1p', tf.log1p, { range: [-0.5, 3] }],
  ['neg', tf.neg],
  ['reciprocal', tf.reciprocal, { range: [0.3, 2] }],
  ['relu', tf.relu, { apart: 0.1 }],
  ['relu6', (x) => tf.relu6(tf.mul(x, 10)), { apart: 0.07 }],
  ['round', tf.round, { apart: 0.07 }],
  ['rsqrt', tf.rsqrt, { range: [0.3, 2] }],
  ['selu', tf.selu, { apart: 0.1 }],
  ['sigmoid', tf.sigmoid, { range: [-6, 6] }],
  ['sign', tf.sign, { apart: 0.1 }],
  ['sin', tf.sin, { range: [-9, 9] }],
  ['sinh', tf.sinh],
  ['softplus', tf.softplus, { range: [-6, 6] }],
  ['sqrt', tf.sqrt, { range: [0.1, 2] }],
  ['square', tf.square],
  ['step', (x) => tf.step(x, 0.3), { apart: 0.1 }],
  ['tan', tf.tan],
  ['tanh', tf.tanh],
  ['swish', (x) => tf.mul(x, tf.sigmoid(x))],
  ['mish', (x) => tf.mul(x, tf.tanh(tf.softplus(x)))],
  ['gelu', (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))],
  ['softmax', (x) => tf.softmax(x)],
  ['logSoftmax', (x) => tf.logSoftmax(x)],
];

const shapes = [[], [3, 4], [0, 3]];

/** Operations for which ONNX Runtime has no float64 kernel; the gradient is checked by other means there. */
const noDouble = new Set([
  'erf',
  'gelu',
  'swish',
  'acosh',
  'asinh',
  'atanh',
  'cosh',
  'sinh',
  'tan',
  'acos',
  'asin',
  'atan',
]);

const unaryCases = unary.flatMap(([name, f, spec, options]) =>
  shapes
    .filter((shape) => !/softmax/i.test(name) || shape.length > 0)
    .map((shape): Case => ({
      name: `${name} [${shape.join(', ')}]`,
      inputs: { x: { shape, ...spec } },
      build: ({ x }) => f(x as tf.Tensor),
      ...(noDouble.has(name) ? { gradients: [] } : {}),
      ...options,
    })),
);

type Binary = readonly [
  name: string,
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  spec?: Partial<InputSpec>,
  options?: Partial<Case>,
];

const binary: readonly Binary[] = [
  ['add', tf.add],
  ['sub', tf.sub],
  ['mul', tf.mul],
  ['div', tf.div, { range: [0.5, 2] }],
  ['maximum', tf.maximum],
  ['minimum', tf.minimum],
  ['pow', tf.pow, { range: [0.5, 2] }],
  ['squaredDifference', tf.squaredDifference],
  ['atan2', tf.atan2, {}, { gradients: [] }],
  ['mod', tf.mod, { range: [0.5, 4] }, { gradients: [] }],
  ['mod of negatives', (a, b) => tf.mod(tf.neg(a), b), { range: [0.5, 4] }, { gradients: [] }],
  ['floorDiv', tf.floorDiv, { range: [-4, 4] }, { gradients: [] }],
  ['prelu', (a, b) => tf.prelu(a, b)],
  ['equal', tf.equal, { range: [0, 3], dtype: 'int32' }],
  ['notEqual', tf.notEqual, { range: [0, 3], dtype: 'int32' }],
  ['greater', tf.greater, {}, { gradients: [] }],
  ['greaterEqual', tf.greaterEqual, { range: [0, 3], dtype: 'int32' }],
  ['less', tf.less, {}, { gradients: [] }],
  ['lessEqual', tf.lessEqual, { range: [0, 3], dtype: 'int32' }],
  ['logicalAnd', tf.logicalAnd, { dtype: 'bool' }],
  ['logicalOr', tf.logicalOr, { dtype: 'bool' }],
  ['logicalXor', tf.logicalXor, { dtype: 'bool' }],
  ['add of int32', tf.add, { range: [-5, 5], dtype: 'int32' }],
  ['mul of int32', tf.mul, { range: [-5, 5], dtype: 'int32' }],
  ['floorDiv of int32', tf.floorDiv, { range: [1, 9], dtype: 'int32' }],
  ['mod of int32', (a, b) => tf.mod(tf.sub(a, 5), b), { range: [1, 9], dtype: 'int32' }],
];

const pairs: [number[], number[]][] = [
  [[], []],
  [[3], []],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[0, 3], [3]],
];

const binaryCases = binary.flatMap(([name, f, spec, options]) =>
  pairs
    // tfjs has no gradient for a prelu whose slopes give the result its shape.
    .filter(([a, b]) => name !== 'prelu' || (a.length >= b.length && a[1] !== 1))
    .map(([a, b]): Case => ({
      name: `${name} [${a.join(', ')}] [${b.join(', ')}]`,
      inputs: { a: { shape: a, ...spec }, b: { shape: b, ...spec } },
      build: ({ a, b }) => f(a as tf.Tensor, b as tf.Tensor),
      ...options,
    })),
);

const otherCases: readonly Case[] = [
  {
    name: 'where, element by element',
    inputs: { c: { shape: [2, 3], dtype: 'bool' }, a: { shape: [2, 3] }, b: { shape: [2, 3] } },
    build: ({ a, b, c }) => tf.where(c as tf.Tensor, a as tf.Tensor, b as tf.Tensor),
  },
  ...(
    [
      ['tanh', tf.tanh],
      ['exp', tf.exp],
      ['sigmoid', tf.sigmoid],
      ['sqrt', tf.sqrt],
      ['square', tf.square],
      ['softmax', (x: tf.Tensor) => tf.square(tf.softmax(x))],
      ['max', (x: tf.Tensor) => tf.square(tf.max(x, 1))],
    ] as const
  ).map(([name, f]): Case => ({
    // Gradients of gradients, as penalties on slopes have them.
    name: `slope of ${name}`,
    inputs: { x: { shape: [2, 3], range: [0.1, 2] } },
    build: ({ x }) => tf.grad((given: tf.Tensor) => tf.sum(f(given)))(x as tf.Tensor),
    tolerance: 1e-5,
  })),
  {
    name: 'addN',
    inputs: { a: { shape: [2, 3] }, b: { shape: [2, 3] }, c: { shape: [2, 3] } },
    build: ({ a, b, c }) => tf.addN([a as tf.Tensor, b as tf.Tensor, c as tf.Tensor]),
  },
  ...(['int32', 'bool', 'float32'] as const).flatMap((from) =>
    (['int32', 'bool', 'float32'] as const).map((to): Case => ({
      name: `cast ${from} → ${to}`,
      inputs: { x: { shape: [3, 3], dtype: from, range: [-3, 3] } },
      build: ({ x }) => tf.cast(x as tf.Tensor, to),
      gradients: [],
    })),
  ),
  {
    name: 'isNaN, isInf, isFinite',
    inputs: { x: { shape: [4], range: [-1, 1] } },
    build: ({ x }) => {
      const odd = tf.concat([tf.log(x as tf.Tensor), tf.div(x as tf.Tensor, tf.zerosLike(x as tf.Tensor))]);
      return tf.stack([tf.isNaN(odd), tf.isInf(odd), tf.isFinite(odd)].map((t) => tf.cast(t, 'int32')));
    },
    gradients: [],
  },
];

describe('elementwise operations', () => {
  paritySuite([...unaryCases, ...binaryCases, ...otherCases]);
});
