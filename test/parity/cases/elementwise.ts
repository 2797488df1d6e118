import { tf } from '../../unit/graph/helpers.js';
import type { Case, InputSpec } from '../oracle.js';

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

/** ∫ from 0 to x of 2/√π · e^(−t²), by its series, for small x. */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 40; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Operations for which ONNX Runtime has no float64 kernel, on numbers. */
const onNumbers: Readonly<Partial<Record<string, (...x: number[]) => number>>> = {
  erf: (x = 0) => erf(x),
  gelu: (x = 0) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  acosh: (x = 0) => Math.acosh(x),
  asinh: (x = 0) => Math.asinh(x),
  atanh: (x = 0) => Math.atanh(x),
  cosh: (x = 0) => Math.cosh(x),
  sinh: (x = 0) => Math.sinh(x),
  tan: (x = 0) => Math.tan(x),
  acos: (x = 0) => Math.acos(x),
  asin: (x = 0) => Math.asin(x),
  atan: (x = 0) => Math.atan(x),
  atan2: (y = 0, x = 0) => Math.atan2(y, x),
  swish: (x = 0) => x / (1 + Math.exp(-x)),
  mod: (a = 0, b = 1) => a - Math.floor(a / b) * b,
  'mod of negatives': (a = 0, b = 1) => -a - Math.floor(-a / b) * b,
  floorDiv: (a = 0, b = 1) => Math.floor(a / b),
};

/** The operation on numbers, if differences have to be taken of that. */
function numbersOf(name: string): Partial<Case> {
  const numbers = onNumbers[name];
  return numbers === undefined ? {} : { numbers };
}

const unaryCases = unary.flatMap(([name, f, spec, options]) =>
  shapes
    .filter((shape) => !/softmax/i.test(name) || shape.length > 0)
    .map((shape): Case => ({
      name: `${name} [${shape.join(', ')}]`,
      inputs: { x: { shape, ...spec } },
      build: ({ x }) => f(x as tf.Tensor),
      ...numbersOf(name),
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
  ['atan2', tf.atan2],
  ['mod', tf.mod, { range: [0.5, 4] }],
  ['mod of negatives', (a, b) => tf.mod(tf.neg(a), b), { range: [0.5, 4] }],
  ['floorDiv', tf.floorDiv, { range: [-4, 4] }],
  ['prelu', (a, b) => tf.prelu(a, b)],
  ['equal', tf.equal, { range: [0, 3], dtype: 'int32' }],
  ['notEqual', tf.notEqual, { range: [0, 3], dtype: 'int32' }],
  ['greater', tf.greater],
  ['greaterEqual', tf.greaterEqual, { range: [0, 3], dtype: 'int32' }],
  ['less', tf.less],
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
      ...numbersOf(name),
      ...options,
    })),
);

/** Operations on whole numbers; those that give fractions go by way of floats. */
const integerCases = (
  [
    ['abs', tf.abs],
    ['neg', tf.neg],
    ['sign', tf.sign],
    ['square', tf.square],
    ['relu', tf.relu],
    ['relu6', tf.relu6],
    ['clipByValue', (x) => tf.clipByValue(x, -3, 4)],
    ['round', tf.round],
    ['step', (x) => tf.step(x)],
    ['exp', tf.exp],
    ['reciprocal of odd ones', (x) => tf.reciprocal(tf.add(tf.mul(x, 2), 1))],
    ['squaredDifference with a number', (x) => tf.squaredDifference(x, 2)],
    ['pow', (x) => tf.pow(x, tf.scalar(2, 'int32'))],
    ['maximum with a number', (x) => tf.maximum(x, tf.scalar(1, 'int32'))],
    ['minimum with a number', (x) => tf.minimum(x, tf.scalar(1, 'int32'))],
    ['division', (x) => tf.div(x, tf.scalar(4, 'int32'))],
    ['choice', (x) => tf.where(tf.greater(x, 0), x, tf.neg(x))],
    ['isNaN', tf.isNaN],
  ] as readonly (readonly [string, (x: tf.Tensor) => tf.Tensor])[]
).map(([name, f]): Case => ({
  name: `${name} of int32`,
  inputs: { x: { shape: [3, 4], dtype: 'int32', range: [-7, 8] } },
  build: ({ x }) => f(x as tf.Tensor),
  gradients: [],
}));

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
    // tf.logicalXor is made of others; graphs from elsewhere have it as one.
    name: 'LogicalXor, as one operation',
    inputs: { a: { shape: [2, 3], dtype: 'bool' }, b: { shape: [3], dtype: 'bool' } },
    build: ({ a, b }) =>
      tf.engine().runKernel<tf.Tensor>('LogicalXor', { a: a as tf.Tensor, b: b as tf.Tensor }),
    // tfjs' cpu backend has no such kernel.
    reference: false,
  },
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

export const elementwiseCases: readonly Case[] = [
  ...unaryCases,
  ...binaryCases,
  ...integerCases,
  ...otherCases,
];
