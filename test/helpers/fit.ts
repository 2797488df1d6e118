import { readFileSync } from 'node:fs';
import type { TargetState } from '../../src/core/artifacts.js';
import type { FeatureLayout } from '../../src/core/layout.js';
import { engine } from '../../src/engines/index.js';
import type { ModelContext, Recipe } from '../../src/models/family.js';
import { modelFamily } from '../../src/models/index.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { evenBatches, folds, sharedSplit, type TrainingRows } from '../../src/training/data.js';
import { fit, type FitOptions, type FitResult } from '../../src/training/fit.js';
import { lossFor } from '../../src/training/losses/index.js';
import { optimizerNamed } from '../../src/training/optimizers/index.js';
import { optimizerOptions } from '../../src/training/optimizers/optimizer.js';
import type { EpochRecord } from '../../src/training/plan.js';

/** What test/fixtures/training.py wrote. */
interface Fixture {
  readonly logistic: { readonly x: number[][]; readonly y: number[]; readonly probabilities: number[][] };
  /** Learning rates of PyTorch, step by step, and the validation losses that the plateau is about. */
  readonly schedules: Readonly<Record<string, number[]>>;
  /** A step of PyTorch on a linear model, by loss: kernel and bias before it, and after it at rate 1. */
  readonly losses: {
    readonly x: number[][];
    readonly classes: number[];
    readonly values: number[];
    readonly weights: number[];
    readonly of: Readonly<Record<string, { start: number[][]; loss: number; after: number[][] }>>;
  };
  readonly ridge: { readonly x: number[][]; readonly y: number[]; readonly predictions: number[] };
}

export const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/training.json', import.meta.url), 'utf8'),
) as Fixture;

const layout: FeatureLayout = Array.from({ length: 5 }, (_, i) => ({
  source: `x${i}`,
  name: `x${i}`,
  role: 'numeric',
  cardinality: 0,
}));

export const classes: TargetState = {
  task: 'multiclass',
  column: 'y',
  classes: ['0', '1', '2'],
  counts: [30, 30, 30],
};
export const numbers: TargetState = {
  task: 'regression',
  column: 'y',
  mean: 0,
  standardDeviation: 1,
  minimum: -3,
  maximum: 3,
};

export function rowsOf(x: number[][], y: number[]): TrainingRows {
  return {
    rows: y.length,
    width: 5,
    x: Float32Array.from(x.flat()),
    y: Float32Array.from(y),
    weight: new Float32Array(y.length).fill(1),
  };
}

/** A course without schedule, decay, dropout or early stop; what is left to say of it is its length, batches and, perhaps, rate. */
export const PLAIN_PLAN = {
  seed: 5,
  learningRate: 1e-3,
  warmup: 0,
  schedule: 'constant',
  weightDecay: 0,
  dropout: 0,
  fadeFrom: 1,
  average: 0,
  evaluateEvery: 1,
  patience: undefined,
};

/** What a test trains. */
export interface Setup {
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

/** Trains a network on rows, with the recipe of its family unless the setup says otherwise. */
export async function train(
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
    mixesRows: family.mixesRows(params),
    target: setup.target,
    data: setup.data,
    members,
    parts: [{ members: members.train, rows: () => Promise.resolve(setup.data) }],
    plan: {
      ...PLAIN_PLAN,
      epochs: recipe.epochs,
      batchSize,
      stepsPerEpoch: steps,
      learningRate: recipe.learningRate,
      schedule: recipe.schedule,
      weightDecay: recipe.weightDecay,
      dropout: typeof params.dropout === 'number' ? params.dropout : 0,
      fadeFrom: recipe.fadeFrom,
      average: setup.average ?? 0,
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
export async function answers(result: FitResult, data: TrainingRows): Promise<number[]> {
  const executable = await (await engine('onnxruntime')).compile(result.graph, {});
  const { scores } = await executable.run({
    features: { dtype: 'float32', shape: [data.rows, data.width], data: data.x },
  });
  await executable.dispose();
  return [...(scores?.data as Float32Array)];
}

export const wine = rowsOf(fixture.logistic.x, fixture.logistic.y);
