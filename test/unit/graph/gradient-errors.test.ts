import { describe, expect, it } from 'vitest';
import { withinOrigin } from '../../../src/graph/trace/origins.js';
import { trace } from '../../../src/graph/trace.js';
import { layers, tf } from './helpers.js';

type Compute = (x: tf.Tensor) => tf.Tensor;

/** A layer that computes what it is told, between two dense ones. */
function modelWith(compute: Compute): layers.LayersModel {
  class Told extends layers.layers.Layer {
    static readonly className = 'Told';
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return compute(Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs);
    }
  }
  return layers.sequential({
    layers: [
      layers.layers.dense({ inputShape: [3], units: 3, name: 'before' }),
      new Told({ name: 'told' }),
      layers.layers.dense({ units: 2, name: 'after' }),
    ],
  });
}

/** The gradient of a model for its input. */
function gradientOf(compute: Compute): ReturnType<typeof trace> {
  const model = modelWith(compute);
  return trace(
    ({ x }) => ({
      dx: tf.grad((given: tf.Tensor) => tf.sum(model.apply(given) as tf.Tensor))(x as tf.Tensor),
    }),
    { x: { shape: [2, 3] } },
  );
}

function ownGradient(gradFunc: (dy: tf.Tensor) => tf.Tensor): Compute {
  const square = tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc }));
  return (x) => square(x);
}

describe('errors of gradients', () => {
  it('name the operation without a gradient and its layer', () => {
    const slope: Compute = (x) => tf.grad(tf.elu)(x);
    expect(() => gradientOf(slope)).toThrow(
      /The operation EluGrad \(in layer "told"\) cannot be part of a compiled model: it has no gradient/,
    );
  });

  it('name an operation of a gradient that a graph cannot hold, and its layer', () => {
    const sorted = ownGradient((dy) =>
      tf.mul(dy, tf.cast(tf.unique(tf.reshape(dy, [-1])).values, 'float32')),
    );
    expect(() => gradientOf(sorted)).toThrow(/The operation Unique \(in layer "told"\)/);
  });

  it('of the wrong shape say so', () => {
    expect(() => gradientOf(ownGradient((dy) => tf.sum(dy)))).toThrow(
      'The gradient has dtype float32 and shape []; expected float32 of [2, 3].',
    );
  });

  it('are handed once to whoever wrote the operation, with the layer', () => {
    const broken = ownGradient(() => {
      throw new TypeError('broken');
    });
    const seen: unknown[] = [];
    const attempt = () =>
      withinOrigin(
        (error, layer) => {
          seen.push(layer);
          return new Error(`mine: ${String(error)}`);
        },
        () => gradientOf(broken),
      );
    expect(attempt).toThrow('mine: TypeError: broken');
    expect(seen).toEqual(['told']);
  });

  it('and nodes of gradients belong to the layer whose gradient they are', () => {
    const { nodes } = gradientOf((x) => tf.tanh(x));
    const squares = nodes.filter(({ op }) => op === 'Square');
    expect(squares.map(({ layer }) => layer)).toEqual(['told']);
    expect(nodes.filter(({ op }) => op === 'BatchMatMul').map(({ layer }) => layer)).toEqual(
      expect.arrayContaining(['before', 'after']),
    );
  });
});
