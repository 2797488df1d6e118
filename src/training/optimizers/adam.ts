import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, OptimizerOptions } from './optimizer.js';

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

/** m ← β₁m + (1 − β₁)g; u ← max(β₂u, |g|); p ← p − lr/(1 − β₁ᵗ)·m/(u + ε) (Kingma & Ba 2015, section 7.1), M = m/(1 − β₁). */
export const adamax: Optimizer = {
  name: 'adamax',
  slots: [0, 0],
  rate: (learningRate, step, { beta1 }) => (learningRate * (1 - beta1)) / (1 - beta1 ** step),
  direction: (gradient, slots, { beta1, beta2, epsilon }) => {
    const [first, largest] = slots as [tf.Tensor, tf.Tensor];
    const nextFirst = tf.add(tf.mul(first, beta1), gradient);
    const nextLargest = tf.maximum(tf.mul(largest, beta2), tf.abs(gradient));
    return {
      direction: tf.div(nextFirst, tf.add(nextLargest, epsilon)),
      slots: [nextFirst, nextLargest],
    };
  },
};

/** Steps after which the product of Nadam's momenta, all below 1, is nothing in float64. */
const LAST_MOMENTUM = 5000;

/** Nadam's momentum of a step: μₜ = β₁(1 − ½·0.96^(t/250)). */
const momentumAt = (step: number, beta1: number): number => beta1 * (1 - 0.5 * 0.96 ** (step / 250));

/** μ₁·…·μₜ. */
function momentumProduct(step: number, beta1: number): number {
  if (step > LAST_MOMENTUM) return 0;
  let product = 1;
  for (let t = 1; t <= step; t++) product *= momentumAt(t, beta1);
  return product;
}

/**
 * Adam with Nesterov's momentum (Dozat 2016): p ← p − lr·(a·m + b·g)/(√v̂ + ε) with a = μₜ₊₁/(1 − μ₁…μₜ₊₁) and
 * b = (1 − μₜ)/(1 − μ₁…μₜ). V = v/(1 − β₂), as for Adam.
 */
export const nadam: Optimizer = {
  name: 'nadam',
  slots: [0, 0],
  rate: (learningRate, step, { beta2 }) =>
    (learningRate * Math.sqrt(1 - beta2 ** step)) / Math.sqrt(1 - beta2),
  factors: (step, { beta1 }) => {
    const product = momentumProduct(step, beta1);
    const next = momentumAt(step + 1, beta1);
    return [next / (1 - product * next), (1 - momentumAt(step, beta1)) / (1 - product)];
  },
  direction: (gradient, slots, { beta1, beta2, epsilon }, factors) => {
    const [first, second] = slots as [tf.Tensor, tf.Tensor];
    const [ofFirst, ofGradient] = factors as [tf.Scalar, tf.Scalar];
    const nextFirst = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
    const nextSecond = tf.add(tf.mul(second, beta2), tf.square(gradient));
    const scale = tf.add(tf.sqrt(nextSecond), epsilon / Math.sqrt(1 - beta2));
    const ahead = tf.add(tf.mul(nextFirst, ofFirst), tf.mul(gradient, ofGradient));
    return { direction: tf.div(ahead, scale), slots: [nextFirst, nextSecond] };
  },
};
