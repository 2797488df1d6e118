import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../../core/training-names.js';
import type { Scope } from '../scope.js';

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** SELU as one value and a gradient made from that value: λ where x > 0, else selu(x) + λα (Klambauer et al. 2017). */
const selu = tf.customGrad((x, save) => {
  const input = x as tf.Tensor;
  const y = tf.selu(input);
  (save as tf.GradSaveFunc)([y]);
  return {
    value: y,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const output = saved[0] as tf.Tensor;
      const slope = tf.where(tf.greater(output, 0), SELU_SCALE, tf.add(output, SELU_SCALE * SELU_ALPHA));
      return tf.mul(dy, slope);
    },
  };
});

/** x·tanh(softplus(x)) (Misra 2019), with tanh(softplus(x)) = n/(n + 2) for n = e^x(e^x + 2), which needs one exponential. */
const mish = tf.customGrad((x, save) => {
  const input = x as tf.Tensor;
  // Beyond 20 the fraction is 1 in float32; the bound keeps e^x from overflowing.
  const e = tf.exp(tf.minimum(input, 20));
  const n = tf.mul(e, tf.add(e, 2));
  const t = tf.div(n, tf.add(n, 2));
  (save as tf.GradSaveFunc)([input, e, t]);
  return {
    value: tf.mul(input, t),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [value, exponential, fraction] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const sigmoid = tf.div(exponential, tf.add(exponential, 1));
      const slope = tf.add(fraction, tf.mul(tf.mul(value, sigmoid), tf.sub(1, tf.square(fraction))));
      return tf.mul(dy, slope);
    },
  };
});

/** x·σ(x) (Elfwing et al. 2017). */
const silu = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.sigmoid(x));

/** x·Φ(x) (Hendrycks & Gimpel 2016), with the error function rather than the tanh approximation. */
const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

export const ACTIVATIONS = {
  relu: (x: tf.Tensor): tf.Tensor => tf.relu(x),
  selu: (x: tf.Tensor): tf.Tensor => selu(x),
  elu: (x: tf.Tensor): tf.Tensor => tf.elu(x),
  mish: (x: tf.Tensor): tf.Tensor => mish(x),
  silu,
  gelu,
  tanh: (x: tf.Tensor): tf.Tensor => tf.tanh(x),
  sigmoid: (x: tf.Tensor): tf.Tensor => tf.sigmoid(x),
  leaky_relu: (x: tf.Tensor): tf.Tensor => tf.leakyRelu(x, 0.01),
} as const satisfies Readonly<Record<ActivationName, (x: tf.Tensor) => tf.Tensor>>;

export type Activation = keyof typeof ACTIVATIONS;

/** x + α(f(x) − x) with a learned α for every unit, starting at 1: the network may fade its non-linearities. */
export function blended(scope: Scope, name: string, x: tf.Tensor3D, activation: Activation): tf.Tensor3D {
  const units = x.shape[2];
  const alpha = scope.weight(`${name}/alpha`, [scope.members, 1, units], {
    learningRateScale: 0.1,
    initial: () => tf.ones([scope.members, 1, units]),
  });
  return tf.add(x, tf.mul(alpha, tf.sub(ACTIVATIONS[activation](x), x)));
}
