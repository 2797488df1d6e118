import * as tf from '@tensorflow/tfjs-core';
import type { ModelFamily } from './family.js';
import { dense } from './layers/dense.js';
import { blocksOf, categoryEmbedding, straightened, takeBlock } from './layers/features.js';

/**
 * One layer: logistic or ridge regression with the penalty ½‖w‖² over the whole training set that scikit-learn's
 * LogisticRegression (C=1) and Ridge (alpha=1) have. Codes have a weight per level, which is one-hot encoding. Numbers go
 * in straight: clipped, a straight line through them would be a curve.
 */
export const linear: ModelFamily = {
  name: 'linear',
  summary: 'logistic regression, or ridge regression for numbers: small, fast, easy to explain',
  parameters: {
    l2: {
      type: 'number',
      description: 'strength of the penalty on the weights',
      minimum: 0,
      maximum: 1e6,
      log: true,
      searched: { minimum: 1e-3, maximum: 1e3 },
    },
  },
  resolve: (given) => ({ l2: 1, ...given }),
  extrapolates: true,
  mixesRows: () => false,
  recipe: (params, context) => {
    const batchSize = context.rows <= 10_000 ? 10_000 : 4096;
    const steps = Math.ceil(context.rows / batchSize);
    return {
      optimizer: 'adam',
      learningRate: 0.05,
      schedule: 'cosine',
      weightDecay: 0,
      fadeFrom: 1,
      l2: Number(params.l2),
      labelSmoothing: 0,
      adjusted: {},
      epochs: Math.max(3, Math.ceil(1500 / steps)),
      batchSize,
      members: context.rows <= 20_000 ? 8 : 1,
      evaluations: 32,
    };
  },
  network: (_params, context) => (scope, features) => {
    const penalised = { size: context.outputs, deviation: 0, decay: true };
    const blocks = blocksOf(context.layout);
    const plain = blocks
      .filter((block) => block.role !== 'code')
      .map((block) => straightened(takeBlock(features, block), block));
    const columns =
      plain.length === 1 ? (plain[0] as tf.Tensor3D) : plain.length > 1 ? tf.concat(plain, 2) : undefined;
    const tables = blocks
      .filter((block) => block.role === 'code')
      .map((block) => categoryEmbedding(scope, block, takeBlock(features, block), penalised));
    const sum = columns === undefined ? [] : [dense(scope, 'output', columns, context.outputs, 'zeros')];
    return [...sum, ...tables].reduce((total, part) => tf.add(total, part));
  },
};
