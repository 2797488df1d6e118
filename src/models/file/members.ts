import * as tf from '@tensorflow/tfjs-core';

/** One member's part [...] of [members, ...]. Not tf.unstack, whose gradient fails for a single member. */
export function memberOf(stack: tf.Tensor, member: number): tf.Tensor {
  const shape = stack.shape.slice(1);
  if (stack.shape[0] === 1) return tf.reshape(stack, shape);
  const begin = stack.shape.map((_, axis) => (axis === 0 ? member : 0));
  return tf.reshape(tf.slice(stack, begin, [1, ...shape]), shape);
}
