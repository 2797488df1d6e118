import * as tf from '@tensorflow/tfjs-core';
import { type Optimizer, plainRate } from './optimizer.js';

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

/** As rmsprop, with g's variance in the place of its mean square: a − b², b ← ρb + (1 − ρ)g (Graves 2013). */
export const centeredRmsprop: Optimizer = {
  name: 'centered_rmsprop',
  slots: [0, 0],
  rate: plainRate,
  direction: (gradient, slots, { rho, epsilon }) => {
    const [square, mean] = slots as [tf.Tensor, tf.Tensor];
    const nextSquare = tf.add(tf.mul(square, rho), tf.mul(tf.square(gradient), 1 - rho));
    const nextMean = tf.add(tf.mul(mean, rho), tf.mul(gradient, 1 - rho));
    // Rounding may take a variance of nearly nothing below zero.
    const variance = tf.maximum(tf.sub(nextSquare, tf.square(nextMean)), 0);
    return {
      direction: tf.div(gradient, tf.add(tf.sqrt(variance), epsilon)),
      slots: [nextSquare, nextMean],
    };
  },
};

/** a ← ρa + (1 − ρ)g²; d = g·√(b + ε)/√(a + ε); b ← ρb + (1 − ρ)d²; p ← p − lr·d (Zeiler 2012). */
export const adadelta: Optimizer = {
  name: 'adadelta',
  slots: [0, 0],
  defaults: { rho: 0.95, epsilon: 1e-6 },
  rate: plainRate,
  direction: (gradient, slots, { rho, epsilon }) => {
    const [square, moved] = slots as [tf.Tensor, tf.Tensor];
    const follow = (average: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      tf.add(tf.mul(average, rho), tf.mul(tf.square(value), 1 - rho));
    const nextSquare = follow(square, gradient);
    const scale = tf.div(tf.sqrt(tf.add(moved, epsilon)), tf.sqrt(tf.add(nextSquare, epsilon)));
    const direction = tf.mul(gradient, scale);
    return { direction, slots: [nextSquare, follow(moved, direction)] };
  },
};
