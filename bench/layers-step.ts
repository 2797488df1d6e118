/** A training step of a tf.layers model with Adam, all parameters in one tensor, as bench/train.ts runs it. */
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
}

/** State: `parameters` and the two moments of Adam, [size] each; per step: `rate`; rows: `x` and `y`. */
export function layersStep(
  model: LayersModel,
  { batch, input, target, loss }: LayersStepOptions,
): { step: StepGraph; state: Record<string, TensorData> } {
  const variables = model.trainableWeights;
  const sizes = variables.map(({ shape }) => sizeOf(shape as number[]));
  const flat = tf.tidy(() =>
    tf.concat(variables.map((v) => tf.reshape(v.read(), [-1]))).dataSync(),
  ) as Float32Array;
  const optimizer = optimizerNamed('adam');
  const names = ['parameters', 'first', 'second'];
  const graph = trace(
    (given) => {
      const at = (name: string): tf.Tensor => given[name] as tf.Tensor;
      const parts = tf
        .split(at('parameters'), sizes)
        .map((part, i) => tf.reshape(part, (variables[i]?.shape ?? []) as number[]));
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
        withWeights(
          variables.map((variable, i) => [variable, values[i] as tf.Tensor] as const),
          () => loss(at('y'), model.apply(at('x'), { training: true }) as tf.Tensor),
        ),
      )(parts);
      const gradient = tf.concat(grads.map((slope) => tf.reshape(slope, [slope.size])));
      const moved = optimizer.direction(gradient, [at('first'), at('second')], OPTIMIZER_DEFAULTS, []);
      return {
        "parameters'": tf.sub(at('parameters'), tf.mul(moved.direction, at('rate'))),
        "first'": moved.slots[0] as tf.Tensor,
        "second'": moved.slots[1] as tf.Tensor,
        loss: value,
      };
    },
    {
      ...Object.fromEntries(names.map((name) => [name, { shape: [flat.length] }])),
      x: { shape: [batch, ...input.shape], dtype: input.dtype },
      y: { shape: [batch, ...target] },
      rate: { shape: [] },
    },
  );
  const step: StepGraph = {
    graph,
    state: names.map((name) => ({ input: name, output: `${name}'` })),
    rows: ['x', 'y'],
    indexShape: [batch],
    perStep: ['rate'],
    resident: [],
    results: ['loss'],
  };
  const empty = () => float32([flat.length], new Float32Array(flat.length));
  return {
    step,
    state: { parameters: float32([flat.length], flat.slice()), first: empty(), second: empty() },
  };
}
