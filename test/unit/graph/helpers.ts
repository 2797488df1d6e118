import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Random } from '../../../src/core/random.js';
import { float32, sizeOf, type TensorData } from '../../../src/core/tensor.js';
import { withWeights } from '../../../src/graph/bind-weights.js';
import type { StepGraph } from '../../../src/graph/step-graph.js';
import { keep, trace } from '../../../src/graph/trace.js';

export { tf, layers };

/** Reproducible numbers in [-1, 1). */
export function randomFloats(shape: readonly number[], seed = 1): TensorData & { data: Float32Array } {
  const random = Random.of(seed, 'test');
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
  );
}

export interface StepOptions {
  readonly batch: number;
  readonly target: readonly number[];
  readonly loss: (truth: tf.Tensor, prediction: tf.Tensor) => tf.Scalar;
  readonly optimizer?: 'sgd' | 'adam';
}

/** A whole training step of a tf.layers model over one flat parameter vector, as training does it. */
export function traceStep(
  model: layers.LayersModel,
  options: StepOptions,
): { step: StepGraph; state: Record<string, TensorData> } {
  const trainable = model.trainableWeights;
  const others = model.nonTrainableWeights;
  const flat = tf.tidy(() =>
    tf.concat(trainable.map((v) => tf.reshape(v.read(), [-1]))).dataSync(),
  ) as Float32Array;
  const size = flat.length;
  const inputShape = [options.batch, ...(model.inputs[0]?.shape.slice(1) as number[])];
  const adam = options.optimizer !== 'sgd';
  const graph = trace(
    (inputs) => {
      const get = (name: string): tf.Tensor => inputs[name] as tf.Tensor;
      const parts: tf.Tensor[] = [];
      let offset = 0;
      for (const { shape } of trainable) {
        const width = sizeOf(shape as number[]);
        parts.push(tf.reshape(tf.slice(get('p'), [offset], [width]), shape as number[]));
        offset += width;
      }
      const after: tf.Tensor[] = [];
      const { value, grads } = tf.valueAndGrads((...weights: tf.Tensor[]) =>
        withWeights(
          [
            ...trainable.map((v, i) => [v, weights[i] as tf.Tensor] as const),
            ...others.map((v, i) => [v, get(`s${i}`)] as const),
          ],
          (bound) => {
            const loss = options.loss(get('y'), model.apply(get('x'), { training: true }) as tf.Tensor);
            others.forEach((_, i) => after.push(keep(bound.current(trainable.length + i))));
            return loss;
          },
        ),
      )(parts);
      const gradient = tf.concat(grads.map((g) => tf.reshape(g, [-1])));
      const statistics = Object.fromEntries(others.map((_, i) => [`s${i}'`, after[i] as tf.Tensor]));
      if (!adam) return { "p'": tf.sub(get('p'), tf.mul(gradient, get('lr'))), loss: value, ...statistics };
      const m = tf.add(tf.mul(get('m'), 0.9), gradient);
      const v = tf.add(tf.mul(get('v'), 0.999), tf.square(gradient));
      const p = tf.sub(get('p'), tf.mul(tf.div(m, tf.add(tf.sqrt(v), 1e-7 / Math.sqrt(0.001))), get('lr')));
      return { "p'": p, "m'": m, "v'": v, loss: value, ...statistics };
    },
    {
      p: { shape: [size] },
      ...(adam ? { m: { shape: [size] }, v: { shape: [size] } } : {}),
      ...Object.fromEntries(others.map((v, i) => [`s${i}`, { shape: v.shape as number[] }])),
      x: { shape: inputShape },
      y: { shape: [options.batch, ...options.target] },
      lr: { shape: [] },
    },
  );
  const names = ['p', ...(adam ? ['m', 'v'] : []), ...others.map((_, i) => `s${i}`)];
  const random = graph.inputs.some(({ name }) => name === 'randomPool');
  const step: StepGraph = {
    graph,
    state: names.map((name) => ({ input: name, output: `${name}'` })),
    rows: ['x', 'y'],
    indexShape: [options.batch],
    perStep: ['lr', ...(random ? ['randomOffsets'] : [])],
    resident: random ? ['randomPool'] : [],
    results: ['loss'],
  };
  const state: Record<string, TensorData> = { p: float32([size], flat.slice()) };
  if (adam) {
    state['m'] = float32([size], new Float32Array(size));
    state['v'] = float32([size], new Float32Array(size));
  }
  others.forEach((v, i) => {
    state[`s${i}`] = float32(v.shape as number[], (v.read().dataSync() as Float32Array).slice());
  });
  return { step, state };
}
