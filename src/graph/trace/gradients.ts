import { kernelDefinition } from '../kernels/index.js';
import { sameShape } from '../shapes.js';
import { scanGradient } from '../scan/trace.js';
import { convolutionGradients } from './gradient/convolution.js';
import { einsumGradient } from './gradient/einsum.js';
import { placementGradients } from './gradient/placement.js';
import { selectionGradients } from './gradient/selection.js';
import { tf } from './tensorflow.js';

type BinaryGradient = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => readonly [tf.Tensor, tf.Tensor];

/** Sums a gradient over what broadcasting repeated, down to the operand's shape. */
function unbroadcast(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape);
  const summed = axes.length === 0 ? gradient : tf.sum(gradient, axes);
  return tf.reshape(summed, [...shape]);
}

/** The gradient of a kernel with inputs a and b that broadcast against each other. */
function broadcasting(kernelName: string, gradient: BinaryGradient): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved;
      if (a === undefined || b === undefined || Array.isArray(dy))
        throw new Error(`${kernelName} saved no inputs.`);
      return {
        a: () => unbroadcast(gradient(dy, a, b)[0], a.shape),
        b: () => unbroadcast(gradient(dy, a, b)[1], b.shape),
      };
    },
  };
}

/** tfjs 4.22 adds a slice for every repetition: thousands of nodes where a normalization layer repeats its mean. */
const tile: tf.GradConfig = {
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => {
    const { reps } = attributes as unknown as { reps: number[] };
    if (x === undefined || Array.isArray(dy)) throw new Error('Tile saved no input.');
    const moved = x.shape.flatMap((_, axis) => ((reps[axis] ?? 1) > 1 ? [axis] : []));
    // What was one element in its axis is the sum over that axis.
    if (moved.every((axis) => x.shape[axis] === 1)) {
      return { x: () => (moved.length === 0 ? tf.clone(dy) : tf.sum(dy, moved, true)) };
    }
    const repeated = x.shape.flatMap((size, axis) => [reps[axis] ?? 1, size]);
    const axes = x.shape.map((_, axis) => 2 * axis);
    return { x: () => tf.sum(tf.reshape(dy, repeated), axes) };
  },
};

/** tfjs 4.22 sums along the wrong axis, where it is not the last. */
const cumsum: tf.GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as {
      axis: number;
      exclusive: boolean;
      reverse: boolean;
    };
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
};

/** tfjs 4.22 does not sum over the batches that one matrix was multiplied with. */
const matMul: tf.GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, [a, b], attributes) => {
    if (a === undefined || b === undefined || Array.isArray(dy))
      throw new Error('BatchMatMul saved no inputs.');
    const { transposeA, transposeB } = attributes as unknown as { transposeA: boolean; transposeB: boolean };
    return {
      a: () =>
        unbroadcast(
          transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB),
          a.shape,
        ),
      b: () =>
        unbroadcast(
          transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false),
          b.shape,
        ),
    };
  },
};

const asFloat = (condition: tf.Tensor) => tf.cast(condition, 'float32');

/**
 * Gradients where tfjs 4.22 has a broken or slow one: it fails for operands of different shapes, and goes through several
 * masks where one does.
 */
const corrected: readonly tf.GradConfig[] = [
  tile,
  cumsum,
  matMul,
  broadcasting('SquaredDifference', (dy, a, b) => {
    const slope = tf.mul(dy, tf.mul(2, tf.sub(a, b)));
    return [slope, tf.neg(slope)];
  }),
  broadcasting('Maximum', (dy, a, b) => [
    tf.mul(dy, asFloat(tf.greaterEqual(a, b))),
    tf.mul(dy, asFloat(tf.less(a, b))),
  ]),
  broadcasting('Minimum', (dy, a, b) => [
    tf.mul(dy, asFloat(tf.lessEqual(a, b))),
    tf.mul(dy, asFloat(tf.greater(a, b))),
  ]),
];

/** Answers that do not change with small changes of what was asked: nothing flows back through them. */
const QUESTIONS = [
  'All',
  'Any',
  'ArgMax',
  'ArgMin',
  'Equal',
  'FloorDiv',
  'Greater',
  'GreaterEqual',
  'IsFinite',
  'IsInf',
  'IsNan',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalNot',
  'LogicalOr',
  'NotEqual',
] as const;

/** tfjs 4.22 has no gradient for these, and fails where one lies between a weight and the loss, as masking layers do. */
const constant = QUESTIONS.map((kernelName): tf.GradConfig => ({
  kernelName,
  inputsToSave: kernelDefinition(kernelName).inputs as string[],
  gradFunc: (_dy, saved) => {
    const names = kernelDefinition(kernelName).inputs as readonly string[];
    return Object.fromEntries(names.map((name, i) => [name, () => tf.zeros(saved[i]?.shape ?? [])]));
  },
}));

const all = (): readonly tf.GradConfig[] => [
  ...corrected,
  ...constant,
  ...convolutionGradients,
  ...selectionGradients,
  ...placementGradients,
  einsumGradient,
  scanGradient,
];

/** Puts them in place, again where tfjs-layers was loaded since and registered tfjs' own. */
export function registerGradients(): void {
  for (const config of all()) {
    if (tf.getGradient(config.kernelName) !== config) tf.registerGradient(config);
  }
}
