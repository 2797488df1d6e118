/**
 * One training workload of bench/train.ts, on an engine of this project, in a process of its own:
 *
 *   tsx bench/train-work.ts WORK ENGINE EPOCHS [THREADS]
 *
 * The model is written with tf.layers and its step traced, as a user's own model is. Prints a JSON line.
 */
import { performance } from 'node:perf_hooks';
import { Random } from '../src/core/random.js';
import { engine as engineNamed } from '../src/engines/index.js';
import { optimizerNamed } from '../src/training/optimizers/index.js';
import { OPTIMIZER_DEFAULTS } from '../src/training/optimizers/optimizer.js';
import { layersStep } from './layers-step.js';
import { dataOf, WORKS } from './works.js';

const BATCH = 32;
const [name = 'autoencoder', engineName = 'onnxruntime', epochsText = '20', threads] = process.argv.slice(2);
const work = WORKS[name];
if (work === undefined) throw new Error(`no workload ${name}; there are ${Object.keys(WORKS).join(', ')}`);
const { rows } = work;
const { x, y } = dataOf(work);
const model = work.model();

const started = performance.now();
const engine = await engineNamed(engineName);
const { step, state } = layersStep(model, {
  batch: BATCH,
  input: { shape: work.input, dtype: x.dtype },
  target: y.shape.slice(1),
  loss: work.loss,
});
const session = await engine.compileTraining(step, threads === undefined ? {} : { threads: Number(threads) });
await session.load({ x, y });
await session.writeState(state);
const compileSeconds = (performance.now() - started) / 1000;

const optimizer = optimizerNamed('adam');
const steps = Math.floor(rows / BATCH);
let done = 0;
let loss = NaN;

async function epoch(index: number): Promise<void> {
  const indices = Random.of(1, `epoch ${index}`)
    .permutation(rows)
    .subarray(0, steps * BATCH);
  const rate = Float32Array.from({ length: steps }, () => optimizer.rate(1e-3, ++done, OPTIMIZER_DEFAULTS));
  const result = await session.run({
    count: steps,
    indices: Int32Array.from(indices),
    perStep: { rate: { dtype: 'float32', shape: [steps], data: rate } },
  });
  loss = (result.loss?.data as Float32Array).at(-1) as number;
}

const firstStarted = performance.now();
await epoch(0);
const firstEpochSeconds = (performance.now() - firstStarted) / 1000;
const rates: number[] = [];
for (let i = 1; i <= Number(epochsText); i++) {
  const before = performance.now();
  await epoch(i);
  rates.push((steps * BATCH) / ((performance.now() - before) / 1000));
}
await session.dispose();
rates.sort((a, b) => a - b);
const samplesPerSecond = Math.round(rates[Math.floor(rates.length / 2)] as number);
console.log(JSON.stringify({ samplesPerSecond, compileSeconds, firstEpochSeconds, loss }));
