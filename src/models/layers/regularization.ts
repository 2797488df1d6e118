import * as tf from '@tensorflow/tfjs-core';
import { randomUniform } from '../../graph/random-op.js';
import type { Scope } from '../scope.js';

/** Drops units with the step's probability and scales the others up, so that the expected value stays the same. */
export function dropout(scope: Scope, x: tf.Tensor3D): tf.Tensor3D {
  if (!scope.training || scope.dropRate === undefined) return x;
  const kept = tf.cast(tf.greaterEqual(randomUniform(x.shape), scope.dropRate), 'float32');
  return tf.mul(x, tf.mul(kept, tf.reciprocal(tf.sub(1, scope.dropRate))));
}

const MOMENTUM = 0.99;
const EPSILON = 1e-3;

/** Batch normalisation over the rows of every member (Ioffe & Szegedy 2015), with Keras' momentum and epsilon. */
export function batchNorm(scope: Scope, name: string, x: tf.Tensor3D): tf.Tensor3D {
  const shape = [scope.members, 1, x.shape[2]];
  const gamma = scope.weight(`${name}/gamma`, shape, { initial: () => tf.ones(shape) });
  const beta = scope.weight(`${name}/beta`, shape, { initial: () => tf.zeros(shape) });
  const movingMean = scope.weight(`${name}/moving_mean`, shape, {
    initial: () => tf.zeros(shape),
    trainable: false,
  });
  const movingVariance = scope.weight(`${name}/moving_variance`, shape, {
    initial: () => tf.ones(shape),
    trainable: false,
  });
  let mean = movingMean;
  let variance = movingVariance;
  if (scope.training) {
    ({ mean, variance } = tf.moments(x, 1, true));
    const follow = (old: tf.Tensor, now: tf.Tensor): tf.Tensor =>
      tf.add(tf.mul(old, MOMENTUM), tf.mul(now, 1 - MOMENTUM));
    scope.update(`${name}/moving_mean`, follow(movingMean, mean));
    scope.update(`${name}/moving_variance`, follow(movingVariance, variance));
  }
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(normal, gamma), beta);
}
