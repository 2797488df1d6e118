import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { OPTIMIZER_NAMES } from '../../../src/core/training-names.js';
import { optimizerNamed } from '../../../src/training/optimizers/index.js';
import { optimizerOptions } from '../../../src/training/optimizers/optimizer.js';

interface Fixture {
  readonly start: number[];
  readonly gradients: number[][];
  readonly learningRate: number;
  readonly optimizers: Record<string, number[][]>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/training.json', import.meta.url), 'utf8'),
) as Fixture;

describe('optimizers', () => {
  it.each(Object.keys(fixture.optimizers))('%s moves as it does in PyTorch', (name) => {
    const optimizer = optimizerNamed(name);
    const epsilon = name === 'adam' || name === 'nadam' ? 1e-12 : undefined;
    const options = optimizerOptions(optimizer, { epsilon });
    let parameters: tf.Tensor = tf.tensor1d(fixture.start);
    let slots: readonly tf.Tensor[] = optimizer.slots.map((first) => tf.fill([fixture.start.length], first));
    fixture.gradients.forEach((gradient, step) => {
      const moved = optimizer.direction(
        tf.tensor1d(gradient),
        slots,
        options,
        (optimizer.factors?.(step + 1, options) ?? []).map((factor) => tf.scalar(factor)),
      );
      const rate = optimizer.rate(fixture.learningRate, step + 1, options);
      parameters = tf.sub(parameters, tf.mul(moved.direction, rate));
      slots = moved.slots;
      const expected = fixture.optimizers[name]?.[step] ?? [];
      parameters.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 5);
      });
    });
  });

  it('has a fixture for each', () => {
    expect([...Object.keys(fixture.optimizers), 'adamw'].sort()).toEqual([...OPTIMIZER_NAMES].sort());
  });

  it('names the nearest optimizer for a misspelt one', () => {
    expect(() => optimizerNamed('adm')).toThrow('Did you mean "adam"?');
  });
});
