import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activationNamed } from '../../../src/layers/identifiers.js';
import * as own from '../../../src/layers/index.js';
import { layers as tfl, tf } from '../graph/helpers.js';

interface Values {
  readonly shape: number[];
  readonly data: number[];
}

interface Fixture {
  readonly attention: readonly {
    readonly name: string;
    readonly causal: boolean;
    readonly arguments: Record<string, number | boolean>;
    readonly query: Values;
    readonly value: Values | null;
    readonly mask: Values | null;
    readonly weights: Values[];
    readonly output: Values;
  }[];
  readonly gru: readonly {
    readonly arguments: Record<string, boolean>;
    readonly input: Values;
    readonly weights: Values[];
    readonly output: Values;
  }[];
  readonly transformer: readonly {
    readonly decoder: boolean;
    readonly arguments: own.TransformerArguments;
    readonly input: Values;
    readonly memory: Values | null;
    readonly weights: Values[];
    readonly output: Values;
    readonly gradient: Values;
  }[];
  readonly activations: { readonly x: Values; readonly y: Record<string, Values> };
  readonly layerNormalization: {
    readonly input: Values;
    readonly weights: Values[];
    readonly output: Values;
  };
  readonly sinusoidal: Values;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/layers.json', import.meta.url), 'utf8'),
) as Fixture;

const tensor = ({ shape, data }: Values): tf.Tensor => tf.tensor(data, shape, 'float32');

function expectClose(got: tf.Tensor, { shape, data }: Values): void {
  expect(got.shape).toEqual(shape);
  got.dataSync().forEach((value, i) => expect(value).toBeCloseTo(data[i] as number, 4));
}

/** The layer applied with these weights, which are in the order in which it makes them. */
function applied(
  layer: tfl.layers.Layer,
  inputs: tf.Tensor | tf.Tensor[],
  weights: readonly Values[],
  kwargs: Record<string, unknown> = {},
): tf.Tensor {
  layer.apply(inputs, kwargs);
  layer.setWeights(weights.map(tensor));
  return layer.apply(inputs, kwargs) as tf.Tensor;
}

const camelCase = (names: Record<string, number | boolean>) =>
  Object.fromEntries(
    Object.entries(names).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

describe('layers that tfjs lacks', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each(fixture.attention)('multi-head attention is that of Keras: $name', (given) => {
    const layer = own.multiHeadAttention({
      ...(camelCase(given.arguments) as { numHeads: number; keyDim: number }),
      causal: given.causal,
    });
    const query = tensor(given.query);
    const mask = given.mask === null ? null : tf.cast(tensor(given.mask), 'bool');
    const inputs = given.value === null ? query : [query, tensor(given.value)];
    const masks = given.value === null ? mask : [null, mask];
    expectClose(applied(layer, inputs, given.weights, { mask: masks }), given.output);
  });

  it.each(fixture.gru)('GRU with reset_after is that of Keras: $arguments', (given) => {
    const layer = own.gruResetAfter({ units: 3, ...camelCase(given.arguments) });
    expectClose(applied(layer, tensor(given.input), given.weights), given.output);
  });

  it.each(fixture.transformer)('blocks and their gradients are those of PyTorch: $arguments', (given) => {
    const layer = (given.decoder ? own.transformerDecoder : own.transformerEncoder)(given.arguments);
    const inputsOf = (x: tf.Tensor) => (given.memory === null ? x : [x, tensor(given.memory)]);
    const x = tensor(given.input);
    const output = applied(layer, inputsOf(x), given.weights);
    expectClose(output, given.output);
    const factors = tf.tensor(
      Array.from({ length: output.size }, (_, i) => Math.cos(i)),
      output.shape,
    );
    const gradient = tf.grad((input: tf.Tensor) =>
      tf.sum(tf.mul(layer.apply(inputsOf(input)) as tf.Tensor, factors)),
    );
    const found = gradient(x);
    found.dataSync().forEach((value, i) => expect(value).toBeCloseTo(given.gradient.data[i] as number, 3));
  });

  it.each(Object.keys(fixture.activations.y))('%s is that of Keras or PyTorch, in both spellings', (name) => {
    const x = tensor(fixture.activations.x);
    const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    for (const spelling of new Set([name, camel])) {
      expectClose(activationNamed(spelling)(x), fixture.activations.y[name] as Values);
    }
  });

  it("tfjs' own layer normalization is that of Keras", () => {
    const { input, weights, output } = fixture.layerNormalization;
    expectClose(applied(tfl.layers.layerNormalization({}), tensor(input), weights), output);
  });

  it('sinusoidal positions are those of the formula, learned ones a table', () => {
    const [time, width] = fixture.sinusoidal.shape as [number, number];
    const zeros = tf.zeros([2, time, width]);
    const waves = own.positionalEmbedding({ kind: 'sinusoidal' }).apply(zeros) as tf.Tensor;
    expectClose(tf.squeeze(tf.slice(waves, [1, 0, 0], [1, -1, -1]), [0]), fixture.sinusoidal);
    const learned = own.positionalEmbedding({ maxLength: time + 3 });
    const table = { shape: [time + 3, width], data: Array.from({ length: (time + 3) * width }, (_, i) => i) };
    const added = applied(learned, zeros, [table]);
    expect(Array.from(added.dataSync().slice(0, time * width))).toEqual(table.data.slice(0, time * width));
    expect(() => learned.apply(tf.zeros([1, time + 4, width]))).toThrow(
      /has 9 positions; its input has 10 steps/,
    );
  });

  it('embeds the columns of codes and leaves the others as they are', () => {
    const columns = [
      { name: 'a', role: 'numeric', cardinality: 0 },
      { name: 'b', role: 'code', cardinality: 3 },
      { name: 'c', role: 'numeric', cardinality: 0 },
    ];
    const layer = own.columnEmbedding({ columns, size: 2 });
    const x = tf.tensor2d([
      [0.5, 2, -1],
      [1.5, 0, 7],
    ]);
    const table = { shape: [3, 2], data: [10, 11, 20, 21, 30, 31] };
    expectClose(applied(layer, x, [table]), { shape: [2, 4], data: [0.5, 30, 31, -1, 1.5, 10, 11, 7] });
    expect(() => own.columnEmbedding({ columns }).apply(tf.zeros([1, 4]))).toThrow(
      /knows 3 columns; its input has 4/,
    );
  });

  it('all are saved and loaded with a model', async () => {
    const input = tfl.input({ shape: [6, 8] });
    const memory = own.positionalEmbedding({ kind: 'sinusoidal' }).apply(input) as tfl.SymbolicTensor;
    const encoded = own
      .transformerEncoder({ numHeads: 2, intermediateDim: 5, activation: 'silu', normalizeFirst: true })
      .apply(own.positionalEmbedding().apply(input)) as tfl.SymbolicTensor;
    const decoded = own
      .transformerDecoder({ numHeads: 4, intermediateDim: 3 })
      .apply([memory, encoded]) as tfl.SymbolicTensor;
    const attended = own
      .multiHeadAttention({ numHeads: 2, keyDim: 3, causal: true, outputDim: 4, kernelRegularizer: 'l1l2' })
      .apply([decoded, encoded]) as tfl.SymbolicTensor;
    const out = own
      .gruResetAfter({ units: 2, recurrentDropout: 0.1, kernelConstraint: 'maxNorm' })
      .apply(attended) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: out });
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler((artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
      }),
    );
    const stored = JSON.parse(JSON.stringify(saved?.modelTopology)) as object;
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: stored }));
    const x = tf.randomNormal([3, 6, 8]);
    expectClose(loaded.predict(x) as tf.Tensor, {
      shape: [3, 2],
      data: Array.from((model.predict(x) as tf.Tensor).dataSync()),
    });
  });
});
