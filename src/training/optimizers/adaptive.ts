import * as tf from '@tensorflow/tfjs-core';
import { type Optimizer, type OptimizerOptions, plainRate } from './optimizer.js';

/** a ← a + g²; p ← p − lr·g/(√a + ε) (Duchi et al. 2011). The accumulator starts at 0.1, as in Keras. */
export const adagrad: Optimizer = {
  name: 'adagrad',
  slots: [0.1],
  rate: plainRate,
  direction: (gradient, [sum], { epsilon }) => {
    const next = tf.add(sum as tf.Tensor, tf.square(gradient));
    return { direction: tf.div(gradient, tf.add(tf.sqrt(next), epsilon)), slots: [next] };
  },
};

/** a ← ρa + (1 − ρ)g²; p ← p − lr·g/(√a + ε) (Tieleman & Hinton 2012). */
export const rmsprop: Optimizer = {
  name: 'rmsprop',
  slots: [0],
  rate: plainRate,
  direction: (gradient, [average], { rho, epsilon }) => {
    const next = tf.add(tf.mul(average as tf.Tensor, rho), tf.mul(tf.square(gradient), 1 - rho));
    return { direction: tf.div(gradient, tf.add(tf.sqrt(next), epsilon)), slots: [next] };
  },
};

/**
 * Adam (Kingma & Ba 2015) with its moments kept unnormalised, M = m/(1 − β₁) and V = v/(1 − β₂), which saves two
 * multiplications by parameter: the factors and the bias corrections go into the rate, √(1 − β₂) into ε.
 */
function adamRate(learningRate: number, step: number, { beta1, beta2 }: OptimizerOptions): number {
  const correction = Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step);
  return (learningRate * correction * (1 - beta1)) / Math.sqrt(1 - beta2);
}

const adamDirection: Optimizer['direction'] = (gradient, slots, { beta1, beta2, epsilon }) => {
  const [first, second] = slots as [tf.Tensor, tf.Tensor];
  const nextFirst = tf.add(tf.mul(first, beta1), gradient);
  const nextSecond = tf.add(tf.mul(second, beta2), tf.square(gradient));
  const scale = tf.add(tf.sqrt(nextSecond), epsilon / Math.sqrt(1 - beta2));
  return { direction: tf.div(nextFirst, scale), slots: [nextFirst, nextSecond] };
};

export const adam: Optimizer = { name: 'adam', slots: [0, 0], rate: adamRate, direction: adamDirection };

/** Adam whose weight decay is on unless it is turned off (Loshchilov & Hutter 2019); decay is decoupled for all optimizers. */
export const adamw: Optimizer = { ...adam, name: 'adamw' };
