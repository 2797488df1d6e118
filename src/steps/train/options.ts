import type { FeaturesContent, RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { TaskKind } from '../../core/task-kind.js';
import { type Device, DEVICES } from '../../engines/engine.js';
import type { ModelContext, ModelFamily, Recipe } from '../../models/family.js';
import { checkParameters } from '../../models/parameters.js';
import { outputsOf } from '../../tasks/index.js';
import { isLossName, lossFor } from '../../training/losses/index.js';
import type { Loss } from '../../training/losses/loss.js';
import { optimizerNamed } from '../../training/optimizers/index.js';
import { optimizerOptions } from '../../training/optimizers/optimizer.js';
import { scheduleNamed } from '../../training/schedules.js';
import type { Manifest } from '../../workspace/manifest.js';
import { copiedSource, findFamily, type ModelSource, recordOf, type SourceRecord } from './model-source.js';
import { DEFAULT_MEMORY } from './data.js';

/** What may be asked of a training run; everything has a default made from the data. */
export type TrainOptions = {
  /** Feature set id or prefix; default: the current one. */
  readonly features?: string | undefined;
  /** Family name, auto, or the path of a model file. */
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
  /** Longest gradient of a member, over all weights. */
  readonly clipNorm?: number | undefined;
  /** Longest gradient by a single weight tensor. */
  readonly clipWeightNorm?: number | undefined;
  readonly clipValue?: number | undefined;
  /** How much of a running average of the weights stays in a step; the average is validated and answers. */
  readonly ema?: number | undefined;
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
  /** The model file that the family is; null for one of aimaas. */
  readonly source: SourceRecord | null;
  readonly params: JsonObject;
  readonly epochs: number;
  readonly batchSize: number;
  /** Whether the batch size was given, so that it is used to the row. */
  readonly exactBatchSize: boolean;
  readonly learningRate: number | 'auto';
  readonly optimizer: string;
  /** What the optimizer is adjusted by. */
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly rho: number;
  readonly epsilon: number;
  readonly schedule: string;
  readonly warmup: number;
  readonly loss: string;
  readonly labelSmoothing: number;
  readonly weightDecay: number;
  readonly fadeFrom: number;
  readonly l2: number;
  readonly clipNorm: number | null;
  readonly clipWeightNorm: number | null;
  readonly clipValue: number | null;
  readonly ema: number;
  readonly patience: number | null;
  readonly classWeights: 'none' | 'balanced';
  readonly members: number;
  readonly evaluations: number;
  readonly seed: number;
  /** Megabytes of rows held at one time. */
  readonly memory: number;
};

/** The options that make a run of the same settings again, on its own features or others. */
export function optionsOfRun({ content }: Manifest<RunContent>, folder: string): TrainOptions {
  const { options, engine } = content;
  const settings = options as TrainSettings;
  return {
    ...settings,
    clipNorm: settings.clipNorm ?? undefined,
    clipWeightNorm: settings.clipWeightNorm ?? undefined,
    clipValue: settings.clipValue ?? undefined,
    patience: settings.patience ?? undefined,
    batchSize: settings.exactBatchSize ? settings.batchSize : undefined,
    momentum: hasMomentum(settings.optimizer) ? settings.momentum : undefined,
    // A loss that came with the model comes with it again.
    loss: isLossName(settings.loss) ? settings.loss : undefined,
    model: copiedSource(folder, options) ?? settings.family,
    engine: typeof engine['name'] === 'string' ? engine['name'] : undefined,
    device: DEVICES.find((device) => device === engine['device']),
  };
}

/**
 * The options with the network of the run whose weights are to be started from, as far as they do not ask for another:
 * weights fit into a network of the same shape only.
 */
export function likeRun(
  options: TrainOptions,
  { content }: Manifest<RunContent>,
  folder: string,
): TrainOptions {
  const settings = content.options as TrainSettings;
  const { model = 'auto' } = options;
  if (model !== 'auto' && model !== settings.family) return options;
  return {
    ...options,
    model: copiedSource(folder, content.options) ?? settings.family,
    params: { ...settings.params, ...options.params },
    members: options.members ?? settings.members,
  };
}

export interface ResolvedTraining {
  readonly family: ModelFamily;
  readonly source: ModelSource | undefined;
  readonly context: ModelContext;
  readonly loss: Loss;
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
export async function resolveTraining(
  options: TrainOptions,
  features: FeaturesContent,
): Promise<ResolvedTraining> {
  const { family, source } = await findFamily(options.model);
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
  const recipe = adapted(await family.recipe(params, context), options);
  scheduleNamed(recipe.schedule, 0);
  const loss = lossOf(recipe, options, features.task);
  const adjusted = optimizerOptions(optimizerNamed(recipe.optimizer), {
    ...recipe.adjusted,
    momentum: options.momentum ?? recipe.adjusted.momentum,
  });
  const settings: TrainSettings = {
    family: family.name,
    source: source === undefined ? null : recordOf(source),
    params,
    epochs: recipe.epochs,
    batchSize: recipe.batchSize,
    exactBatchSize: options.batchSize !== undefined,
    learningRate: options.learningRate ?? recipe.learningRate,
    optimizer: recipe.optimizer,
    ...adjusted,
    schedule: recipe.schedule,
    warmup: options.warmup ?? 0,
    loss: loss.name,
    labelSmoothing: recipe.labelSmoothing,
    weightDecay: recipe.weightDecay,
    fadeFrom: recipe.fadeFrom,
    l2: recipe.l2,
    clipNorm: options.clipNorm ?? null,
    clipWeightNorm: options.clipWeightNorm ?? null,
    clipValue: options.clipValue ?? null,
    ema: options.ema ?? 0,
    patience: options.patience ?? null,
    classWeights: options.classWeights ?? 'none',
    members: membersFor(recipe.members, context.rows),
    evaluations: recipe.evaluations,
    seed: options.seed ?? features.seed,
    memory: options.memory ?? DEFAULT_MEMORY,
  };
  if (settings.classWeights === 'balanced' && features.task === 'regression') {
    throw new AimaasError(
      'USAGE',
      '--class-weights is balanced, but it is for classes; this feature set is for regression.',
      { hint: 'Leave it out, or weigh rows: aimaas preprocess --weight-column COLUMN' },
    );
  }
  requireUse(options, settings, features.task);
  return { family, source, context, loss, settings };
}

function hasMomentum(optimizer: string): boolean {
  return optimizer === 'momentum' || optimizer === 'nesterov';
}

const LIMITS = {
  clipNorm: '--clip-norm',
  clipWeightNorm: '--clip-weight-norm',
  clipValue: '--clip-value',
} as const;

/** @throws AimaasError USAGE for an option that would change nothing, or let nothing change. */
function requireUse({ momentum }: TrainOptions, settings: TrainSettings, task: TaskKind): void {
  const { optimizer, labelSmoothing } = settings;
  for (const [name, flag] of Object.entries(LIMITS)) {
    if (settings[name as keyof typeof LIMITS] !== 0) continue;
    throw new AimaasError('USAGE', `${flag} is 0, which lets no weight move; expected a number above 0.`, {
      hint: `aimaas train ${flag} 1, or leave it out for no limit`,
    });
  }
  if (momentum !== undefined && !hasMomentum(optimizer)) {
    throw new AimaasError('USAGE', `--momentum is ${momentum}, but the optimizer ${optimizer} has none.`, {
      hint: `aimaas train --optimizer momentum --momentum ${momentum}, or nesterov`,
    });
  }
  if (labelSmoothing > 0 && task === 'regression') {
    throw new AimaasError(
      'USAGE',
      `--label-smoothing is ${labelSmoothing}, but it is for classes; this feature set is for regression.`,
      { hint: 'Leave it out; --loss huber or mae count large errors for less' },
    );
  }
}

/** The loss that was asked for, else the one the model came with, else the task's usual one. */
function lossOf(recipe: Recipe, options: TrainOptions, task: TaskKind): Loss {
  const own = options.loss ?? recipe.loss;
  return typeof own === 'object' ? { ...own, tasks: [task] } : lossFor(task, own);
}

/** The usual learning rate of an optimizer, where the recipe's own is for another one. */
const USUAL_RATE: Readonly<Record<string, number>> = {
  sgd: 0.05,
  momentum: 0.02,
  nesterov: 0.02,
  adagrad: 0.05,
  adadelta: 1,
  rmsprop: 0.005,
  centered_rmsprop: 0.005,
};

/** The recipe with what the user gave in the place of its own; another optimizer gets its usual rate. */
function adapted(recipe: Recipe, options: TrainOptions): Recipe {
  const optimizer = options.optimizer ?? recipe.optimizer;
  const other = optimizer !== recipe.optimizer ? USUAL_RATE[optimizer] : undefined;
  return {
    ...recipe,
    optimizer,
    // Adjustments are for the recipe's own optimizer, or one of its relatives.
    adjusted: other === undefined ? recipe.adjusted : {},
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
