import * as tf from '@tensorflow/tfjs-core';
import type { Loss } from './loss.js';

/** Output minus target: [members, rows, 1] and [members, rows] → [members, rows]. */
function errors(outputs: tf.Tensor3D, targets: tf.Tensor): tf.Tensor2D {
  return tf.sub(tf.reshape(outputs, [outputs.shape[0], outputs.shape[1]]), targets);
}

export const mse: Loss = {
  name: 'mse',
  tasks: ['regression'],
  rows: (outputs, targets) => tf.square(errors(outputs, targets)),
};

export const mae: Loss = {
  name: 'mae',
  tasks: ['regression'],
  rows: (outputs, targets) => tf.abs(errors(outputs, targets)),
};

/** ½e² for |e| ≤ 1 and |e| − ½ beyond, in standard deviations of the target (Huber 1964, δ = 1). */
export const huber: Loss = {
  name: 'huber',
  tasks: ['regression'],
  rows: (outputs, targets) => {
    const size = tf.abs(errors(outputs, targets));
    const near = tf.minimum(size, 1);
    return tf.add(tf.mul(tf.square(near), 0.5), tf.sub(size, near));
  },
};
