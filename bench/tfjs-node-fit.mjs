/**
 * tfjs-node-gpu's own model.fit on the autoencoder of bench/train-work.ts, in a process of its own:
 *
 *   node bench/tfjs-node-fit.mjs PACKAGE EPOCHS
 *
 * PACKAGE is a copy of the package with its addon in place (see bench/tensorflow.ts). Prints a JSON line.
 */
import { createRequire } from 'node:module';
import util from 'node:util';

// Node 23 took them away, and the package still calls them.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

const [folder = '', epochsText = '5'] = process.argv.slice(2);
const tf = createRequire(import.meta.url)(folder);
const [ROWS, WIDTH, BATCH] = [1000, 100, 32];

const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 128, activation: 'relu', inputShape: [WIDTH] }),
    tf.layers.dense({ units: 128, activation: 'relu' }),
    tf.layers.dense({ units: WIDTH }),
  ],
});
model.compile({ optimizer: tf.train.adam(1e-3), loss: 'meanSquaredError' });
const rows = tf.tidy(() => {
  const x = tf.randomUniform([ROWS, WIDTH], 0, 1, 'float32', 1);
  return x.div(x.norm('euclidean', 1, true));
});
const rates = [];
let before = performance.now();
await model.fit(rows, rows, {
  batchSize: BATCH,
  epochs: Number(epochsText) + 1,
  verbose: 0,
  yieldEvery: 'never',
  callbacks: {
    onEpochBegin: () => {
      before = performance.now();
    },
    onEpochEnd: () => {
      rates.push(ROWS / ((performance.now() - before) / 1000));
    },
  },
});
const timed = rates.slice(1).sort((a, b) => a - b);
console.log(JSON.stringify({ samplesPerSecond: Math.round(timed[Math.floor(timed.length / 2)] ?? NaN) }));
