import * as tf from '@tensorflow/tfjs-core';
import { type Optimizer, plainRate } from './optimizer.js';

/** p ← p − lr·g. */
export const sgd: Optimizer = {
  name: 'sgd',
  slots: [],
  rate: plainRate,
  direction: (gradient) => ({ direction: gradient, slots: [] }),
};

/** v ← μv + g; p ← p − lr·v (Polyak 1964). */
export const momentum: Optimizer = {
  name: 'momentum',
  slots: [0],
  rate: plainRate,
  direction: (gradient, [velocity], options) => {
    const next = tf.add(tf.mul(velocity as tf.Tensor, options.momentum), gradient);
    return { direction: next, slots: [next] };
  },
};

/** v ← μv + g; p ← p − lr·(g + μv) (Nesterov 1983, as in Sutskever et al. 2013). */
export const nesterov: Optimizer = {
  name: 'nesterov',
  slots: [0],
  rate: plainRate,
  direction: (gradient, [velocity], options) => {
    const next = tf.add(tf.mul(velocity as tf.Tensor, options.momentum), gradient);
    return { direction: tf.add(gradient, tf.mul(next, options.momentum)), slots: [next] };
  },
};
