import * as tf from '@tensorflow/tfjs-core';
import type { JsonObject } from '../core/json.js';
import type { ModelContext, ModelFamily, Recipe } from './family.js';
import { ACTIVATIONS, type Activation, blended } from './layers/activations.js';
import { dense } from './layers/dense.js';
import { blocksOf, categoryEmbedding, periodicEmbedding, takeBlock } from './layers/features.js';
import { batchNorm, dropout } from './layers/regularization.js';
import type { Network, Scope } from './scope.js';

type MlpParams = {
  readonly units: readonly number[];
  readonly activation: Activation;
  readonly dropout: number;
  readonly batchNorm: 'on' | 'off';
  readonly numericEmbedding: 'periodic' | 'none';
  readonly embeddingSize: number;
};

/** Numbers beyond which a periodic embedding of each costs more than it has been seen to give. */
const MOST_EMBEDDED_COLUMNS = 100;

/** Passes over little data. */
const MOST_EPOCHS = 256;

/** Optimizer steps after which more were seen to give little: at least 640, half the rows, at most 3000. */
function enoughSteps(rows: number): number {
  return Math.max(640, Math.min(3000, rows / 2));
}

function resolve(given: JsonObject, context: ModelContext): MlpParams {
  const numbers = context.layout.filter((column) => column.role === 'numeric').length;
  return {
    units: [128, 128, 128],
    activation: context.task === 'regression' ? 'mish' : 'selu',
    dropout: 0.15,
    batchNorm: 'off',
    numericEmbedding: numbers > 0 && numbers <= MOST_EMBEDDED_COLUMNS ? 'periodic' : 'none',
    embeddingSize: 8,
    ...given,
  };
}

/** Learned factors for every input, trained at six times the rate, so that the network can pick its inputs early. */
function frontScale(scope: Scope, x: tf.Tensor3D): tf.Tensor3D {
  const shape = [scope.members, 1, x.shape[2]];
  return tf.mul(x, scope.weight('scale', shape, { learningRateScale: 6, initial: () => tf.ones(shape) }));
}

function inputs(scope: Scope, features: tf.Tensor3D, params: MlpParams, context: ModelContext): tf.Tensor3D {
  const parts = blocksOf(context.layout).map((block) => {
    const columns = takeBlock(features, block);
    if (block.role === 'code') {
      return categoryEmbedding(scope, block, columns, {
        size: params.embeddingSize,
        deviation: 1,
        decay: false,
      });
    }
    return block.role === 'numeric' && params.numericEmbedding === 'periodic'
      ? periodicEmbedding(scope, `periodic ${block.start}`, columns)
      : columns;
  });
  const widest = Math.max(...parts.map((part) => part.shape[0]));
  const aligned = parts.map((part) => (part.shape[0] === widest ? part : tf.tile(part, [widest, 1, 1])));
  return frontScale(scope, aligned.length === 1 ? (aligned[0] as tf.Tensor3D) : tf.concat(aligned, 2));
}

function network(params: MlpParams, context: ModelContext): Network {
  return (scope, features) => {
    let x = inputs(scope, features, params, context);
    params.units.forEach((units, index) => {
      x = dense(scope, `dense_${index}`, x, units, 'data');
      if (params.batchNorm === 'on') x = batchNorm(scope, `batch_norm_${index}`, x);
      x = blended(scope, `activation_${index}`, x, params.activation);
      x = dropout(scope, x);
    });
    return dense(scope, 'output', x, context.outputs, 'data');
  };
}

/** Settings by number of rows: many members and epochs on little data, few passes on much. */
function recipe(params: MlpParams, context: ModelContext): Recipe {
  const { rows } = context;
  const members = rows <= 20_000 ? 8 : 2;
  const batchSize = rows <= 200_000 ? 256 : 1024;
  const steps = Math.max(1, Math.ceil((rows * 0.9) / batchSize));
  return {
    optimizer: 'adam',
    learningRate: context.task === 'regression' ? 0.2 : 0.04,
    schedule: 'coslog4',
    weightDecay: 0.02,
    fadeFrom: 0.5,
    l2: 0,
    labelSmoothing: context.task === 'regression' ? 0 : 0.1,
    adjusted: { beta2: 0.95 },
    epochs: Math.max(rows > 200_000 ? 2 : 8, Math.min(MOST_EPOCHS, Math.ceil(enoughSteps(rows) / steps))),
    batchSize,
    members,
    evaluations: 64,
  };
}

/** Dense layers in the manner of RealMLP-TD (Holzmüller et al. 2024), several trained side by side and averaged. */
export const mlp: ModelFamily = {
  name: 'mlp',
  summary:
    'dense neural networks, several side by side, each validated on rows it does not see (the default)',
  parameters: {
    units: {
      type: 'units',
      description: 'units of the hidden layers',
      choices: [
        [64, 64],
        [128, 128],
        [128, 128, 128],
        [256, 256, 256],
      ],
    },
    activation: {
      type: 'choice',
      description: 'activation of the hidden layers',
      choices: Object.keys(ACTIVATIONS),
    },
    dropout: {
      type: 'number',
      description: 'probability of dropping a hidden unit',
      minimum: 0,
      maximum: 0.9,
      searched: { minimum: 0, maximum: 0.5 },
    },
    batchNorm: {
      type: 'choice',
      description: 'batch normalisation after every hidden layer',
      choices: ['off', 'on'],
    },
    numericEmbedding: {
      type: 'choice',
      description: 'periodic features for every number',
      choices: ['periodic', 'none'],
      needs: 'numeric',
    },
    embeddingSize: {
      type: 'integer',
      description: 'width of a category embedding',
      minimum: 1,
      maximum: 256,
      log: true,
      searched: { minimum: 2, maximum: 32 },
      needs: 'code',
    },
  },
  resolve,
  extrapolates: false,
  mixesRows: (params) => (params as MlpParams).batchNorm === 'on',
  recipe: (params, context) => recipe(params as MlpParams, context),
  network: (params, context) => network(params as MlpParams, context),
};
