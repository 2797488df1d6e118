import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/json.js';
import { float32, type TensorData } from '../../src/core/tensor.js';
import { withWeights } from '../../src/graph/bind-weights.js';
import type { Graph } from '../../src/graph/graph.js';
import { optimize } from '../../src/graph/passes/index.js';
import { scan } from '../../src/graph/scan/trace.js';
import { graphFromFiles, graphToFiles } from '../../src/graph/serialize.js';
import { SYMBOLIC_BATCH } from '../../src/graph/symbolic.js';
import { trace } from '../../src/graph/trace.js';
import { layers, randomFloats, tf } from '../unit/graph/helpers.js';
import { runOn, TESTED, type Case } from './oracle.js';
import { paritySuite, relativeError } from './suite.js';

const L = layers.layers;
type Layer = layers.layers.Layer;

const glorot = { recurrentInitializer: 'glorotUniform' } as const;
const STEPS = 4;
const BATCH = 3;

/** Recurrent layers as users write them, applied to sequences [3, 4, 2]. */
const makers: Record<string, () => Layer[]> = {
  simpleRNN: () => [L.simpleRNN({ units: 3, ...glorot })],
  'simpleRNN with relu, without bias': () => [
    L.simpleRNN({ units: 3, activation: 'relu', useBias: false, ...glorot }),
  ],
  lstm: () => [L.lstm({ units: 3, ...glorot })],
  'lstm with the logistic function': () => [L.lstm({ units: 3, recurrentActivation: 'sigmoid', ...glorot })],
  'lstm with other activations': () => [
    L.lstm({ units: 3, activation: 'softsign', recurrentActivation: 'softplus', ...glorot }),
  ],
  'lstm returning sequences': () => [L.lstm({ units: 3, returnSequences: true, ...glorot })],
  'lstm backwards': () => [L.lstm({ units: 3, goBackwards: true, returnSequences: true, ...glorot })],
  gru: () => [L.gru({ units: 3, ...glorot })],
  'gru returning sequences, logistic': () => [
    L.gru({ units: 3, recurrentActivation: 'sigmoid', returnSequences: true, ...glorot }),
  ],
  stacked: () => [L.lstm({ units: 3, returnSequences: true, ...glorot }), L.gru({ units: 2, ...glorot })],
  'stacked cells': () => [
    L.rnn({ cell: [L.lstmCell({ units: 3, ...glorot }), L.gruCell({ units: 2, ...glorot })] }),
  ],
  masked: () => [L.masking({ maskValue: 0 }), L.lstm({ units: 3, returnSequences: true, ...glorot })],
  'masked gru, backwards': () => [
    L.masking({ maskValue: 0 }),
    L.gru({ units: 3, goBackwards: true, ...glorot }),
  ],
  ...Object.fromEntries(
    (['sum', 'mul', 'concat', 'ave'] as const).map((mergeMode) => [
      `bidirectional, ${mergeMode}`,
      () => [L.bidirectional({ layer: L.lstm({ units: 2, returnSequences: true, ...glorot }), mergeMode })],
    ]),
  ),
};

/** Some whole steps are zeros, so that a masking layer masks them. */
function sequences(): TensorData & { data: Float32Array } {
  const x = randomFloats([BATCH, STEPS, 2], 3);
  for (const [row, step] of [
    [0, 3],
    [1, 0],
    [1, 2],
  ] as const) {
    x.data.fill(0, (row * STEPS + step) * 2, (row * STEPS + step + 1) * 2);
  }
  return x;
}

function modelOf(all: readonly Layer[], shape: readonly number[]): layers.LayersModel {
  const input = layers.input({ shape: [...shape] });
  let x: layers.SymbolicTensor = input;
  for (const layer of all) x = layer.apply(x) as layers.SymbolicTensor;
  return withFixedWeights(layers.model({ inputs: input, outputs: x }));
}

function withFixedWeights(model: layers.LayersModel): layers.LayersModel {
  const values = model.getWeights().map(({ shape }, i) => tf.tensor(randomFloats(shape, i + 20).data, shape));
  model.setWeights(values);
  return model;
}

function lossOf(model: layers.LayersModel, x: tf.Tensor): tf.Scalar {
  const y = model.apply(x, { training: false }) as tf.Tensor;
  const weights = tf.tensor(
    Array.from({ length: y.size }, (_, i) => Math.cos(i + 1)),
    y.shape,
  );
  return tf.sum(tf.mul(y, weights));
}

/** The loss and its gradient for the input and every weight, as a graph. */
function traced(
  model: layers.LayersModel,
  x: TensorData,
): { graph: Graph; weights: Record<string, TensorData> } {
  const variables = model.trainableWeights;
  const weights = Object.fromEntries(
    variables.map((v, i) => [
      `w${i}`,
      float32(v.shape as number[], (v.read().dataSync() as Float32Array).slice()),
    ]),
  );
  const graph = trace(
    (given) => {
      const { value, grads } = tf.valueAndGrads((input: tf.Tensor, ...values: tf.Tensor[]) =>
        withWeights(
          variables.map((v, i) => [v, values[i] as tf.Tensor] as const),
          () => lossOf(model, input),
        ),
      )([given['x'] as tf.Tensor, ...variables.map((_, i) => given[`w${i}`] as tf.Tensor)]);
      const [dx, ...slopes] = grads;
      return {
        loss: value,
        dx: dx as tf.Tensor,
        ...Object.fromEntries(slopes.map((slope, i) => [`d${i}`, slope])),
      };
    },
    {
      x: { shape: x.shape },
      ...Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, { shape }])),
    },
  );
  return { graph, weights };
}

/** The same by tfjs itself, step by step. */
function eager(model: layers.LayersModel, x: TensorData): Record<string, TensorData> {
  const variables = model.trainableWeights.map((weight) => weight.read()) as unknown as tf.Variable[];
  const data = (tensor: tf.Tensor) => float32(tensor.shape, tensor.dataSync() as Float32Array);
  const results: Record<string, TensorData> = {};
  tf.tidy(() => {
    const input = tf.tensor(x.data as Float32Array, [...x.shape]);
    const { value, grads } = tf.variableGrads(() => lossOf(model, input), variables);
    results['loss'] = data(value);
    results['dx'] = data(tf.grad((given: tf.Tensor) => lossOf(model, given))(input));
    variables.forEach((v, i) => (results[`d${i}`] = data(grads[v.name] as tf.Tensor)));
  });
  return results;
}

async function agrees(model: layers.LayersModel, x: TensorData): Promise<void> {
  const { graph, weights } = traced(model, x);
  const expected = eager(model, x);
  expect(graph.nodes.some(({ op }) => op === 'Scan')).toBe(true);
  const forms = {
    traced: ['reference', graph],
    optimized: [TESTED, graph],
    expanded: [TESTED, optimize(graph, { loops: 'expand' })],
  } as const;
  for (const [form, [engine, candidate]] of Object.entries(forms)) {
    const outputs = await runOn(engine, candidate, { x, ...weights });
    for (const [name, tensor] of Object.entries(expected)) {
      expect(relativeError(outputs[name], tensor), `${form} ${name}`).toBeLessThan(2e-5);
    }
  }
  expect(forms.expanded[1].nodes.some(({ op }) => op === 'Scan')).toBe(false);
}

describe('recurrent layers are loops with the results and gradients that tfjs computes step by step', () => {
  for (const [name, make] of Object.entries(makers)) {
    it(name, async () => {
      await agrees(modelOf(make(), [STEPS, 2]), sequences());
    });
  }

  it('convLstm2d', async () => {
    const layer = L.convLstm2d({ filters: 2, kernelSize: 2, padding: 'same', ...glorot });
    await agrees(modelOf([layer], [3, 4, 4, 1]), randomFloats([2, 3, 4, 4, 1], 3));
  });

  it('with returned and given states', async () => {
    const input = layers.input({ shape: [STEPS, 2] });
    const [, h, c] = L.lstm({ units: 3, returnState: true, ...glorot }).apply(
      input,
    ) as layers.SymbolicTensor[];
    const decoder = L.lstm({ units: 3, returnSequences: true, ...glorot });
    const output = decoder.apply(input, { initialState: [h, c] }) as layers.SymbolicTensor;
    await agrees(withFixedWeights(layers.model({ inputs: input, outputs: output })), sequences());
  });
});

describe('loops in a graph', () => {
  it('keep in the body only what depends on the state', () => {
    const model = modelOf([L.lstm({ units: 3, recurrentActivation: 'sigmoid', ...glorot })], [STEPS, 2]);
    const { graph } = traced(model, sequences());
    const bodies = optimize(graph).nodes.flatMap(({ body }) => (body === undefined ? [] : [body]));
    const ops = bodies.map(({ nodes }) =>
      nodes
        .map(({ op }) => op)
        .sort()
        .join(' '),
    );
    expect([...new Set(ops)]).toEqual([
      'Add Gemm Multiply Multiply Multiply Sigmoid Sigmoid Sigmoid SplitV Tanh Tanh',
      'Add BatchMatMul Concat Multiply Multiply Multiply',
    ]);
  });

  it('take batches of any size', async () => {
    const model = modelOf([L.lstm({ units: 3, returnSequences: true, ...glorot })], [STEPS, 2]);
    const graph = trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), {
      x: { shape: [SYMBOLIC_BATCH, STEPS, 2] },
    });
    for (const rows of [1, 5]) {
      const x = randomFloats([rows, STEPS, 2], rows);
      const eagerly = model.predict(tf.tensor(x.data, [rows, STEPS, 2])) as tf.Tensor;
      const expected = float32(eagerly.shape, eagerly.dataSync() as Float32Array);
      for (const engine of ['reference', TESTED]) {
        const { y } = await runOn(engine, graph, { x });
        expect(relativeError(y, expected)).toBeLessThan(1e-6);
      }
    }
  });

  it('go into files and back', async () => {
    const model = modelOf([L.gru({ units: 3, ...glorot })], [STEPS, 2]);
    const graph = trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), {
      x: { shape: [BATCH, STEPS, 2] },
    });
    const { topology, constants } = graphToFiles(graph);
    const restored = graphFromFiles(JSON.parse(JSON.stringify(topology)) as Json, constants);
    const x = sequences();
    const [before, after] = [
      await runOn('reference', graph, { x }),
      await runOn('reference', restored, { x }),
    ];
    expect(after['y']?.data).toEqual(before['y']?.data);
  });

  it('are refused for stateful layers, by name', () => {
    const layer = L.lstm({ units: 2, stateful: true, batchInputShape: [2, 3, 1], name: 'memory' });
    const model = layers.sequential({ layers: [layer] });
    const traceIt = () =>
      trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), { x: { shape: [2, 3, 1] } });
    expect(traceIt).toThrow(/"memory" is stateful/);
  });

  it('share a dropout mask between the steps of a layer', () => {
    const model = modelOf([L.lstm({ units: 3, dropout: 0.3, recurrentDropout: 0.2, ...glorot })], [STEPS, 2]);
    const graph = trace(({ x }) => ({ y: model.apply(x as tf.Tensor, { training: true }) as tf.Tensor }), {
      x: { shape: [BATCH, STEPS, 2] },
    });
    const draws = graph.nodes.filter(({ op }) => op === 'RandomUniform');
    expect(draws).toHaveLength(8);
    expect(graph.nodes.filter(({ op }) => op === 'Scan')).toHaveLength(1);
  });
});

/** Loops as such, against differences in double precision. */
const cases: readonly Case[] = [
  {
    name: 'a running product with a captured matrix',
    inputs: { x: { shape: [4, 2, 3] }, w: { shape: [3, 3] }, h: { shape: [2, 3] } },
    build: ({ x, w, h }) => {
      const { states, results } = scan(
        ([state], [element]) => {
          const next = tf.tanh(tf.add(tf.matMul(state as tf.Tensor, w as tf.Tensor), element as tf.Tensor));
          return { states: [next], results: [tf.mul(next, state as tf.Tensor)] };
        },
        [h as tf.Tensor],
        [x as tf.Tensor],
      );
      return tf.add(tf.sum(results[0] as tf.Tensor, 0), states[0] as tf.Tensor);
    },
  },
  {
    name: 'two states, one of which nobody reads',
    inputs: { x: { shape: [3, 2] }, a: { shape: [] } },
    build: ({ x, a }) =>
      scan(
        ([first, second], [element]) => ({
          states: [
            tf.add(tf.mul(first as tf.Tensor, a as tf.Tensor), tf.square(element as tf.Tensor)),
            tf.add(second as tf.Tensor, 1),
          ],
          results: [],
        }),
        [tf.zeros([2]), tf.zeros([2])],
        [x as tf.Tensor],
      ).states[0] as tf.Tensor,
  },
  {
    name: 'a loop in a loop',
    inputs: { x: { shape: [2, 3, 2] } },
    build: ({ x }) =>
      scan(
        ([state], [rows]) => {
          const inner = scan(
            ([h], [element]) => ({
              states: [tf.sin(tf.add(h as tf.Tensor, tf.mul(element as tf.Tensor, state as tf.Tensor)))],
              results: [],
            }),
            [state as tf.Tensor],
            [rows as tf.Tensor],
          );
          return { states: inner.states, results: [] };
        },
        [tf.ones([2])],
        [x as tf.Tensor],
      ).states[0] as tf.Tensor,
  },
];

describe('loops', () => {
  paritySuite(cases);
});
