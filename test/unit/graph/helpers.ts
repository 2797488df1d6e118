import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Random } from '../../../src/core/random.js';
import { float32, sizeOf, type TensorData } from '../../../src/core/tensor.js';
import { variableOf, withWeights, type Weight } from '../../../src/graph/bind-weights.js';
import type { StepGraph } from '../../../src/graph/step-graph.js';
import { trace } from '../../../src/graph/trace.js';

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
  const weights = model.weights as unknown as Weight[];
  const variables = weights.map(variableOf);
  const trainable = variables.filter((variable) => variable.trainable);
  const others = variables.filter((variable) => !variable.trainable);
  const flat = tf.tidy(() => tf.concat(trainable.map((v) => tf.reshape(v, [-1]))).dataSync()) as Float32Array;
  const size = flat.length;
  const inputShape = [options.batch, ...(model.inputs[0]?.shape.slice(1) as number[])];
  const adam = options.optimizer !== 'sgd';
  const graph = trace(
    (inputs) => {
      const get = (name: string): tf.Tensor => inputs[name] as tf.Tensor;
      const parts: tf.Tensor[] = [];
      let offset = 0;
      for (const variable of trainable) {
        parts.push(tf.reshape(tf.slice(get('p'), [offset], [variable.size]), variable.shape));
        offset += variable.size;
      }
      const bindings = [
        ...trainable.map((v, i) => [v, parts[i]] as [Weight, tf.Tensor]),
        ...others.map((v, i) => [v, get(`s${i}`)] as [Weight, tf.Tensor]),
      ];
      return withWeights(bindings, (bound) => {
        const { value, grads } = tf.variableGrads(
          () => options.loss(get('y'), model.apply(get('x'), { training: true }) as tf.Tensor),
          bound.variables.slice(0, trainable.length),
        );
        const gradient = tf.concat(
          trainable.map((v) => tf.reshape(grads[v.name] ?? tf.zeros(v.shape), [-1])),
        );
        const statistics = Object.fromEntries(
          others.map((_, i) => [`s${i}'`, bound.current(trainable.length + i)]),
        );
        if (!adam) return { "p'": tf.sub(get('p'), tf.mul(gradient, get('lr'))), loss: value, ...statistics };
        const m = tf.add(tf.mul(get('m'), 0.9), gradient);
        const v = tf.add(tf.mul(get('v'), 0.999), tf.square(gradient));
        const p = tf.sub(get('p'), tf.mul(tf.div(m, tf.add(tf.sqrt(v), 1e-7 / Math.sqrt(0.001))), get('lr')));
        return { "p'": p, "m'": m, "v'": v, loss: value, ...statistics };
      });
    },
    {
      p: { shape: [size] },
      ...(adam ? { m: { shape: [size] }, v: { shape: [size] } } : {}),
      ...Object.fromEntries(others.map((v, i) => [`s${i}`, { shape: v.shape }])),
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
    state[`s${i}`] = float32(v.shape, (v.dataSync() as Float32Array).slice());
  });
  return { step, state };
}
