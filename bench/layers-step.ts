/** A training step of a tf.layers model with Adam, as bench/train.ts runs it. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { float32, sizeOf, type DType, type TensorData } from '../src/core/tensor.js';
import { withWeights } from '../src/graph/bind-weights.js';
import type { StepGraph } from '../src/graph/step-graph.js';
import { trace } from '../src/graph/trace.js';
import { optimizerNamed } from '../src/training/optimizers/index.js';
import { OPTIMIZER_DEFAULTS } from '../src/training/optimizers/optimizer.js';

export interface LayersStepOptions {
  readonly batch: number;
  readonly input: { readonly shape: readonly number[]; readonly dtype: DType };
  readonly target: readonly number[];
  readonly loss: (targets: tf.Tensor, outputs: tf.Tensor) => tf.Scalar;
  /** All parameters in one tensor, which is faster; or one for each. */
  readonly flat?: boolean;
}

/**
 * State: `parameters` and the two moments of Adam, [size] each, or one of each for every weight (parameters0, first0, …);
 * per step: `rate`; rows: `x` and `y`.
 */
export function layersStep(
  model: LayersModel,
  { batch, input, target, loss, flat: isFlat = true }: LayersStepOptions,
): { step: StepGraph; state: Record<string, TensorData> } {
  const variables = model.trainableWeights;
  const groups = isFlat
    ? [{ suffix: '', members: variables }]
    : variables.map((variable, i) => ({ suffix: String(i), members: [variable] }));
  const optimizer = optimizerNamed('adam');
  const state: Record<string, TensorData> = {};
  for (const { suffix, members } of groups) {
    const values = tf.tidy(() =>
      tf.concat(members.map((v) => tf.reshape(v.read(), [-1]))).dataSync(),
    ) as Float32Array;
    state[`parameters${suffix}`] = float32([values.length], values.slice());
    for (const slot of ['first', 'second'])
      state[`${slot}${suffix}`] = float32([values.length], new Float32Array(values.length));
  }
  const graph = trace(
    (given) => {
      const at = (name: string): tf.Tensor => given[name] as tf.Tensor;
      const parts = groups.flatMap(({ suffix, members }) => {
        const shapes = members.map(({ shape }) => shape as number[]);
        const flat = tf.split(at(`parameters${suffix}`), shapes.map(sizeOf));
        return flat.map((part, i) => tf.reshape(part, shapes[i] ?? []));
      });
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
        withWeights(
          variables.map((variable, i) => [variable, values[i] as tf.Tensor] as const),
          () => loss(at('y'), model.apply(at('x'), { training: true }) as tf.Tensor),
        ),
      )(parts);
      const outputs: Record<string, tf.Tensor> = { loss: value };
      let from = 0;
      for (const { suffix, members } of groups) {
        const own = grads.slice(from, (from += members.length));
        const gradient = tf.concat(own.map((slope) => tf.reshape(slope, [slope.size])));
        const slots = [at(`first${suffix}`), at(`second${suffix}`)];
        const moved = optimizer.direction(gradient, slots, OPTIMIZER_DEFAULTS, []);
        outputs[`parameters${suffix}'`] = tf.sub(
          at(`parameters${suffix}`),
          tf.mul(moved.direction, at('rate')),
        );
        outputs[`first${suffix}'`] = moved.slots[0] as tf.Tensor;
        outputs[`second${suffix}'`] = moved.slots[1] as tf.Tensor;
      }
      return outputs;
    },
    {
      ...Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, { shape }])),
      x: { shape: [batch, ...input.shape], dtype: input.dtype },
      y: { shape: [batch, ...target] },
      rate: { shape: [] },
    },
  );
  const step: StepGraph = {
    graph,
    state: Object.keys(state).map((name) => ({ input: name, output: `${name}'` })),
    rows: ['x', 'y'],
    indexShape: [batch],
    perStep: ['rate'],
    resident: [],
    results: ['loss'],
  };
  return { step, state };
}
