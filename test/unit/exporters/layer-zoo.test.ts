import { describe, expect, it } from 'vitest';
import { float32, type TensorData } from '../../../src/core/tensor.js';
import { openSavedModel } from '../../../src/engines/reference/saved-model.js';
import { graphModel } from '../../../src/exporters/graph-model.js';
import { loadGraphModel } from '../../../src/exporters/tfjs-runtime.js';
import type { Graph } from '../../../src/graph/graph.js';
import { optimize } from '../../../src/graph/passes/index.js';
import { SYMBOLIC_BATCH } from '../../../src/graph/symbolic.js';
import { toSavedModel } from '../../../src/graph/tensorflow/saved-model.js';
import { trace } from '../../../src/graph/trace.js';
import { withSeededRandom } from '../../../src/models/file/seeded.js';
import { throughOnnx } from '../../helpers/graph-cases.js';
import { LAYER_ZOO, rowsFor, type ZooModel } from '../../helpers/layer-zoo.js';
import type { layers } from '../graph/helpers.js';
import { tf } from '../graph/helpers.js';

type Way = (graph: Graph, x: TensorData) => Promise<ArrayLike<number>> | ArrayLike<number>;

const WAYS: Readonly<Record<string, Way>> = {
  onnx: (graph, x) => throughOnnx(optimize(graph), { x }),
  'saved-model': (graph, x) =>
    openSavedModel(toSavedModel(graph), 'test').run({ x })['y']?.data as Float32Array,
  tfjs: async (graph, x) => {
    const { json, weights } = graphModel(optimize(graph, { loops: 'expand' }), {
      generatedBy: 'test',
      metadata: {},
    });
    const model = await loadGraphModel(json, weights);
    const [y] = await model.execute({ x }, ['y']);
    model.dispose();
    return y as Float32Array;
  },
};

/** tfjs' graph models have no operation for these layers, and say so. */
const NOT_IN_TFJS = ['conv3dTranspose'];

/** What tf.layers itself answers, with tfjs' own kernels. */
async function ownAnswer(model: layers.LayersModel, { shape, data }: TensorData): Promise<Float32Array> {
  await tf.setBackend('cpu');
  return tf.tidy(() =>
    (model.predict(tf.tensor(data as Float32Array, [...shape])) as tf.Tensor).dataSync<'float32'>(),
  );
}

async function forwardOf({ make, input }: ZooModel): Promise<{ model: layers.LayersModel; graph: Graph }> {
  const model = await withSeededRandom(6, 'weights', make);
  const graph = trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), {
    x: { shape: [SYMBOLIC_BATCH, ...input] },
  });
  return { model, graph };
}

describe('every layer, exported, answers what tf.layers does', () => {
  it.each(LAYER_ZOO)('$name', async (zooModel) => {
    const { model, graph } = await forwardOf(zooModel);
    for (const rows of [1, 3]) {
      const x = rowsFor(zooModel, rows);
      const expected = await ownAnswer(model, x);
      for (const [format, answer] of Object.entries(WAYS)) {
        if (format === 'tfjs' && NOT_IN_TFJS.includes(zooModel.name)) continue;
        const y = await answer(graph, x);
        expect(y.length, format).toBe(rows);
        expected.forEach((value, i) => expect(y[i], `${format}, row ${i}`).toBeCloseTo(value, 5));
      }
    }
  });

  it.each(LAYER_ZOO.filter(({ name }) => NOT_IN_TFJS.includes(name)))(
    '$name to tfjs is refused by the name of operation and layer',
    async (zooModel) => {
      const { graph } = await forwardOf(zooModel);
      const x = float32([1, ...zooModel.input], new Float32Array(16));
      await expect(WAYS['tfjs']?.(graph, x)).rejects.toThrow(
        /The operation Conv3DBackpropInputV2 \(in layer "conv3d_?transpose.*"\) cannot be exported to tfjs/i,
      );
    },
  );
});
