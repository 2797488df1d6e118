/** The training workloads of bench/train.ts as tf.layers models that end in raw outputs, and their data. */
import * as layers from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../src/core/random.js';
import { float32, sizeOf, type TensorData } from '../src/core/tensor.js';
import { Attention, Positions } from './attention.js';

const L = layers.layers;

/** The mean loss of a batch from raw outputs and targets. */
type BatchLoss = (targets: tf.Tensor, outputs: tf.Tensor) => tf.Scalar;

export interface Work {
  readonly rows: number;
  /** Shape of one row. */
  readonly input: readonly number[];
  /** Number of different tokens where the input is made of tokens. */
  readonly tokens?: number;
  /** Numbers in a target: one-hot classes, values, or 'input' where the target is the input. */
  readonly target: { readonly classes: number } | { readonly values: number } | 'binary' | 'input';
  readonly loss: BatchLoss;
  readonly model: () => layers.LayersModel;
}

const squared: BatchLoss = (y, p) => tf.losses.meanSquaredError(y, p);
const crossEntropy: BatchLoss = (y, p) => tf.losses.softmaxCrossEntropy(y, p);
const binaryCrossEntropy: BatchLoss = (y, p) => tf.losses.sigmoidCrossEntropy(y, p);

function sequential(...all: layers.layers.Layer[]): layers.LayersModel {
  return layers.sequential({ layers: all });
}

/** Keras' LSTM: the logistic function in its gates, where tf.layers has an approximation by default. */
const lstm = (units: number, options: Partial<Parameters<typeof L.lstm>[0]> = {}): layers.layers.Layer =>
  L.lstm({ units, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotUniform', ...options });

function transformer(): layers.LayersModel {
  const input = layers.input({ shape: [64], dtype: 'int32' });
  const apply = (layer: layers.layers.Layer, x: layers.SymbolicTensor | layers.SymbolicTensor[]) =>
    layer.apply(x) as layers.SymbolicTensor;
  let h = apply(new Positions(64), apply(L.embedding({ inputDim: 5000, outputDim: 64 }), input));
  for (let block = 0; block < 2; block++) {
    h = apply(L.layerNormalization({}), apply(L.add(), [h, apply(new Attention(4, 16), h)]));
    const hidden = apply(L.dense({ units: 128, activation: 'relu' }), h);
    h = apply(L.layerNormalization({}), apply(L.add(), [h, apply(L.dense({ units: 64 }), hidden)]));
  }
  const pooled = apply(L.globalAveragePooling1d({}), h);
  return layers.model({ inputs: input, outputs: apply(L.dense({ units: 2 }), pooled) });
}

export const WORKS: Readonly<Record<string, Work>> = {
  autoencoder: {
    rows: 1000,
    input: [100],
    target: 'input',
    loss: squared,
    model: () =>
      sequential(
        L.dense({ units: 128, activation: 'relu', inputShape: [100] }),
        L.dense({ units: 128, activation: 'relu' }),
        L.dense({ units: 100 }),
      ),
  },
  binary: {
    rows: 8192,
    input: [20],
    target: 'binary',
    loss: binaryCrossEntropy,
    model: () =>
      sequential(
        L.dense({ units: 128, activation: 'relu', inputShape: [20] }),
        L.dense({ units: 64, activation: 'relu' }),
        L.dense({ units: 1 }),
      ),
  },
  cnn: {
    rows: 2048,
    input: [28, 28, 1],
    target: { classes: 10 },
    loss: crossEntropy,
    model: () =>
      sequential(
        L.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
        L.maxPooling2d({ poolSize: 2 }),
        L.flatten(),
        L.dense({ units: 10 }),
      ),
  },
  'lstm-reg': {
    rows: 1024,
    input: [20, 8],
    target: { values: 1 },
    loss: squared,
    model: () => sequential(lstm(128, { inputShape: [20, 8] }), L.dense({ units: 1 })),
  },
  'lstm-stack': {
    rows: 1024,
    input: [20, 8],
    target: { classes: 10 },
    loss: crossEntropy,
    model: () =>
      sequential(lstm(64, { returnSequences: true, inputShape: [20, 8] }), lstm(32), L.dense({ units: 10 })),
  },
  'text-lstm': {
    rows: 1024,
    input: [64],
    tokens: 5000,
    target: { classes: 2 },
    loss: crossEntropy,
    model: () =>
      sequential(
        L.embedding({ inputDim: 5000, outputDim: 64, inputLength: 64 }),
        lstm(64),
        L.dense({ units: 2 }),
      ),
  },
  transformer: {
    rows: 512,
    input: [64],
    tokens: 5000,
    target: { classes: 2 },
    loss: crossEntropy,
    model: transformer,
  },
  convnet: {
    rows: 512,
    input: [32, 32, 3],
    target: { classes: 10 },
    loss: crossEntropy,
    model: () =>
      sequential(
        ...[32, 64, 128].flatMap((filters, i) => [
          L.conv2d({
            filters,
            kernelSize: 3,
            padding: 'same',
            activation: 'relu',
            ...(i === 0 ? { inputShape: [32, 32, 3] } : {}),
          }),
          L.maxPooling2d({ poolSize: 2 }),
        ]),
        L.flatten(),
        L.dense({ units: 128, activation: 'relu' }),
        L.dense({ units: 10 }),
      ),
  },
};

/** Rows of a workload, from a seed; what is learned does not matter to the speed. */
export function dataOf(work: Work): { readonly x: TensorData; readonly y: TensorData } {
  const random = new Random(1);
  const shape = [work.rows, ...work.input];
  const x: TensorData =
    work.tokens === undefined
      ? float32(
          shape,
          Float32Array.from({ length: sizeOf(shape) }, () => random.uniform()),
        )
      : {
          dtype: 'int32',
          shape,
          data: Int32Array.from({ length: sizeOf(shape) }, () => random.integer(work.tokens ?? 1)),
        };
  return { x, y: targetsOf(work, x, random) };
}

function targetsOf({ rows, target }: Work, x: TensorData, random: Random): TensorData {
  if (target === 'input') return x;
  if (target === 'binary') {
    return float32(
      [rows, 1],
      Float32Array.from({ length: rows }, () => random.integer(2)),
    );
  }
  if ('values' in target) {
    const size = rows * target.values;
    return float32(
      [rows, target.values],
      Float32Array.from({ length: size }, () => random.uniform()),
    );
  }
  const hot = new Float32Array(rows * target.classes);
  for (let row = 0; row < rows; row++) hot[row * target.classes + random.integer(target.classes)] = 1;
  return float32([rows, target.classes], hot);
}
