import { describe, expect, it } from 'vitest';
import { float32, type TensorData } from '../../src/core/tensor.js';
import { engine } from '../../src/engines/index.js';
import { randomDraws, randomOffsets, randomPool } from '../../src/graph/random.js';
import { TESTED } from './oracle.js';
import { withSeededRandom } from '../../src/models/file/seeded.js';
import { LAYER_ZOO, rowsFor, type ZooModel } from '../helpers/layer-zoo.js';
import { randomFloats, tf, traceStep } from '../unit/graph/helpers.js';

const BATCH = 4;
const ROWS = 12;
const STEPS = 10;

async function losses(
  name: string,
  traced: ReturnType<typeof traceStep>,
  x: TensorData,
): Promise<{ losses: number[]; state: Record<string, TensorData> }> {
  const session = await (await engine(name)).compileTraining(traced.step, { threads: 1 });
  const draws = randomDraws(traced.step.graph);
  await session.load({
    x,
    y: randomFloats([ROWS, 1], 9),
    ...(draws === undefined ? {} : { randomPool: randomPool(3, draws) }),
  });
  await session.writeState(traced.state);
  const offsets = (): Record<string, TensorData> =>
    draws === undefined
      ? {}
      : {
          randomOffsets: {
            dtype: 'int32',
            shape: [STEPS, draws.count],
            data: Int32Array.from(
              Array.from({ length: STEPS }, (_, i) => [...randomOffsets(3, i, draws).data]).flat(),
            ),
          },
        };
  const { loss } = await session.run({
    count: STEPS,
    indices: Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 5) % ROWS),
    perStep: { lr: float32([STEPS], new Float32Array(STEPS).fill(0.05)), ...offsets() },
  });
  const state = await session.readState();
  await session.dispose();
  return { losses: Array.from(loss?.data as Float32Array), state };
}

/** Layers whose gradients Adam must not turn into noise by dividing what is zero but for rounding. */
const WITH_ADAM = ['conv2d', 'lstm, stacked', 'embedding', 'batch normalization of images', 'merge layers'];

async function trainsEqually(zooModel: ZooModel, optimizer: 'sgd' | 'adam'): Promise<void> {
  const model = await withSeededRandom(6, 'weights', zooModel.make);
  const traced = traceStep(model, {
    batch: BATCH,
    target: [1],
    optimizer,
    loss: (y, p) =>
      tf.addN([tf.losses.meanSquaredError(y, p), ...model.calculateLosses()]) as unknown as tf.Scalar,
  });
  const x = rowsFor(zooModel, ROWS);
  const reference = await losses('reference', traced, x);
  const tested = await losses(TESTED, traced, x);
  expect(reference.losses.every(Number.isFinite)).toBe(true);
  expect(new Set(reference.losses).size).toBeGreaterThan(1);
  reference.losses.forEach((loss, i) => expect(tested.losses[i]).toBeCloseTo(loss, 4));
  for (const [key, tensor] of Object.entries(reference.state)) {
    (tensor.data as Float32Array).forEach((value, i) => {
      expect(Number(tested.state[key]?.data[i])).toBeCloseTo(value, 4);
    });
  }
}

describe('the layer zoo trains with the same losses on both engines', () => {
  it.each(LAYER_ZOO)('$name', (model) => trainsEqually(model, 'sgd'));

  it.each(LAYER_ZOO.filter(({ name }) => WITH_ADAM.includes(name)))('$name, by Adam', (model) =>
    trainsEqually(model, 'adam'),
  );
});
