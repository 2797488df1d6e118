import { describe, expect, it } from 'vitest';
import { engine } from '../../../src/engines/index.js';
import { SYMBOLIC_BATCH } from '../../../src/graph/symbolic.js';
import { trace } from '../../../src/graph/trace.js';
import { layers, randomFloats, tf } from './helpers.js';

/** Models whose forward pass meets the batch size in different ways: reshapes, fills, tiles, concatenations. */
const models: Record<string, () => layers.LayersModel> = {
  dense: () =>
    layers.sequential({
      layers: [
        layers.layers.dense({ units: 8, activation: 'relu', inputShape: [6] }),
        layers.layers.batchNormalization({}),
        layers.layers.dropout({ rate: 0.5 }),
        layers.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  reshape: () =>
    layers.sequential({
      layers: [
        layers.layers.reshape({ targetShape: [2, 3], inputShape: [6] }),
        layers.layers.permute({ dims: [2, 1] }),
        layers.layers.dense({ units: 4, activation: 'elu' }),
        layers.layers.flatten(),
        layers.layers.repeatVector({ n: 2 }),
        layers.layers.globalAveragePooling1d({}),
      ],
    }),
  branches: () => {
    const input = layers.input({ shape: [6] });
    const left = layers.layers.dense({ units: 4, activation: 'tanh' }).apply(input) as layers.SymbolicTensor;
    const right = layers.layers.dense({ units: 4, activation: 'selu' }).apply(input) as layers.SymbolicTensor;
    const joined = layers.layers.concatenate().apply([left, right]) as layers.SymbolicTensor;
    const product = layers.layers.multiply().apply([left, right]) as layers.SymbolicTensor;
    const outputs = layers.layers.concatenate().apply([joined, product]) as layers.SymbolicTensor;
    return layers.model({ inputs: input, outputs });
  },
};

describe('a graph traced with the symbolic batch', () => {
  for (const [name, make] of Object.entries(models)) {
    it(`runs for every batch size, as tfjs does: ${name}`, async () => {
      const model = make();
      const graph = trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), {
        x: { shape: [SYMBOLIC_BATCH, 6] },
      });
      const compiled = {
        onnxruntime: await (await engine('onnxruntime')).compile(graph, {}),
        reference: await (await engine('reference')).compile(graph, {}),
      };
      for (const rows of [1, 2, 7, 300]) {
        const x = randomFloats([rows, 6], rows);
        const expected = tf.tidy(() => {
          const y = model.predict(tf.tensor2d(x.data, [rows, 6])) as tf.Tensor;
          return { shape: y.shape, data: y.dataSync() };
        });
        for (const executable of Object.values(compiled)) {
          const { y } = await executable.run({ x });
          expect(y?.shape).toEqual(expected.shape);
          (y?.data as Float32Array).forEach((value, i) =>
            expect(value).toBeCloseTo(expected.data[i] ?? NaN, 5),
          );
        }
      }
      const none = await compiled.onnxruntime.run({ x: randomFloats([0, 6]) });
      expect(none['y']?.data.length).toBe(0);
      await compiled.onnxruntime.dispose();
    });
  }

  it('makes constants of the batch size at run time', async () => {
    const graph = trace(
      ({ x }) => ({
        y: tf.concat([tf.ones([SYMBOLIC_BATCH, 1]), x as tf.Tensor, tf.zerosLike(x as tf.Tensor)], 1),
      }),
      { x: { shape: [SYMBOLIC_BATCH, 2] } },
    );
    for (const name of ['reference', 'onnxruntime']) {
      const executable = await (await engine(name)).compile(graph, {});
      const { y } = await executable.run({ x: randomFloats([2, 2]) });
      expect(y?.shape).toEqual([2, 5]);
      expect([y?.data[0], y?.data[3], y?.data[5]]).toEqual([1, 0, 1]);
    }
  });

  it('says which input has the wrong shape', async () => {
    const graph = trace(({ x }) => ({ y: tf.neg(x as tf.Tensor) }), { x: { shape: [SYMBOLIC_BATCH, 2] } });
    const executable = await (await engine('onnxruntime')).compile(graph, {});
    await expect(executable.run({ x: randomFloats([2, 3]) })).rejects.toThrow(
      'The input "x" is float32 [2, 3], expected float32 [batch, 2].',
    );
    await expect(executable.run({})).rejects.toThrow('The input "x" of the model is not given.');
  });
});
