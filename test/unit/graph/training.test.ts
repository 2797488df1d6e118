import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { float32 } from '../../../src/core/tensor.js';
import type { TrainingSession } from '../../../src/engines/engine.js';
import { engine } from '../../../src/engines/index.js';
import { randomDraws, randomOffsets, randomPool } from '../../../src/graph/random.js';
import { layers, randomFloats, tf, traceStep } from './helpers.js';

const ROWS = 50;
const BATCH = 8;

function batches(count: number, step: ReturnType<typeof traceStep>['step'], from = 0) {
  const draws = randomDraws(step.graph);
  const offsets =
    draws === undefined
      ? {}
      : {
          randomOffsets: {
            dtype: 'int32' as const,
            shape: [count, draws.count],
            data: Int32Array.from(
              Array.from({ length: count }, (_, i) => [...randomOffsets(3, from + i, draws).data]).flat(),
            ),
          },
        };
  return {
    count,
    indices: Int32Array.from({ length: count * BATCH }, (_, i) => ((from * BATCH + i) * 7) % ROWS),
    perStep: { lr: float32([count], new Float32Array(count).fill(0.01)), ...offsets },
  };
}

async function start(
  name: string,
  { step, state }: ReturnType<typeof traceStep>,
  features: number,
  target: number,
): Promise<TrainingSession> {
  const session = await (await engine(name)).compileTraining(step, {});
  const draws = randomDraws(step.graph);
  const x = randomFloats([ROWS, features], 1);
  // The sum and the difference of the first two features: something to learn.
  const sums = Float32Array.from({ length: ROWS * target }, (_, i) => {
    const row = Math.floor(i / target) * features;
    return (x.data[row] ?? 0) + (i % target === 0 ? 1 : -1) * (x.data[row + 1] ?? 0);
  });
  await session.load({
    x,
    y: float32([ROWS, target], sums),
    ...(draws === undefined ? {} : { randomPool: randomPool(3, draws) }),
  });
  await session.writeState(state);
  return session;
}

const meanSquaredError = (y: tf.Tensor, p: tf.Tensor) =>
  tf.losses.meanSquaredError(y, p) as unknown as tf.Scalar;

describe('a traced training step', () => {
  let before = 0;
  beforeEach(() => {
    tf.backend();
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.getBackend()).toBe('cpu');
  });

  const dense = () =>
    layers.sequential({
      layers: [
        layers.layers.dense({ units: 16, activation: 'relu', inputShape: [5] }),
        layers.layers.dense({ units: 2, kernelRegularizer: layers.regularizers.l2({ l2: 0.01 }) }),
      ],
    });
  const normalized = () =>
    layers.sequential({
      layers: [
        // No bias: batch normalization takes it out, so its gradient is rounding noise that Adam would enlarge.
        layers.layers.dense({ units: 16, useBias: false, inputShape: [5] }),
        layers.layers.batchNormalization({}),
        layers.layers.activation({ activation: 'tanh' }),
        layers.layers.dropout({ rate: 0.3 }),
        layers.layers.gaussianNoise({ stddev: 0.1 }),
        layers.layers.dense({ units: 2 }),
      ],
    });

  for (const [name, make] of Object.entries({ dense, normalized })) {
    it(`gives the same losses and state on both engines: ${name}`, async () => {
      const traced = traceStep(make(), { batch: BATCH, target: [2], loss: meanSquaredError });
      const results: { losses: number[]; state: Record<string, number[]> }[] = [];
      for (const engineName of ['reference', 'onnxruntime']) {
        const session = await start(engineName, traced, 5, 2);
        const { loss } = await session.run(batches(30, traced.step));
        const state = await session.readState();
        results.push({
          losses: Array.from(loss?.data as Float32Array),
          state: Object.fromEntries(
            Object.entries(state).map(([key, tensor]) => [key, Array.from(tensor.data as Float32Array)]),
          ),
        });
        await session.dispose();
      }
      const [reference, onnxruntime] = results;
      expect(reference?.losses).toHaveLength(30);
      const sum = (losses: number[] = []) => losses.reduce((total, loss) => total + loss, 0);
      expect(sum(reference?.losses.slice(-5))).toBeLessThan(sum(reference?.losses.slice(0, 5)));
      reference?.losses.forEach((loss, i) => expect(onnxruntime?.losses[i]).toBeCloseTo(loss, 4));
      for (const [key, values] of Object.entries(reference?.state ?? {})) {
        values.forEach((value, i) => expect(onnxruntime?.state[key]?.[i]).toBeCloseTo(value, 3));
      }
      if (name === 'normalized') expect(Object.keys(reference?.state ?? {})).toContain('s0');
    });
  }

  it('moves the statistics of batch normalization, and leaves those of the model alone', async () => {
    const model = normalized();
    const weights = model.getWeights().map((w) => Array.from(w.dataSync()));
    const traced = traceStep(model, { batch: BATCH, target: [2], loss: meanSquaredError });
    expect(model.getWeights().map((w) => Array.from(w.dataSync()))).toEqual(weights);
    const session = await start('onnxruntime', traced, 5, 2);
    const initial = await session.readState();
    await session.run(batches(3, traced.step));
    const after = await session.readState();
    expect(after['s0']?.data).not.toEqual(initial['s0']?.data);
    await session.dispose();
  });

  it('repeats to the bit, however the steps are cut into calls, and across a read and write of the state', async () => {
    const traced = traceStep(normalized(), { batch: BATCH, target: [2], loss: meanSquaredError });
    const whole = await start('onnxruntime', traced, 5, 2);
    const { loss } = await whole.run(batches(40, traced.step));
    const expected = await whole.readState();
    const cut = await start('onnxruntime', traced, 5, 2);
    const losses: number[] = [];
    let from = 0;
    for (const count of [1, 2, 10, 5]) {
      losses.push(...(((await cut.run(batches(count, traced.step, from))).loss?.data ?? []) as Float32Array));
      from += count;
    }
    const resumed = await start('onnxruntime', traced, 5, 2);
    await resumed.writeState(await cut.readState());
    losses.push(...(((await resumed.run(batches(22, traced.step, from))).loss?.data ?? []) as Float32Array));
    expect(Float32Array.from(losses)).toEqual(loss?.data);
    expect(await resumed.readState()).toEqual(expected);
    await Promise.all([whole.dispose(), cut.dispose(), resumed.dispose()]);
  });

  it('leaves no tensors behind', () => {
    const model = normalized();
    const made = tf.memory().numTensors;
    const buffers = tf.memory().numDataBuffers;
    traceStep(model, { batch: BATCH, target: [2], loss: meanSquaredError });
    expect(tf.memory().numTensors).toBe(made);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
