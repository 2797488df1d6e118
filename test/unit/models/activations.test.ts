import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS, type Activation } from '../../../src/models/layers/activations.js';
import { crossEntropy, focal } from '../../../src/training/losses/classification.js';
import { huber, mae, mse } from '../../../src/training/losses/regression.js';

/** (f(x + h) − f(x − h)) / 2h, in float32: good to about three digits. */
function slope(f: (x: number) => number, x: number): number {
  const h = 1e-2;
  return (f(x + h) - f(x - h)) / (2 * h);
}

const POINTS = [-30, -3, -0.7, -0.2, 0.3, 1.4, 5, 30, 80];

describe('activations', () => {
  it.each(Object.keys(ACTIVATIONS) as Activation[])('%s has the gradient of its values', (name) => {
    const f = ACTIVATIONS[name];
    const gradient = tf
      .grad((x) => tf.sum(f(x)))(tf.tensor1d(POINTS))
      .dataSync();
    POINTS.forEach((point, i) => {
      const value = (x: number): number => f(tf.scalar(x)).dataSync()[0] as number;
      expect(gradient[i]).toBeCloseTo(slope(value, point), 1);
      expect(Number.isFinite(value(point))).toBe(true);
    });
  });

  it('mish and gelu have their published values', () => {
    const at = (name: Activation, x: number): number =>
      ACTIVATIONS[name](tf.scalar(x)).dataSync()[0] as number;
    expect(at('mish', 1)).toBeCloseTo(0.865098, 5);
    expect(at('gelu', 1)).toBeCloseTo(0.841345, 5);
    expect(at('silu', 1)).toBeCloseTo(0.731059, 5);
  });
});

describe('losses', () => {
  const options = { labelSmoothing: 0.1 };
  it.each([crossEntropy, focal, mse, mae, huber])('$name has the gradient of its values', (loss) => {
    const units = loss.tasks.includes('regression') ? 1 : 3;
    const outputs = tf.tensor3d([0.3, -1.2, 2.5, 0.7, 0.1, -0.4].slice(0, 2 * units), [1, 2, units]);
    const targets = tf.tensor2d([[1, 0]]);
    const total = (z: tf.Tensor): tf.Scalar => tf.sum(loss.rows(z as tf.Tensor3D, targets, options));
    const gradient = tf.grad(total)(outputs).dataSync();
    const values = [...outputs.dataSync()];
    values.forEach((value, i) => {
      const f = (x: number): number =>
        total(
          tf.tensor3d(
            values.map((other, j) => (j === i ? x : other)),
            [1, 2, units],
          ),
        ).dataSync()[0] as number;
      expect(gradient[i]).toBeCloseTo(slope(f, value), 2);
    });
  });

  it('cross-entropy stays finite where another row is far larger', () => {
    const outputs = tf.tensor3d([500, -500, 0.5, -0.5], [1, 2, 2]);
    const rows = crossEntropy.rows(outputs, tf.tensor2d([[0, 0]]), { labelSmoothing: 0 }).dataSync();
    expect(rows[0]).toBeCloseTo(0);
    expect(rows[1]).toBeCloseTo(Math.log(1 + Math.exp(-1)));
  });
});
