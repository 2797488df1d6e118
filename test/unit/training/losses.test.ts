import { describe, expect, it } from 'vitest';
import type { Clipping } from '../../../src/training/clipping.js';
import type { FitOptions } from '../../../src/training/fit.js';
import { lossFor } from '../../../src/training/losses/index.js';
import { classes, fixture, numbers, rowsOf, train } from '../../helpers/fit.js';

const { x, classes: truth, values, weights, of } = fixture.losses;

const UNLIMITED: Clipping = { value: undefined, weightNorm: undefined, globalNorm: undefined };

/** One step of gradient descent at rate 1 on all rows, weighted, from the weights that PyTorch began with. */
const CASES: Readonly<Record<string, Partial<FitOptions>>> = {
  cross_entropy: { loss: lossFor('multiclass', 'cross_entropy') },
  label_smoothing: { loss: lossFor('multiclass', 'cross_entropy'), labelSmoothing: 0.2 },
  focal: { loss: lossFor('multiclass', 'focal') },
  mse: { loss: lossFor('regression', 'mse') },
  mae: { loss: lossFor('regression', 'mae') },
  huber: { loss: lossFor('regression', 'huber') },
  clip_norm: { clipping: { ...UNLIMITED, globalNorm: 0.7 } },
  clip_value: { clipping: { ...UNLIMITED, value: 0.4 } },
  clip_weight_norm: { clipping: { ...UNLIMITED, weightNorm: 0.5 } },
};

describe.each(Object.keys(of))('a step with %s', (name) => {
  it.each([
    ['onnxruntime', 1],
    ['reference', 1],
    // Only the proportions of weights count.
    ['onnxruntime', 1e-20],
    ['onnxruntime', 1e25],
  ])('is that of PyTorch on %s, rows being weighted times %d', async (engineName, factor) => {
    const { start, loss, after } = of[name] as (typeof of)[string];
    const options = CASES[name] as Partial<FitOptions>;
    const isRegression = options.loss?.tasks.includes('regression') ?? true;
    const data = rowsOf(x, isRegression ? values : truth);
    data.weight.set(weights.map((weight) => weight * factor));
    const result = await train({
      family: 'linear',
      target: isRegression ? numbers : classes,
      data,
      members: 1,
      engineName,
      recipe: {
        optimizer: 'sgd',
        adjusted: {},
        learningRate: 1,
        schedule: 'constant',
        epochs: 1,
        batchSize: 100,
        l2: 0,
        labelSmoothing: 0,
      },
      options: {
        ...options,
        startFrom: (program, initial) => ({
          ...initial,
          parameters: program.parameters.packValues(start),
        }),
      },
    });
    expect(result.records[0]?.loss).toBeCloseTo(loss, 5);
    const found = [...result.outcome.best.parameters];
    after.flat().forEach((expected, i) => {
      expect(found[i]).toBeCloseTo(expected, 5);
    });
  });
});
