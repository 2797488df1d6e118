import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeaturesContent, Metrics, RunContent, RunState } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { TaskKind } from '../core/task-kind.js';
import type { Engine } from '../engines/engine.js';
import { engine as engineNamed } from '../engines/index.js';
import { loadFeatures } from '../features/index.js';
import { baselineScores, computeMetrics, type Truth } from '../metrics/index.js';
import { readCheckpoint, writeCheckpoint } from '../training/checkpoint.js';
import { evenBatches, stepsOfPart } from '../training/data.js';
import { fit, type FitResult } from '../training/fit.js';
import type { HeldOut } from '../training/judge.js';
import { lossFor } from '../training/losses/index.js';
import { optimizerNamed } from '../training/optimizers/index.js';
import { OPTIMIZER_DEFAULTS } from '../training/optimizers/optimizer.js';
import type { EpochRecord, TrainingPlan } from '../training/plan.js';
import { EventFile } from '../training/tensorboard.js';
import { writeFileAtomic } from '../workspace/atomic.js';
import { idOf } from '../workspace/hash.js';
import { withLock } from '../workspace/lock.js';
import type { Manifest } from '../workspace/manifest.js';
import { Workspace } from '../workspace/workspace.js';
import { readFeatures } from './features-dataset.js';
import { openTrainingData, type TrainingData } from './train-data.js';
import { removeCheckpoints, weightsFrom, writeModel, writeNetwork } from './train-files.js';
import {
  optionsOfRun,
  type ResolvedTraining,
  resolveTraining,
  type TrainOptions,
  type TrainSettings,
} from './train-options.js';

/** Raised whenever the same inputs would give another model. */
const STEP_VERSION = 1;

export type TrainResult = {
  readonly schemaVersion: 1;
  readonly run: string;
  /** Whether the run was there already. */
  readonly upToDate: boolean;
  readonly features: string;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly model: { readonly family: string; readonly params: JsonObject };
  readonly members: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly engine: JsonObject;
  /** On rows that the answering network did not learn from. */
  readonly validation: Metrics;
  readonly baseline: Metrics;
  readonly folder: string;
};

/** What a search adds to a run that is one of its trials. */
export interface TrainHooks {
  /** Leave the current run the current one. */
  readonly keepCurrent?: boolean;
  /** Called with the run's id before it begins. */
  onStart?(run: string): Promise<void> | void;
  /** Called after every validation, those before a resumption included; the run goes on when it has returned. */
  onRecord?(record: EpochRecord): Promise<void> | void;
}

/** What a run in progress knows of itself. */
interface Job {
  readonly workspace: Workspace;
  readonly context: StepContext;
  readonly features: Manifest<FeaturesContent>;
  readonly resolved: ResolvedTraining;
  readonly id: string;
  readonly key: JsonObject;
  readonly folder: string;
  readonly engine: Engine;
  readonly options: TrainOptions;
  readonly hooks: TrainHooks;
}

/**
 * Trains a model on a feature set and writes a run: weights, the network as ONNX, metrics by epoch, TensorBoard events.
 * A run of the same options that was interrupted goes on from its last checkpoint, to the same weights.
 */
export async function train(
  options: TrainOptions,
  context: StepContext,
  hooks: TrainHooks = {},
): Promise<TrainResult> {
  const workspace = new Workspace(context.workspace);
  const asked = options.resume === undefined ? options : await resumed(workspace, options);
  const features = await workspace.find<FeaturesContent>('features', asked.features);
  await warnIfOutdated(workspace, features, asked, context);
  const resolved = resolveTraining(asked, features.content);
  const engine = await engineNamed(asked.engine ?? 'auto');
  const from = asked.from === undefined ? null : (await workspace.find<RunContent>('run', asked.from)).id;
  const device = asked.device ?? 'cpu';
  const key = {
    step: 'train',
    version: STEP_VERSION,
    features: features.id,
    settings: resolved.settings,
    from,
    engine: engine.name,
    device,
  };
  const id = idOf(key);
  const found = await workspace.read<RunContent>('run', id);
  if (found?.content.state === 'complete' && asked.force !== true) {
    if (hooks.keepCurrent !== true) await workspace.setCurrent('run', id);
    return resultOf(found, workspace, true);
  }
  const folder = workspace.folder('run', id);
  const job: Job = {
    workspace,
    context,
    features,
    resolved,
    id,
    key,
    folder,
    engine,
    options: { ...asked, from: from ?? undefined },
    hooks,
  };
  const lock = { reporter: context.reporter, signal: context.signal, what: `run ${id}` };
  return withLock(workspace.lockPath('run', id), lock, () => runJob(job));
}

/** The options of an interrupted run, so that `--resume` needs no others. */
async function resumed(workspace: Workspace, options: TrainOptions): Promise<TrainOptions> {
  const run = await workspace.find<RunContent>('run', options.resume);
  if (run.content.state === 'complete') {
    throw new AimaasError('UNSUPPORTED', `The run ${run.id} is complete: there is nothing to resume.`, {
      hint: `To train further from its weights: aimaas train --from ${run.id} --epochs 100`,
    });
  }
  return {
    ...optionsOfRun(run.content),
    features: run.content.features,
    from: run.content.from ?? undefined,
    threads: options.threads,
    search: run.content.search ?? undefined,
  };
}

async function warnIfOutdated(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
  options: TrainOptions,
  context: StepContext,
): Promise<void> {
  const newest = await workspace.current('data');
  if (options.features !== undefined || newest === undefined || newest === features.content.data) return;
  context.reporter.warn(
    `These features were made from data set ${features.content.data}; the current one is ${newest}.`,
    'aimaas preprocess',
  );
}

async function runJob(job: Job): Promise<TrainResult> {
  const { context, features, resolved, folder, workspace } = job;
  const { settings } = resolved;
  const started = performance.now();
  const checkpoints = join(folder, 'checkpoints');
  await mkdir(checkpoints, { recursive: true });
  if (job.options.force === true) await removeCheckpoints(checkpoints);
  const resume = job.options.force === true ? undefined : await readCheckpoint(checkpoints);
  const training = await openTrainingData(workspace, features, settings);
  const plan = planOf(settings, training);
  const starts =
    job.options.from === undefined ? undefined : await weightsFrom(workspace.folder('run', job.options.from));
  await writeState(job, 'training', { seconds: 0 });
  if (job.hooks.keepCurrent !== true) await workspace.setCurrent('run', job.id);
  await job.hooks.onStart?.(job.id);
  for (const record of resume?.progress.history ?? []) await job.hooks.onRecord?.(record);
  if (resume !== undefined) {
    const epoch = Math.floor(resume.progress.step / plan.stepsPerEpoch);
    context.reporter.info(`Continuing run ${job.id} after epoch ${epoch} of ${plan.epochs}.`);
  }
  const log = await RunLog.open(folder, resume?.progress.history ?? []);
  const bar = context.reporter.progress({
    title: `Training ${settings.family}`,
    total: plan.epochs,
    unit: 'epochs',
  });
  let result: FitResult;
  try {
    result = await fit({
      engine: job.engine,
      engineOptions: { device: job.options.device, threads: job.options.threads },
      network: resolved.family.network(settings.params, resolved.context),
      target: features.content.target,
      ...training,
      plan,
      findLearningRate: settings.learningRate === 'auto',
      optimizer: optimizerNamed(settings.optimizer),
      optimizerOptions: { ...OPTIMIZER_DEFAULTS, momentum: settings.momentum, beta2: settings.beta2 },
      loss: lossFor(features.content.task, settings.loss),
      labelSmoothing: settings.labelSmoothing,
      penalty: penaltyOf(settings, features.content.task, training),
      clipNorm: settings.clipNorm ?? undefined,
      clipValue: settings.clipValue ?? undefined,
      clamp: settings.family !== 'linear',
      startFrom:
        starts === undefined
          ? undefined
          : (program, initial) => {
              const { values, fresh } = starts(program, initial);
              if (fresh.length > 0)
                context.reporter.warn(
                  `New weights for ${fresh.join(', ')}: the other run has none of that shape.`,
                );
              return values;
            },
      resume,
      signal: context.signal,
      checkpoint: (checkpoint) => writeCheckpoint(checkpoints, checkpoint),
      onLearningRate: (rate) =>
        context.reporter.info(`Learning rate ${rate.toPrecision(3)}, from a range test.`),
      onSteps: (done, loss) =>
        bar.update(done / plan.stepsPerEpoch, { loss, validation_loss: log.last?.validationLoss ?? null }),
      onRecord: async (record) => {
        await log.add(record);
        await job.hooks.onRecord?.(record);
      },
    });
  } catch (error) {
    bar.fail();
    await writeState(job, 'failed', { seconds: (performance.now() - started) / 1000 });
    throw error;
  }
  return finish(job, result, training, plan, bar);
}

async function finish(
  job: Job,
  result: FitResult,
  training: TrainingData,
  plan: TrainingPlan,
  bar: { done(message?: string): void; fail(message?: string): void },
): Promise<TrainResult> {
  const { folder, features, resolved, workspace } = job;
  const { progress, best } = result.outcome;
  const epoch = Math.floor(progress.step / plan.stepsPerEpoch);
  const about = {
    epochs: epoch,
    bestEpoch: meanOf(progress.bestEpoch),
    seconds: progress.seconds,
    // Before the first validation the best weights are still those it began with.
    ...(progress.history.length === 0 ? {} : judged(features.content, training, result.heldOut)),
  };
  if (result.end === 'interrupted' || result.end === 'diverged') {
    bar.fail();
    await writeState(job, result.end === 'interrupted' ? 'interrupted' : 'failed', about);
    throw result.end === 'interrupted' ? interrupted(job, epoch, plan) : diverged(job, epoch, plan, result);
  }
  const fitted = loadFeatures(await readFeatures(workspace, features));
  await writeNetwork(folder, result.graph, features.content, fitted);
  await writeModel(folder, result.program, best, {
    family: resolved.settings.family,
    params: resolved.settings.params,
    task: features.content.task,
    outputs: resolved.context.outputs,
    layout: features.content.layout,
    temperature: result.temperature,
  });
  await removeCheckpoints(join(folder, 'checkpoints'));
  const manifest = await writeState(job, 'complete', {
    ...about,
    parameters: result.program.parameters.width * result.program.members,
  });
  bar.done(`${epoch} epochs in ${progress.seconds.toFixed(1)} s`);
  return resultOf(manifest, workspace, false);
}

/** Metrics on the held-out rows, of the model and of the trivial baseline. */
function judged(
  features: FeaturesContent,
  training: TrainingData,
  held: HeldOut,
): { validation: Metrics; baseline: Metrics } {
  if (held.rows.length === 0) return { validation: {}, baseline: {} };
  const values = Array.from(held.rows, (row) => training.truth[row] as number);
  const truth: Truth = features.task === 'regression' ? Float64Array.from(values) : Int32Array.from(values);
  const weights = features.hasWeights
    ? Float32Array.from(held.rows, (row) => training.data.weight[row] as number)
    : undefined;
  return {
    validation: computeMetrics(features.task, truth, held.scores, undefined, weights),
    baseline: computeMetrics(
      features.task,
      truth,
      baselineScores(features.target, truth.length),
      undefined,
      weights,
    ),
  };
}

function interrupted(job: Job, epoch: number, plan: TrainingPlan): AimaasError {
  return new AimaasError(
    'INTERRUPTED',
    `Interrupted after epoch ${epoch} of ${plan.epochs}; a checkpoint of run ${job.id} was saved.`,
    {
      hint: `aimaas train --resume ${job.id}`,
    },
  );
}

function diverged(job: Job, epoch: number, plan: TrainingPlan, result: FitResult): AimaasError {
  const last = result.outcome.progress.history.at(-1);
  const good =
    last === undefined
      ? 'no epoch was good'
      : `the last good epoch was ${last.epoch} (loss ${last.loss.toPrecision(4)})`;
  return new AimaasError(
    'TRAINING_DIVERGED',
    `The loss became NaN or infinite in epoch ${epoch + 1} at learning rate ${plan.learningRate}; ${good}. Its checkpoint is in ${join(job.folder, 'checkpoints')}.`,
    { hint: `aimaas train --learning-rate ${(plan.learningRate / 10).toPrecision(2)} --clip-norm 1` },
  );
}

/** Training rows of the member that has most. */
function rowsLearned({ parts }: TrainingData): number {
  const largest = parts.map((part) => Math.max(...part.members.map((rows) => rows.length)));
  return largest.reduce((sum, rows) => sum + rows, 0);
}

function planOf(settings: TrainSettings, training: TrainingData): TrainingPlan {
  const rows = rowsLearned(training);
  const batchSize = settings.exactBatchSize
    ? Math.min(settings.batchSize, rows)
    : evenBatches(rows, settings.batchSize).batchSize;
  const steps = training.parts.reduce((sum, part) => sum + stepsOfPart(part, batchSize), 0);
  return {
    seed: settings.seed,
    epochs: settings.epochs,
    batchSize,
    stepsPerEpoch: steps,
    learningRate: settings.learningRate === 'auto' ? 1e-3 : settings.learningRate,
    warmup: settings.warmup,
    schedule: settings.schedule,
    weightDecay: settings.weightDecay,
    dropout: typeof settings.params.dropout === 'number' ? settings.params.dropout : 0,
    fadeFrom: settings.fadeFrom,
    evaluateEvery: Math.max(1, Math.floor(settings.epochs / settings.evaluations)),
    patience: settings.patience ?? undefined,
  };
}

/**
 * The factor of ½‖w‖² in the mean loss for a penalty l2 on the summed one. scikit-learn's ridge has ‖w‖² beside the
 * squared errors, its logistic regression ½‖w‖² beside the log losses.
 */
function penaltyOf(settings: TrainSettings, task: TaskKind, training: TrainingData): number {
  return (settings.l2 * (task === 'regression' ? 2 : 1)) / rowsLearned(training);
}

/** Writes the run's manifest with what is known of it by now. */
async function writeState(
  job: Job,
  state: RunState,
  known: Partial<RunContent>,
): Promise<Manifest<RunContent>> {
  const { features, resolved, engine } = job;
  const content: RunContent = {
    state,
    features: features.id,
    data: features.content.data,
    dataName: features.content.dataName,
    task: features.content.task,
    target: features.content.target,
    model: { family: resolved.settings.family, params: resolved.settings.params },
    options: resolved.settings,
    engine: {
      name: engine.name,
      device: job.options.device ?? 'cpu',
      version: (await engine.probe()).version,
    },
    epochs: 0,
    bestEpoch: 0,
    parameters: 0,
    seconds: 0,
    validation: {},
    baseline: {},
    from: job.options.from ?? null,
    search: job.options.search ?? null,
    ...known,
  };
  return job.workspace.writeManifest(job.folder, 'run', job.id, job.key, content);
}

function meanOf(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function resultOf(run: Manifest<RunContent>, workspace: Workspace, upToDate: boolean): TrainResult {
  const { content } = run;
  return {
    schemaVersion: 1,
    run: run.id,
    upToDate,
    features: content.features,
    dataName: content.dataName,
    task: content.task,
    model: content.model,
    members: Number(content.options.members),
    parameters: content.parameters,
    epochs: content.epochs,
    bestEpoch: content.bestEpoch,
    seconds: content.seconds,
    engine: content.engine,
    validation: content.validation,
    baseline: content.baseline,
    folder: workspace.folder('run', run.id),
  };
}

/** metrics.jsonl and TensorBoard's events of a run. */
class RunLog {
  private readonly path: string;
  private readonly events: EventFile;
  /** The newest record. */
  last: EpochRecord | undefined;

  private constructor(path: string, events: EventFile) {
    this.path = path;
    this.events = events;
  }

  /** Starts the log with the epochs that a checkpoint remembers; lines after it are of a future that is run anew. */
  static async open(folder: string, history: readonly EpochRecord[]): Promise<RunLog> {
    const path = join(folder, 'metrics.jsonl');
    await writeFileAtomic(path, history.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const board = join(folder, 'tensorboard');
    await mkdir(board, { recursive: true });
    const log = new RunLog(path, new EventFile(board));
    log.last = history.at(-1);
    return log;
  }

  async add(record: EpochRecord): Promise<void> {
    this.last = record;
    await appendFile(this.path, `${JSON.stringify(record)}\n`);
    await this.events.scalars(record.epoch, {
      loss: record.loss,
      validation_loss: record.validationLoss,
      learning_rate: record.learningRate,
    });
  }
}
