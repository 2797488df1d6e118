import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TargetState } from '../../../src/core/artifacts.js';
import { OPTIMIZER_NAMES } from '../../../src/core/training-names.js';
import type { FeatureLayout } from '../../../src/core/layout.js';
import type { ModelContext, Recipe } from '../../../src/models/family.js';
import { modelFamily } from '../../../src/models/index.js';
import { engine } from '../../../src/engines/index.js';
import type { Checkpoint } from '../../../src/training/checkpoint.js';
import { evenBatches, folds, sharedSplit, type TrainingRows } from '../../../src/training/data.js';
import { fit, type FitOptions, type FitResult } from '../../../src/training/fit.js';
import { lossFor } from '../../../src/training/losses/index.js';
import { optimizerNamed } from '../../../src/training/optimizers/index.js';
import { optimizerOptions } from '../../../src/training/optimizers/optimizer.js';
import type { EpochRecord } from '../../../src/training/plan.js';

interface Fixture {
  readonly logistic: { readonly x: number[][]; readonly y: number[]; readonly probabilities: number[][] };
  readonly ridge: { readonly x: number[][]; readonly y: number[]; readonly predictions: number[] };
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/training.json', import.meta.url), 'utf8'),
) as Fixture;

const layout: FeatureLayout = Array.from({ length: 5 }, (_, i) => ({
  source: `x${i}`,
  name: `x${i}`,
  role: 'numeric',
  cardinality: 0,
}));

const classes: TargetState = {
  task: 'multiclass',
  column: 'y',
  classes: ['0', '1', '2'],
  counts: [30, 30, 30],
};
const numbers: TargetState = {
  task: 'regression',
  column: 'y',
  mean: 0,
  standardDeviation: 1,
  minimum: -3,
  maximum: 3,
};

function rowsOf(x: number[][], y: number[]): TrainingRows {
  return {
    rows: y.length,
    width: 5,
    x: Float32Array.from(x.flat()),
    y: Float32Array.from(y),
    weight: new Float32Array(y.length).fill(1),
  };
}

interface Setup {
  readonly family: string;
  readonly target: TargetState;
  readonly data: TrainingRows;
  readonly members?: number;
  readonly recipe?: Partial<Recipe>;
  readonly params?: Record<string, number | string | number[]>;
  readonly engineName?: string;
  readonly average?: number;
  readonly options?: Partial<FitOptions>;
}

async function train(
  setup: Setup,
): Promise<FitResult & { records: EpochRecord[]; checkpoints: Checkpoint[] }> {
  const family = modelFamily(setup.family);
  const task = setup.target.task;
  const context: ModelContext = {
    task,
    layout,
    rows: setup.data.rows,
    outputs: setup.target.task === 'regression' ? 1 : setup.target.classes.length,
  };
  const params = family.resolve(setup.params ?? {}, context);
  const recipe = { ...(await family.recipe(params, context)), ...setup.recipe };
  const count = setup.members ?? 2;
  const members =
    count === 1
      ? sharedSplit(setup.data.rows, setup.data.rows, 1)
      : folds(setup.data.y, count, task !== 'regression', 5);
  const learned = Math.max(...members.train.map((rows) => rows.length));
  const { batchSize, steps } = evenBatches(learned, recipe.batchSize);
  const records: EpochRecord[] = [];
  const checkpoints: Checkpoint[] = [];
  const result = await fit({
    engine: await engine(setup.engineName ?? 'onnxruntime'),
    engineOptions: {},
    network: await family.network(params, context, { members: count, seed: 5 }),
    target: setup.target,
    data: setup.data,
    members,
    parts: [{ members: members.train, rows: () => Promise.resolve(setup.data) }],
    plan: {
      seed: 5,
      epochs: recipe.epochs,
      batchSize,
      stepsPerEpoch: steps,
      learningRate: recipe.learningRate,
      warmup: 0,
      schedule: recipe.schedule,
      weightDecay: recipe.weightDecay,
      dropout: typeof params.dropout === 'number' ? params.dropout : 0,
      fadeFrom: recipe.fadeFrom,
      average: setup.average ?? 0,
      evaluateEvery: 1,
      patience: undefined,
    },
    findLearningRate: false,
    optimizer: optimizerNamed(recipe.optimizer),
    optimizerOptions: optimizerOptions(optimizerNamed(recipe.optimizer), recipe.adjusted),
    loss: lossFor(task),
    labelSmoothing: recipe.labelSmoothing,
    penalty: (recipe.l2 * (task === 'regression' ? 2 : 1)) / learned,
    clipping: { value: undefined, weightNorm: undefined, globalNorm: undefined },
    clamp: false,
    startFrom: undefined,
    resume: undefined,
    signal: new AbortController().signal,
    checkpoint: (checkpoint) => {
      checkpoints.push(structuredClone(checkpoint));
      return Promise.resolve();
    },
    onLearningRate: () => undefined,
    onSteps: () => undefined,
    onRecord: (record) => void records.push(record),
    ...setup.options,
  });
  return { ...result, records, checkpoints };
}

/** Scores of the trained network for rows. */
async function answers(result: FitResult, data: TrainingRows): Promise<number[]> {
  const executable = await (await engine('onnxruntime')).compile(result.graph, {});
  const { scores } = await executable.run({
    features: { dtype: 'float32', shape: [data.rows, data.width], data: data.x },
  });
  await executable.dispose();
  return [...(scores?.data as Float32Array)];
}

const wine = rowsOf(fixture.logistic.x, fixture.logistic.y);
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
    // Whole batches only: a short batch would give its rows more weight than the others have.
    const parts = [part(0, 30), part(30, 50), part(50, rows)];
    const batchSize = 10;
    const stepsPerEpoch = rows / batchSize;
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
});
