/**
 * Memory over many training steps: heap and resident set, which must stay flat.
 *
 *   tsx --expose-gc bench/soak.ts [WORK] [STEPS]
 *
 * Prints a line of megabytes for every tenth of the steps.
 */
import { Random } from '../src/core/random.js';
import { engine as engineNamed } from '../src/engines/index.js';
import { layersStep } from './layers-step.js';
import { dataOf, WORKS } from './works.js';

const BATCH = 32;
const [name = 'autoencoder', stepsText = '10000'] = process.argv.slice(2);
const work = WORKS[name];
if (work === undefined) throw new Error(`no workload ${name}; there are ${Object.keys(WORKS).join(', ')}`);
const { x, y } = dataOf(work);
const { step, state } = layersStep(work.model(), {
  batch: BATCH,
  input: { shape: work.input, dtype: x.dtype },
  target: y.shape.slice(1),
  loss: work.loss,
});
const session = await (await engineNamed('onnxruntime')).compileTraining(step, {});
await session.load({ x, y });
await session.writeState(state);

const total = Number(stepsText);
const part = Math.max(1, Math.floor(total / 10));
const random = new Random(1);
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
for (let done = part; done <= total; done += part) {
  const { loss } = await session.run({
    count: part,
    indices: Int32Array.from({ length: part * BATCH }, () => random.integer(work.rows)),
    perStep: { rate: { dtype: 'float32', shape: [part], data: new Float32Array(part).fill(1e-4) } },
  });
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const last = (loss?.data as Float32Array).at(-1);
  console.log(JSON.stringify({ steps: done, heap: megabytes(heapUsed), rss: megabytes(rss), loss: last }));
}
await session.dispose();
