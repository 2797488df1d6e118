/**
 * One training workload of bench/train.ts, on an engine of this project, in a process of its own:
 *
 *   tsx bench/train-work.ts WORK ENGINE EPOCHS
 *
 * The step is written with tfjs operations and traced, as `aimaas train` does it. Prints a JSON line.
 */
import * as tf from '@tensorflow/tfjs-core';
import { performance } from 'node:perf_hooks';
import { Random } from '../src/core/random.js';
import { engine as engineNamed } from '../src/engines/index.js';
import type { Network } from '../src/models/scope.js';
import { dense } from '../src/models/layers/dense.js';
import { epochIndices } from '../src/training/data.js';
import type { Loss } from '../src/training/losses/loss.js';
import { optimizerNamed } from '../src/training/optimizers/index.js';
import { OPTIMIZER_DEFAULTS } from '../src/training/optimizers/optimizer.js';
import { firstState, initialize, SCHEDULE_INPUTS, stepGraph } from '../src/training/program.js';

interface Work {
  readonly rows: number;
  readonly inputs: number;
  /** Columns of the target; one for a class. */
  readonly targets: number;
  readonly network: Network;
  readonly loss: Loss['rows'];
}

const perRow = (values: tf.Tensor): tf.Tensor2D => tf.mean(values, -1);

const WORKS: Readonly<Record<string, Work>> = {
  autoencoder: {
    rows: 1000,
    inputs: 100,
    targets: 100,
    network: (scope, x) => {
      const first = tf.relu(dense(scope, 'a', x, 128, 'glorot'));
      const second = tf.relu(dense(scope, 'b', first, 128, 'glorot'));
      return dense(scope, 'c', second, 100, 'glorot');
    },
    loss: (outputs, targets) => perRow(tf.square(tf.sub(outputs, targets))),
  },
  binary: {
    rows: 8192,
    inputs: 20,
    targets: 1,
    network: (scope, x) => {
      const first = tf.relu(dense(scope, 'a', x, 128, 'glorot'));
      const second = tf.relu(dense(scope, 'b', first, 64, 'glorot'));
      return dense(scope, 'c', second, 1, 'glorot');
    },
    loss: (outputs, targets) =>
      perRow(tf.losses.sigmoidCrossEntropy(targets, outputs, undefined, undefined, tf.Reduction.NONE)),
  },
};

const BATCH = 32;
const [name = 'autoencoder', engineName = 'onnxruntime', epochsText = '20'] = process.argv.slice(2);
const work = WORKS[name];
if (work === undefined) throw new Error(`no workload ${name}; there are ${Object.keys(WORKS).join(', ')}`);
const epochs = Number(epochsText);

const random = new Random(1);
const x = Float32Array.from({ length: work.rows * work.inputs }, () =>
  work.targets === 1 ? random.normal() : random.uniform(),
);
if (work.targets > 1) {
  for (let row = 0; row < work.rows; row++) {
    const values = x.subarray(row * work.inputs, (row + 1) * work.inputs);
    const norm = Math.hypot(...values);
    values.forEach((value, i) => (values[i] = value / norm));
  }
}
const y = work.targets === 1 ? Float32Array.from({ length: work.rows }, () => random.integer(2)) : x;

const started = performance.now();
const engine = await engineNamed(engineName);
const sample = { rows: 256, features: work.inputs, values: x.slice(0, 256 * work.inputs) };
const { program, initial } = await initialize(work.network, 1, sample, 1, engine, {});
const optimizer = optimizerNamed('adam');
const step = stepGraph(program, {
  batchSize: BATCH,
  loss: { name, tasks: ['regression'], rows: work.loss },
  labelSmoothing: 0,
  optimizer,
  optimizerOptions: OPTIMIZER_DEFAULTS,
  dropout: false,
  weightDecay: false,
  penalty: 0,
  clipNorm: undefined,
  clipValue: undefined,
  targetShape: [work.targets],
});
const session = await engine.compileTraining(step, {});
const extended = (values: Float32Array, width: number): Float32Array => {
  const longer = new Float32Array((work.rows + 1) * width);
  longer.set(values);
  return longer;
};
const rows = work.rows + 1;
const weight = new Float32Array(rows).fill(1);
weight[work.rows] = 0;
await session.load({
  x: { dtype: 'float32', shape: [rows, work.inputs], data: extended(x, work.inputs) },
  y: { dtype: 'float32', shape: [rows, work.targets], data: extended(y, work.targets) },
  weight: { dtype: 'float32', shape: [rows], data: weight },
});
await session.writeState(firstState(program, optimizer.slots, initial));
const compileSeconds = (performance.now() - started) / 1000;

const all = Int32Array.from({ length: work.rows }, (_, row) => row);
const steps = Math.ceil(work.rows / BATCH);
let done = 0;
let loss = NaN;

async function epoch(index: number): Promise<void> {
  const indices = epochIndices([all], {
    seed: 1,
    epoch: index,
    part: 0,
    steps,
    batchSize: BATCH,
    filler: work?.rows ?? 0,
  });
  for (let from = 0; from < steps; from += 32) {
    const count = Math.min(32, steps - from);
    const schedule = new Float32Array(count * SCHEDULE_INPUTS.length);
    for (let i = 0; i < count; i++)
      schedule[i * SCHEDULE_INPUTS.length] = optimizer.rate(1e-3, ++done, OPTIMIZER_DEFAULTS);
    const result = await session.run({
      count,
      indices: indices.slice(from * BATCH, (from + count) * BATCH),
      perStep: { schedule: { dtype: 'float32', shape: [count, SCHEDULE_INPUTS.length], data: schedule } },
    });
    loss = (result.loss?.data as Float32Array).at(-1) as number;
  }
}

const firstStarted = performance.now();
await epoch(0);
const firstEpochSeconds = (performance.now() - firstStarted) / 1000;
const rates: number[] = [];
for (let i = 1; i <= epochs; i++) {
  const before = performance.now();
  await epoch(i);
  rates.push(work.rows / ((performance.now() - before) / 1000));
}
await session.dispose();
rates.sort((a, b) => a - b);
const samplesPerSecond = Math.round(rates[Math.floor(rates.length / 2)] as number);
console.log(JSON.stringify({ samplesPerSecond, compileSeconds, firstEpochSeconds, loss }));
