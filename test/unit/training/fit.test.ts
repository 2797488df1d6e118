import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { OPTIMIZER_NAMES } from '../../../src/core/training-names.js';
import { dense } from '../../../src/models/layers/dense.js';
import { batchNorm } from '../../../src/models/layers/regularization.js';
import type { Network } from '../../../src/models/scope.js';
import { epochIndices, type TrainingRows } from '../../../src/training/data.js';
import type { FitOptions } from '../../../src/training/fit.js';
import type { EpochRecord } from '../../../src/training/plan.js';
import {
  answers,
  classes,
  fixture,
  numbers,
  PLAIN_PLAN,
  rowsOf,
  type Setup,
  train,
  wine,
} from '../../helpers/fit.js';

const small = { units: [16, 8], dropout: 0.2, batchNorm: 'on' };

describe('fit', () => {
  it('linear finds the logistic regression that scikit-learn finds', async () => {
    const result = await train({ family: 'linear', target: classes, data: wine, members: 1 });
    const found = await answers(result, wine);
    fixture.logistic.probabilities.flat().forEach((expected, i) => {
      expect(found[i]).toBeCloseTo(expected, 2);
    });
  });

  it('linear finds the ridge regression that scikit-learn finds', async () => {
    const data = rowsOf(fixture.ridge.x, fixture.ridge.y);
    const result = await train({ family: 'linear', target: numbers, data, members: 1 });
    const found = await answers(result, data);
    fixture.ridge.predictions.forEach((expected, i) => {
      expect(found[i]).toBeCloseTo(expected, 2);
    });
  });

  it('gives the same losses on both engines, dropout and batch normalisation included', async () => {
    // Not Adam: it turns rounding differences in near-zero gradients into whole steps.
    const recipe = {
      epochs: 4,
      batchSize: 16,
      optimizer: 'nesterov',
      learningRate: 0.01,
      schedule: 'constant',
    };
    const setup: Setup = { family: 'mlp', target: classes, data: wine, params: small, recipe };
    const [fast, reference] = [await train(setup), await train({ ...setup, engineName: 'reference' })];
    expect(fast.records).toHaveLength(4);
    fast.records.forEach((record, i) => {
      expect(record.loss).toBeCloseTo(reference.records[i]?.loss as number, 4);
      expect(record.validationLoss).toBeCloseTo(reference.records[i]?.validationLoss as number, 4);
    });
  });

  it('repeats to the bit with the same seed, and resumes to the bit after an interrupt', async () => {
    const setup: Setup = {
      family: 'mlp',
      target: classes,
      data: wine,
      params: small,
      recipe: { epochs: 6, batchSize: 16 },
    };
    const whole = await train(setup);
    const again = await train(setup);
    expect(again.outcome.best.parameters).toEqual(whole.outcome.best.parameters);

    const abort = new AbortController();
    const stopAt = 3;
    const cut = await train({
      ...setup,
      options: {
        signal: abort.signal,
        onRecord: (record) => {
          if (record.epoch === stopAt) abort.abort();
        },
      },
    });
    expect(cut.end).toBe('interrupted');
    const resumed = await train({ ...setup, options: { resume: cut.checkpoints.at(-1) } });
    expect(resumed.end).toBe('complete');
    expect(resumed.outcome.best.parameters).toEqual(whole.outcome.best.parameters);
    expect(resumed.outcome.best.statistics).toEqual(whole.outcome.best.statistics);
    expect(resumed.outcome.progress.history.map((record) => record.loss)).toEqual(
      whole.outcome.progress.history.map((record) => record.loss),
    );
  });

  it.each(OPTIMIZER_NAMES)(
    'resumes %s to the bit, with an average of the weights and limits',
    async (name) => {
      const setup: Setup = {
        family: 'mlp',
        target: classes,
        data: wine,
        members: 2,
        params: { units: [4], dropout: 0.1, numericEmbedding: 'none' },
        recipe: { optimizer: name, adjusted: {}, learningRate: 0.01, epochs: 4, batchSize: 16 },
        average: 0.9,
        options: { clipping: { value: 0.5, weightNorm: 0.3, globalNorm: 0.4 } },
      };
      const whole = await train(setup);
      const abort = new AbortController();
      const onRecord = ({ epoch }: EpochRecord): void => {
        if (epoch === 2) abort.abort();
      };
      const cut = await train({ ...setup, options: { ...setup.options, signal: abort.signal, onRecord } });
      expect(cut.end).toBe('interrupted');
      const resume = cut.checkpoints.at(-1);
      const resumed = await train({ ...setup, options: { ...setup.options, resume } });
      expect(resumed.outcome.best.parameters).toEqual(whole.outcome.best.parameters);
      expect(resumed.outcome.progress.history.map(({ loss }) => loss)).toEqual(
        whole.outcome.progress.history.map(({ loss }) => loss),
      );
    },
  );

  it('says so when the loss is no longer a number', async () => {
    const result = await train({
      family: 'mlp',
      target: numbers,
      data: rowsOf(fixture.ridge.x, fixture.ridge.y),
      params: { units: [8], dropout: 0, numericEmbedding: 'none' },
      recipe: { optimizer: 'sgd', learningRate: 1e30, schedule: 'constant', epochs: 20 },
    });
    expect(result.end).toBe('diverged');
  });

  it('counts a row of weight zero for nothing', async () => {
    const doubled = rowsOf(
      [...fixture.ridge.x, ...fixture.ridge.x],
      [...fixture.ridge.y, ...fixture.ridge.y.map((y) => y + 50)],
    );
    doubled.weight.fill(0, fixture.ridge.y.length);
    const data = rowsOf(fixture.ridge.x, fixture.ridge.y);
    const recipe = { epochs: 300, l2: 0 };
    const [plain, weighted] = [
      await train({ family: 'linear', target: numbers, data, members: 1, recipe }),
      await train({ family: 'linear', target: numbers, data: doubled, members: 1, recipe }),
    ];
    const expected = await answers(plain, data);
    (await answers(weighted, data)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 3);
    });
  });

  it('learns from parts that are loaded in turn, and resumes in the middle of one', async () => {
    const rows = fixture.ridge.y.length;
    const data = rowsOf(fixture.ridge.x, fixture.ridge.y);
    const part = (from: number, to: number) => ({
      members: [Int32Array.from({ length: to - from }, (_, i) => i)],
      rows: () => Promise.resolve(rowsOf(fixture.ridge.x.slice(from, to), fixture.ridge.y.slice(from, to))),
    });
    // Short last batches in every part, nearly as long as the others: each is a step of its own, so the rows of one of
    // two rows would count for more than the others.
    const parts = [part(0, 30), part(30, 50), part(50, rows)];
    const batchSize = 11;
    const stepsPerEpoch = [30, 20, rows - 50].reduce((sum, own) => sum + Math.ceil(own / batchSize), 0);
    const recipe = { epochs: 500, l2: 0 };
    const setup: Setup = { family: 'linear', target: numbers, data, members: 1, recipe };
    const plan: FitOptions['plan'] = {
      seed: 5,
      epochs: 500,
      batchSize,
      stepsPerEpoch,
      learningRate: 0.02,
      warmup: 0,
      schedule: 'cosine',
      weightDecay: 0,
      dropout: 0,
      fadeFrom: 1,
      average: 0,
      evaluateEvery: 1,
      patience: undefined,
    };
    const whole = await train({ ...setup, options: { parts, plan } });
    const once = await train(setup);
    const expected = await answers(once, data);
    (await answers(whole, data)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 1);
    });

    const abort = new AbortController();
    const onSteps = (done: number): void => {
      if (done >= 7) abort.abort();
    };
    const cut = await train({ ...setup, options: { parts, plan, signal: abort.signal, onSteps } });
    expect(cut.end).toBe('interrupted');
    const resumed = await train({ ...setup, options: { parts, plan, resume: cut.checkpoints.at(-1) } });
    expect(resumed.outcome.best.parameters).toEqual(whole.outcome.best.parameters);
  });

  describe('with a short last batch', () => {
    const width = 5;
    const centred: Network = (scope, x) => dense(scope, 'output', batchNorm(scope, 'norm', x), 3, 'glorot');
    /** Every row divided by a sum over all rows of its batch. */
    const shared: Network = (scope, x) =>
      dense(scope, 'output', tf.div(x, tf.sum(tf.abs(x), 1, true)), 3, 'glorot');
    const setupOf = (network: Network, rows: number, batchSize: number, epochs: number): Setup => ({
      family: 'linear',
      target: classes,
      data: rowsOf(fixture.logistic.x.slice(0, rows), fixture.logistic.y.slice(0, rows)),
      members: 1,
      options: {
        network,
        mixesRows: true,
        plan: {
          ...PLAIN_PLAN,
          epochs,
          batchSize,
          stepsPerEpoch: Math.ceil(rows / batchSize),
        },
      },
    });

    /** Means and variances, by column, that the layer should have followed: those of the rows of every batch alone. */
    function followed(data: TrainingRows, batchSize: number, epochs: number): number[] {
      const members = [Int32Array.from({ length: data.rows }, (_, i) => i)];
      const steps = Math.ceil(data.rows / batchSize);
      const moving = [...new Array<number>(width).fill(0), ...new Array<number>(width).fill(1)];
      for (let epoch = 0; epoch < epochs; epoch++) {
        const plan = { seed: 5, epoch, part: 0, steps, batchSize, fillers: { first: -1, perMember: 1 } };
        const order = epochIndices(members, plan);
        for (let step = 0; step < steps; step++) {
          const batch = [...order.subarray(step * batchSize, (step + 1) * batchSize)].filter(
            (row) => row >= 0,
          );
          for (let column = 0; column < width; column++) {
            const values = batch.map((row) => data.x[row * width + column] as number);
            const mean = values.reduce((a, b) => a + b, 0) / values.length;
            const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
            moving[column] = 0.99 * (moving[column] as number) + 0.01 * mean;
            moving[width + column] = 0.99 * (moving[width + column] as number) + 0.01 * variance;
          }
        }
      }
      return moving;
    }

    it.each(['onnxruntime', 'reference'])('follows the statistics of its rows alone on %s', async (name) => {
      const setup = { ...setupOf(centred, 70, 40, 3), engineName: name };
      const result = await train(setup);
      const expected = followed(setup.data, 40, 3);
      // Without rows to be validated on, the last state answers.
      [...result.outcome.best.statistics].forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 5);
      });
    });

    it('keeps a variance when the last batch is a single row', async () => {
      const setup = setupOf(centred, 41, 20, 200);
      const { statistics } = (await train(setup)).outcome.best;
      for (let column = 0; column < width; column++) {
        const values = Array.from({ length: 41 }, (_, row) => setup.data.x[row * width + column] as number);
        const mean = values.reduce((a, b) => a + b, 0) / 41;
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / 41;
        const ratio = (statistics[width + column] as number) / variance;
        expect(ratio).toBeGreaterThan(0.8);
        expect(ratio).toBeLessThan(1.2);
      }
    });

    it('has no filler in a sum over the batch, and stays a number', async () => {
      const result = await train(setupOf(shared, 68, 40, 3));
      expect(result.end).toBe('complete');
      expect(result.records.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    });

    it('fills up with rows of the data where rows do not meet', async () => {
      const unit: Network = (scope, x) =>
        dense(scope, 'output', tf.div(x, tf.sqrt(tf.sum(tf.square(x), 2, true))), 3, 'glorot');
      const setup = setupOf(unit, 68, 40, 3);
      const [filled, short] = [
        await train({ ...setup, options: { ...setup.options, mixesRows: false } }),
        await train(setup),
      ];
      expect(filled.end).toBe('complete');
      filled.records.forEach(({ loss }, i) => {
        expect(loss).toBeCloseTo(short.records[i]?.loss as number, 5);
      });
    });

    it('repeats to the bit, members of unequal length and dropout included, and resumes in the middle of an epoch', async () => {
      const plan = setupOf(centred, 90, 20, 4).options?.plan as FitOptions['plan'];
      const setup: Setup = {
        family: 'mlp',
        target: classes,
        data: rowsOf(fixture.logistic.x.slice(0, 89), fixture.logistic.y.slice(0, 89)),
        params: small,
        options: { plan: { ...plan, stepsPerEpoch: 3, dropout: 0.2 } },
      };
      const whole = await train(setup);
      for (const stopAt of [2, 3, 7]) {
        const abort = new AbortController();
        const onSteps = (done: number): void => {
          if (done >= stopAt) abort.abort();
        };
        const cut = await train({ ...setup, options: { ...setup.options, signal: abort.signal, onSteps } });
        expect(cut.end).toBe('interrupted');
        const resume = cut.checkpoints.at(-1);
        const resumed = await train({ ...setup, options: { ...setup.options, resume } });
        expect(resumed.outcome.best).toEqual(whole.outcome.best);
      }
    });
  });
});
