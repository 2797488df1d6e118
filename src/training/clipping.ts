import * as tf from '@tensorflow/tfjs-core';

/** Limits of the gradient of each member, applied in this order; undefined for none. */
export interface Clipping {
  /** Largest absolute value. */
  readonly value: number | undefined;
  /** Largest Euclidean norm of the gradient by a single weight tensor. */
  readonly weightNorm: number | undefined;
  /** Largest Euclidean norm of the whole gradient (Pascanu et al. 2013). */
  readonly globalNorm: number | undefined;
}

/** Limits of values and of single weights, for a gradient [members, ...]. */
export function clipWeight(gradient: tf.Tensor, { value, weightNorm }: Clipping): tf.Tensor {
  const bounded = value === undefined ? gradient : tf.minimum(tf.maximum(gradient, -value), value);
  const axes = gradient.shape.slice(1).map((_, axis) => axis + 1);
  return clipNorm(bounded, axes, weightNorm);
}

/** g·min(1, limit/‖g‖), the norm being over the given axes. */
export function clipNorm(gradient: tf.Tensor, axes: number | number[], limit: number | undefined): tf.Tensor {
  if (limit === undefined) return gradient;
  const norm = tf.sqrt(tf.sum(tf.square(gradient), axes, true));
  return tf.mul(gradient, tf.minimum(tf.div(limit, tf.maximum(norm, 1e-12)), 1));
}
