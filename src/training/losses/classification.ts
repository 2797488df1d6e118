import * as tf from '@tensorflow/tfjs-core';
import type { Loss } from './loss.js';

/** log softmax over the last axis. tf.logSoftmax subtracts the largest value of all rows, which underflows for the others. */
function logSoftmax(logits: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}

/** Sum over classes of −t·log softmax(z), whose gradient by z is softmax(z)·Σt − t. */
const softmaxCrossEntropy = tf.customGrad((z, t, save) => {
  const logits = z as tf.Tensor;
  const targets = t as tf.Tensor;
  const logProbabilities = logSoftmax(logits);
  (save as tf.GradSaveFunc)([logProbabilities, targets]);
  return {
    value: tf.neg(tf.sum(tf.mul(targets, logProbabilities), -1)),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [logs, truth] = saved as [tf.Tensor, tf.Tensor];
      const slope = tf.sub(tf.exp(logs), truth);
      return [tf.mul(tf.expandDims(dy, -1), slope), tf.zerosLike(truth)];
    },
  };
});

function targetProbabilities(outputs: tf.Tensor3D, targets: tf.Tensor, smoothing: number): tf.Tensor {
  const classes = outputs.shape[2];
  const oneHot = tf.cast(tf.oneHot(tf.cast(targets, 'int32'), classes), 'float32');
  return smoothing === 0 ? oneHot : tf.add(tf.mul(oneHot, 1 - smoothing), smoothing / classes);
}

/** Cross-entropy between the class and the softmax of the outputs; with two classes, binary cross-entropy. */
export const crossEntropy: Loss = {
  name: 'cross_entropy',
  tasks: ['binary', 'multiclass'],
  rows: (outputs, targets, { labelSmoothing }) =>
    softmaxCrossEntropy(outputs, targetProbabilities(outputs, targets, labelSmoothing)) as tf.Tensor2D,
};

const FOCUS = 2;

/** −Σ t·(1 − p)²·log p, which gives less weight to rows that are already right (Lin et al. 2017, γ = 2). */
export const focal: Loss = {
  name: 'focal',
  tasks: ['binary', 'multiclass'],
  rows: (outputs, targets, { labelSmoothing }) => {
    const logs = logSoftmax(outputs);
    const truth = targetProbabilities(outputs, targets, labelSmoothing);
    const doubt = tf.pow(tf.sub(1, tf.exp(logs)), FOCUS);
    return tf.neg(tf.sum(tf.mul(tf.mul(truth, doubt), logs), -1));
  },
};
