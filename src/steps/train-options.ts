import type { FeaturesContent, RunContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { type Device, DEVICES } from '../engines/engine.js';
import type { ModelContext, ModelFamily, Recipe } from '../models/family.js';
import { checkParameters, modelFamily } from '../models/index.js';
import { outputsOf } from '../tasks/index.js';
import { lossFor } from '../training/losses/index.js';
import { optimizerNamed } from '../training/optimizers/index.js';
import { OPTIMIZER_DEFAULTS } from '../training/optimizers/optimizer.js';
import { scheduleNamed } from '../training/schedules.js';
import { DEFAULT_MEMORY } from './train-data.js';

/** What may be asked of a training run; everything has a default made from the data. */
export type TrainOptions = {
  /** Feature set id or prefix; default: the current one. */
  readonly features?: string | undefined;
  /** Family name, or auto. */
  readonly model?: string | undefined;
  /** Parameters of the family, such as { units: [128, 64] }. */
  readonly params?: JsonObject | undefined;
  readonly engine?: string | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  /** Most megabytes of rows held in memory. */
  readonly memory?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly learningRate?: number | 'auto' | undefined;
  readonly optimizer?: string | undefined;
  readonly momentum?: number | undefined;
  readonly schedule?: string | undefined;
  /** Steps of linear warm-up. */
  readonly warmup?: number | undefined;
  readonly loss?: string | undefined;
  readonly labelSmoothing?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly clipNorm?: number | undefined;
  readonly clipValue?: number | undefined;
  /** Epochs without improvement before the run ends. */
  readonly patience?: number | undefined;
  /** balanced: every class counts the same in total. */
  readonly classWeights?: 'none' | 'balanced' | undefined;
  readonly members?: number | undefined;
  readonly seed?: number | undefined;
  /** Continue an interrupted run: its id or prefix, or "latest". */
  readonly resume?: string | undefined;
  /** Start from the weights of a run. */
  readonly from?: string | undefined;
  readonly force?: boolean | undefined;
  /** Id of the search this run is a trial of. */
  readonly search?: string | undefined;
};

/** Every option with its value: what a run's manifest records, and what its id is made from. */
export type TrainSettings = {
  readonly family: string;
  readonly params: JsonObject;
  readonly epochs: number;
  readonly batchSize: number;
  /** Whether the batch size was given, so that it is used to the row. */
  readonly exactBatchSize: boolean;
  readonly learningRate: number | 'auto';
  readonly optimizer: string;
  readonly momentum: number;
  readonly beta2: number;
  readonly schedule: string;
  readonly warmup: number;
  readonly loss: string;
  readonly labelSmoothing: number;
  readonly weightDecay: number;
  readonly fadeFrom: number;
  readonly l2: number;
  readonly clipNorm: number | null;
  readonly clipValue: number | null;
  readonly patience: number | null;
  readonly classWeights: 'none' | 'balanced';
  readonly members: number;
  readonly evaluations: number;
  readonly seed: number;
  /** Megabytes of rows held at one time. */
  readonly memory: number;
};

/** The options that make a run of the same settings again, on its own features or others. */
export function optionsOfRun({ options, engine }: RunContent): TrainOptions {
  const settings = options as TrainSettings;
  return {
    ...settings,
    clipNorm: settings.clipNorm ?? undefined,
    clipValue: settings.clipValue ?? undefined,
    patience: settings.patience ?? undefined,
    batchSize: settings.exactBatchSize ? settings.batchSize : undefined,
    model: settings.family,
    engine: typeof engine['name'] === 'string' ? engine['name'] : undefined,
    device: DEVICES.find((device) => device === engine['device']),
  };
}

export interface ResolvedTraining {
  readonly family: ModelFamily;
  readonly context: ModelContext;
  readonly settings: TrainSettings;
}

/** Most members that can each hold out a fold: two rows a fold at least. */
function membersFor(wanted: number, rows: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(rows / 2)));
}

/**
 * Fills in every option that was not given, from the family's recipe for data of this size.
 * @throws AimaasError USAGE for a name or value that is none.
 */
export function resolveTraining(options: TrainOptions, features: FeaturesContent): ResolvedTraining {
  const family = modelFamily(options.model ?? 'auto');
  checkParameters(family, options.params ?? {});
  const context: ModelContext = {
    task: features.task,
    layout: features.layout,
    rows: features.splits.train.rows + features.splits.validation.rows,
    outputs: outputsOf(features.target),
  };
  if (context.layout.length === 0) {
    throw new AimaasError('TARGET', 'The feature set has no columns to learn from.', {
      hint: 'aimaas collect FILE --target COLUMN --only a,b,c   (then: aimaas preprocess)',
    });
  }
  const params = family.resolve(options.params ?? {}, context);
  const recipe = adapted(family.recipe(params, context), options);
  scheduleNamed(recipe.schedule, 0);
  optimizerNamed(recipe.optimizer);
  const settings: TrainSettings = {
    family: family.name,
    params,
    epochs: recipe.epochs,
    batchSize: recipe.batchSize,
    exactBatchSize: options.batchSize !== undefined,
    learningRate: options.learningRate ?? recipe.learningRate,
    optimizer: recipe.optimizer,
    momentum: options.momentum ?? OPTIMIZER_DEFAULTS.momentum,
    beta2: recipe.beta2,
    schedule: recipe.schedule,
    warmup: options.warmup ?? 0,
    loss: lossFor(features.task, options.loss).name,
    labelSmoothing: recipe.labelSmoothing,
    weightDecay: recipe.weightDecay,
    fadeFrom: recipe.fadeFrom,
    l2: recipe.l2,
    clipNorm: options.clipNorm ?? null,
    clipValue: options.clipValue ?? null,
    patience: options.patience ?? null,
    classWeights: options.classWeights ?? 'none',
    members: membersFor(recipe.members, context.rows),
    evaluations: recipe.evaluations,
    seed: options.seed ?? features.seed,
    memory: options.memory ?? DEFAULT_MEMORY,
  };
  if (settings.classWeights === 'balanced' && features.task === 'regression') {
    throw new AimaasError('USAGE', '--class-weights is for classes; this feature set is for regression.');
  }
  return { family, context, settings };
}

/** The usual learning rate of an optimizer, where the recipe's own is for another one. */
const USUAL_RATE: Readonly<Record<string, number>> = {
  sgd: 0.05,
  momentum: 0.02,
  nesterov: 0.02,
  adagrad: 0.05,
  rmsprop: 0.005,
};

/** The recipe with what the user gave in the place of its own; another optimizer gets its usual rate. */
function adapted(recipe: Recipe, options: TrainOptions): Recipe {
  const optimizer = options.optimizer ?? recipe.optimizer;
  const other = optimizer !== recipe.optimizer ? USUAL_RATE[optimizer] : undefined;
  return {
    ...recipe,
    optimizer,
    learningRate: other ?? recipe.learningRate,
    schedule: options.schedule ?? recipe.schedule,
    weightDecay: options.weightDecay ?? recipe.weightDecay,
    labelSmoothing: options.labelSmoothing ?? recipe.labelSmoothing,
    epochs: options.epochs ?? recipe.epochs,
    batchSize: options.batchSize ?? recipe.batchSize,
    members: options.members ?? recipe.members,
    evaluations: options.patience === undefined ? recipe.evaluations : Number.MAX_SAFE_INTEGER,
  };
}
