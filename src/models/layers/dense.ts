import * as tf from '@tensorflow/tfjs-core';
import { normal, type Scope } from '../scope.js';

/** How the weights of a dense layer start. */
export const INITIALIZERS = ['data', 'he', 'glorot', 'zeros'] as const;
export type Initializer = (typeof INITIALIZERS)[number];

/** Rows whose outputs a unit's first bias is combined from. */
const POINTS_PER_BIAS = 5;

/**
 * A dense layer of every member: [members or 1, rows, inputs] → [members, rows, units], no activation.
 *
 * `data` is the initialisation and parametrisation of RealMLP (Holzmüller et al. 2024): weights N(0, 1) scaled so that
 * every unit has unit variance on the data, applied as xW/√in ("neural tangent" parametrisation); biases minus a random
 * convex combination of the unit's values on a few rows, learned at a tenth of the rate.
 */
export function dense(
  scope: Scope,
  name: string,
  x: tf.Tensor3D,
  units: number,
  initializer: Initializer,
): tf.Tensor3D {
  const inputs = x.shape[2];
  const { members } = scope;
  const scaled = initializer === 'data';
  const gain = scaled ? 1 / Math.sqrt(inputs) : 1;
  const kernel = scope.weight(`${name}/kernel`, [members, inputs, units], {
    decay: true,
    initial: () => {
      if (initializer === 'zeros') return tf.zeros([members, inputs, units]);
      const deviation = scaled ? 1 : Math.sqrt(initializer === 'he' ? 2 / inputs : 2 / (inputs + units));
      const drawn = normal(scope.random, [members, inputs, units], deviation);
      if (!scaled) return drawn;
      const { variance } = tf.moments(tf.matMul(x, tf.mul(drawn, gain)), 1, true);
      return tf.div(drawn, tf.add(tf.sqrt(variance), 1e-6));
    },
  });
  const product = tf.matMul(x, scaled ? tf.mul(kernel, gain) : kernel);
  const bias = scope.weight(`${name}/bias`, [members, 1, units], {
    learningRateScale: scaled ? 0.1 : 1,
    initial: () => (scaled ? minusConvexCombination(scope, product) : tf.zeros([members, 1, units])),
  });
  return tf.add(product, bias);
}

/** For every unit: minus a convex combination, with exponential random weights, of its values on a few random rows. */
function minusConvexCombination({ random }: Scope, product: tf.Tensor): tf.Tensor {
  const [members, rows, units] = product.shape as [number, number, number];
  const weights = new Float32Array(members * rows * units);
  for (let member = 0; member < members; member++) {
    for (let unit = 0; unit < units; unit++) {
      const drawn = Array.from({ length: POINTS_PER_BIAS }, () => -Math.log(1 - random.uniform()));
      const total = drawn.reduce((sum, value) => sum + value, 0);
      for (const value of drawn) {
        const at = (member * rows + random.integer(rows)) * units + unit;
        weights[at] = (weights[at] as number) + value / total;
      }
    }
  }
  return tf.neg(tf.sum(tf.mul(product, tf.tensor(weights, [members, rows, units])), 1, true));
}
