import { describe, expect, it } from 'vitest';
import { lossFor } from '../../../src/training/losses/index.js';
import { FIRST_PLATEAU, observePlateau, scheduleNamed } from '../../../src/training/schedules.js';
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

/** What the tests below train unless they say otherwise: at one rate, so that shorter runs are beginnings of longer ones. */
const overfitting: Setup = {
  family: 'mlp',
  target: classes,
  data: wine,
  members: 3,
  params: { units: [32], dropout: 0, numericEmbedding: 'none' },
  recipe: {
    epochs: 60,
    batchSize: 16,
    schedule: 'constant',
    learningRate: 0.02,
    weightDecay: 0,
    fadeFrom: 1,
  },
};

function withEpochs(setup: Setup, epochs: number): Setup {
  return { ...setup, recipe: { ...setup.recipe, epochs } };
}

describe('the best weights', () => {
  it('are those of the epoch in which each member was best, to the bit', async () => {
    const { outcome } = await train(overfitting);
    const { bestEpoch, bestLoss } = outcome.progress;
    expect(Math.min(...bestEpoch)).toBeLessThan(60);
    const width = outcome.best.parameters.length / 3;
    for (const [member, epoch] of bestEpoch.entries()) {
      const shorter = await train(withEpochs(overfitting, epoch));
      const last = shorter.checkpoints.at(-1)?.tensors.parameters?.data as Float32Array;
      const own = [member * width, (member + 1) * width] as const;
      expect(outcome.best.parameters.subarray(...own)).toEqual(last.subarray(...own));
      expect(shorter.outcome.progress.bestLoss[member]).toBe(bestLoss[member]);
    }
  });

  it('answer when training stops early, which it does after as many epochs as it may wait', async () => {
    // Far too fast, so that the best epoch is soon over.
    const setup = { ...overfitting, members: 2, recipe: { ...overfitting.recipe, learningRate: 0.1 } };
    const whole = await train(setup);
    const plan = { ...planOf(whole.records), patience: 4 };
    const stopped = await train({ ...setup, options: { plan } });
    expect(stopped.end).toBe('stopped early');
    const { lastImprovement, bestEpoch } = stopped.outcome.progress;
    expect(stopped.records).toHaveLength(lastImprovement + 4);
    expect(lastImprovement).toBe(Math.max(...bestEpoch));
    // The same answers as a run that ended with the last improvement.
    const shorter = await train(withEpochs(setup, lastImprovement));
    expect(await answers(stopped, wine)).toEqual(await answers(shorter, wine));
  });
});

/** The plan of `overfitting` with 2 members, at a rate of 0.1. */
function planOf(records: readonly EpochRecord[]) {
  return {
    ...PLAIN_PLAN,
    epochs: records.length,
    batchSize: 15,
    stepsPerEpoch: records[0]?.step ?? 1,
    learningRate: 0.1,
  };
}

describe('a learning rate that was found', () => {
  it('is that of a resumed run too, which ends with the same weights', async () => {
    const setup: Setup = { ...overfitting, options: { findLearningRate: true } };
    const found: number[] = [];
    const whole = await train({
      ...setup,
      options: { findLearningRate: true, onLearningRate: (rate) => void found.push(rate) },
    });
    expect(found).toHaveLength(1);
    expect(whole.records.map(({ learningRate }) => learningRate)).toEqual(new Array(60).fill(found[0]));

    const abort = new AbortController();
    const onRecord = ({ epoch }: EpochRecord): void => {
      if (epoch === 20) abort.abort();
    };
    const cut = await train({ ...setup, options: { ...setup.options, signal: abort.signal, onRecord } });
    const resume = structuredClone(cut.checkpoints.at(-1));
    const resumed = await train({ ...setup, options: { ...setup.options, resume } });
    expect(resumed.records[0]).toMatchObject({ epoch: 21, learningRate: found[0] });
    expect(resumed.outcome.best).toEqual(whole.outcome.best);
  });

  it('lets the loss fall, where one a hundred times as large does not', async () => {
    const linear: Setup = {
      family: 'linear',
      target: numbers,
      data: rowsOf(fixture.ridge.x, fixture.ridge.y),
      members: 1,
      recipe: { optimizer: 'sgd', adjusted: {}, schedule: 'constant', epochs: 30, batchSize: 16, l2: 0 },
    };
    let rate = NaN;
    const result = await train({
      ...linear,
      options: { findLearningRate: true, onLearningRate: (found) => void (rate = found) },
    });
    const losses = result.records.map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.9);
    const wild = await train({ ...linear, recipe: { ...linear.recipe, learningRate: 100 * rate } });
    expect(wild.records.at(-1)?.loss ?? Infinity).toBeGreaterThan(losses.at(-1) as number);
  });
});

describe('learning rates, step by step', () => {
  const { schedules } = fixture;

  it.each([
    ['cosine', 'cosine', 0],
    ['step', 'step', 0],
    ['cosine after a warm-up', 'cosine', 8],
    ['constant after a warm-up', 'constant', 8],
  ] as const)('are those of PyTorch: %s', (_name, schedule, warmup) => {
    const expected = schedules[warmup === 0 ? schedule : `warmed_${schedule}`] as number[];
    const rate = scheduleNamed(schedule, warmup);
    expected.forEach((value, step) => {
      expect(rate(step, expected.length), `step ${step}`).toBeCloseTo(value, 12);
    });
  });

  it('are those of PyTorch on a plateau', () => {
    let state = FIRST_PLATEAU;
    (schedules.plateau_losses as number[]).forEach((loss, i) => {
      expect(state.scale, `evaluation ${i}`).toBeCloseTo(schedules.plateau?.[i] as number, 12);
      state = observePlateau(state, loss);
    });
  });

  it('rise for three tenths of a cycle and then fall to nothing, in halves of a cosine', () => {
    const rate = scheduleNamed('one_cycle', 0);
    const at = [0, 150, 300, 650, 999].map((step) => rate(step, 1000));
    [0.04, 0.52, 1, 0.5, 0].forEach((expected, i) => {
      expect(at[i]).toBeCloseTo(expected, 4);
    });
  });

  it('are what the weights move by: absolute errors have the slope 1', async () => {
    // All targets far above what the model gives, so that every step moves the bias by the rate.
    const data = rowsOf(
      Array.from({ length: 12 }, () => [0, 0, 0, 0, 0]),
      new Array<number>(12).fill(1000),
    );
    for (const [schedule, warmup] of [
      ['cosine', 0],
      ['step', 0],
      ['cosine', 8],
    ] as const) {
      const result = await train({
        family: 'linear',
        target: numbers,
        data,
        members: 1,
        options: {
          loss: lossFor('regression', 'mae'),
          plan: { ...planOf([]), epochs: 40, batchSize: 12, stepsPerEpoch: 1, schedule, warmup },
          penalty: 0,
        },
        recipe: { optimizer: 'sgd', adjusted: {} },
      });
      const rates = schedules[warmup === 0 ? schedule : `warmed_${schedule}`] as number[];
      result.records.forEach(({ learningRate }, i) => {
        expect(learningRate).toBeCloseTo(0.1 * (rates[i] as number), 12);
      });
      const moved = rates.reduce((sum, rate) => sum + 0.1 * rate, 0);
      expect(result.outcome.best.parameters.at(-1)).toBeCloseTo(moved, 4);
    }
  });
});
