import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// The backend that weights are made on.
import '@tensorflow/tfjs-backend-cpu';
import type * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/core/json.js';
import type { ModelArguments } from '../../../src/models/file/definition.js';
import { loadLayersModel } from '../../../src/models/file/layers-model.js';

const tensor = (layer: string): JsonObject => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 6, 4], dtype: 'float32', keras_history: [layer, 0, 0] },
});

const attention = { name: 'mha', num_heads: 2, key_dim: 3 };

/** A model of Keras 3 with one layer that is called once. */
function keras3(kind: string, config: JsonObject, args: Json, kwargs: JsonObject): JsonObject {
  const layer = (class_name: string, own: JsonObject, inbound_nodes: Json): JsonObject => ({
    class_name,
    name: own['name'] ?? null,
    module: 'keras.layers',
    registered_name: null,
    config: own,
    inbound_nodes,
  });
  return {
    class_name: 'Functional',
    config: {
      name: 'model',
      layers: [
        layer('InputLayer', { name: 'x', batch_shape: [null, 6, 4], dtype: 'float32' }, []),
        layer(kind, config, [{ args, kwargs }]),
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [[config['name'] as string, 0, 0]],
    },
  };
}

/** The same call as Keras 2 writes it. */
function keras2(config: JsonObject, kwargs: JsonObject): JsonObject {
  return {
    class_name: 'Functional',
    config: {
      name: 'model',
      layers: [
        {
          class_name: 'InputLayer',
          name: 'x',
          config: { name: 'x', batch_input_shape: [null, 6, 4], dtype: 'float32' },
          inbound_nodes: [],
        },
        { class_name: 'MultiHeadAttention', name: 'mha', config, inbound_nodes: [[['x', 0, 0, kwargs]]] },
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['mha', 0, 0]],
    },
  };
}

async function built(topology: JsonObject): Promise<tfl.LayersModel> {
  const path = join(await mkdtemp(join(tmpdir(), 'aimaas-keras-')), 'model.json');
  await writeFile(path, JSON.stringify(topology));
  return (await loadLayersModel(path, 'model.json')).build({} as ModelArguments);
}

async function failure(topology: JsonObject): Promise<string> {
  return built(topology).then(
    () => 'was built',
    (error: unknown) => (error as Error).message,
  );
}

describe('model.json of Keras', () => {
  it('keeps what MultiHeadAttention is told when it is called', async () => {
    const args = [tensor('x'), tensor('x')];
    for (const topology of [
      keras3('MultiHeadAttention', attention, args, { use_causal_mask: true, attention_mask: null }),
      keras3('MultiHeadAttention', attention, [tensor('x')], { value: tensor('x'), use_causal_mask: true }),
      keras2(attention, { value: ['x', 0, 0], use_causal_mask: true, return_attention_scores: false }),
    ]) {
      const model = await built(topology);
      expect(model.layers[1]?.getConfig()).toMatchObject({ causal: true, numHeads: 2 });
      // Query and value, whether they were given by place or by name.
      expect(model.layers[1]?.inboundNodes[0]?.inputTensors).toHaveLength(2);
    }
    const plain = await built(keras3('MultiHeadAttention', attention, args, {}));
    expect(plain.layers[1]?.getConfig()).toMatchObject({ causal: false });
  });

  it('keeps the width of its output', async () => {
    for (const output_shape of [5, [5]]) {
      const model = await built(
        keras3('MultiHeadAttention', { ...attention, output_shape, attention_axes: [1] }, [tensor('x')], {}),
      );
      expect(model.outputs[0]?.shape).toEqual([null, 6, 5]);
    }
  });

  it.each<[string, JsonObject, RegExp]>([
    [
      'an output of two axes',
      keras3('MultiHeadAttention', { ...attention, output_shape: [2, 3] }, [tensor('x')], {}),
      /layer "mha" of model\.json has output_shape \[2,3\]/,
    ],
    [
      'axes to attend along',
      keras3('MultiHeadAttention', { ...attention, attention_axes: [1, 2] }, [tensor('x')], {}),
      /layer "mha" of model\.json has attention_axes \[1,2\]/,
    ],
    [
      'a mask of attention',
      keras3('MultiHeadAttention', attention, [tensor('x')], { attention_mask: tensor('x') }),
      /layer "mha" of model\.json is called with attention_mask=a tensor/,
    ],
    [
      'scores of attention',
      keras2(attention, { return_attention_scores: true }),
      /layer "mha" of model\.json is called with return_attention_scores=true/,
    ],
    [
      'a layer that is told that it trains',
      keras3('Dropout', { name: 'drop', rate: 0.5 }, [tensor('x')], { training: true }),
      /layer "drop" of model\.json is called with training=true/,
    ],
    [
      'a state to begin with',
      keras3('LSTM', { name: 'lstm', units: 2 }, [tensor('x')], { initial_state: [tensor('x')] }),
      /layer "lstm" of model\.json is called with initial_state/,
    ],
    [
      'groups of channels',
      keras3('Conv1D', { name: 'conv', filters: 2, kernel_size: [3], groups: 2 }, [tensor('x')], {}),
      /layer "conv" of model\.json has groups 2/,
    ],
    [
      'an unknown layer',
      keras3('Foo', { name: 'my_foo' }, [tensor('x')], {}),
      /The layer "my_foo" of model\.json is the layer Foo, which neither tfjs nor aimaas\/layers knows/,
    ],
    [
      'an unknown initializer',
      keras3(
        'Dense',
        { name: 'd', units: 2, kernel_initializer: { class_name: 'Foo', config: {} } },
        [tensor('x')],
        {},
      ),
      /The layer "d" of model\.json has the initializer Foo/,
    ],
  ])('says so instead of losing %s', async (_, topology, message) => {
    expect(await failure(topology)).toMatch(message);
  });
});
