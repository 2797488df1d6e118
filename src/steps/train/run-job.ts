import { join } from 'node:path';
import type { RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { makeFolder } from '../../core/make-folder.js';
import { loadFeatures } from '../../features/index.js';
import { readCheckpoint, writeCheckpoint } from '../../training/checkpoint.js';
import { fit, type FitResult } from '../../training/fit.js';
import { optimizerNamed } from '../../training/optimizers/index.js';
import type { TrainingPlan } from '../../training/plan.js';
import { readFeatures } from '../features-dataset.js';
import { copySource } from './model-source.js';
import { smallerRate } from '../run-state.js';
import { openTrainingData, type TrainingData } from './data.js';
import { removeCheckpoints, weightsFrom, writeModel, writeNetwork } from './files.js';
import { type Job, writeState } from './job.js';
import { RunLog } from './log.js';
import { checkCourse, penaltyOf, planOf } from './plan.js';
import { judged, resultOf, type TrainResult } from './result.js';

/** Trains the network of a run, from its last checkpoint where there is one, and completes the run. */
export async function runJob(job: Job): Promise<TrainResult> {
  const { context, features, resolved, folder, workspace } = job;
  const { settings } = resolved;
  const started = performance.now();
  const checkpoints = join(folder, 'checkpoints');
  const training = await openTrainingData(workspace, features, settings);
  const plan = planOf(settings, training);
  checkCourse(training, plan, context.reporter);
  await makeFolder(checkpoints);
  if (resolved.source !== undefined) await copySource(resolved.source, folder);
  if (job.options.force === true) await removeCheckpoints(checkpoints);
  const resume = job.options.force === true ? undefined : await readCheckpoint(checkpoints);
  const starts =
    job.options.from === undefined ? undefined : await weightsFrom(workspace.folder('run', job.options.from));
  await writeState(job, 'training', { seconds: 0 });
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
      engineOptions: {
        device: job.options.device,
        threads: job.options.threads,
        log: (line) => job.context.reporter.debug(line),
      },
      network: await resolved.family.network(settings.params, resolved.context, settings),
      mixesRows: resolved.family.mixesRows(settings.params),
      target: features.content.target,
      ...training,
      plan,
      findLearningRate: settings.learningRate === 'auto',
      optimizer: optimizerNamed(settings.optimizer),
      optimizerOptions: settings,
      loss: resolved.loss,
      labelSmoothing: settings.labelSmoothing,
      penalty: penaltyOf(settings, features.content.task, training),
      clipping: {
        value: settings.clipValue ?? undefined,
        weightNorm: settings.clipWeightNorm ?? undefined,
        globalNorm: settings.clipNorm ?? undefined,
      },
      clamp: !resolved.family.extrapolates,
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
    await writeState(job, 'failed', {
      seconds: (performance.now() - started) / 1000,
      failure: error instanceof AimaasError ? error.code : 'INTERNAL',
    });
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
  const { folder, features, workspace } = job;
  const { progress } = result.outcome;
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
    if (result.end === 'diverged') throw await diverged(job, plan, result, about);
    await writeState(job, job.hooks.isStopped?.() === true ? 'stopped' : 'interrupted', about);
    throw interrupted(job, epoch, plan);
  }
  const fitted = loadFeatures(await readFeatures(workspace, features));
  await writeNetwork(folder, result.graph, features.content, fitted);
  await writeWeights(job, result);
  await removeCheckpoints(join(folder, 'checkpoints'));
  const manifest = await writeState(job, 'complete', {
    ...about,
    parameters: result.program.parameters.width * result.program.members,
  });
  if (job.hooks.keepCurrent !== true) await workspace.setCurrent('run', job.id);
  bar.done(`${epoch} epochs in ${progress.seconds.toFixed(1)} s`);
  return resultOf(manifest, workspace, false);
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

/**
 * Keeps the best weights of a run whose loss ran away, if it had any, for others to start from. Its checkpoints would only
 * lead there again.
 */
async function diverged(
  job: Job,
  plan: TrainingPlan,
  result: FitResult,
  about: Partial<RunContent>,
): Promise<AimaasError> {
  const { progress } = result.outcome;
  const last = progress.history.at(-1);
  await removeCheckpoints(join(job.folder, 'checkpoints'));
  if (last !== undefined) await writeWeights(job, result);
  await writeState(job, 'failed', { ...about, epochs: last?.epoch ?? 0, failure: 'TRAINING_DIVERGED' });
  const good =
    last === undefined
      ? 'no epoch was good enough to keep its weights'
      : `the last good epoch was ${last.epoch} (loss ${last.loss.toPrecision(4)}), the best weights until then are in ${join(job.folder, 'weights.safetensors')}`;
  const rate = progress.learningRate;
  return new AimaasError(
    'TRAINING_DIVERGED',
    `The loss became NaN or infinite in epoch ${Math.ceil(progress.step / plan.stepsPerEpoch)} at learning rate ${Number(rate.toPrecision(3))}; ${good}.`,
    // Weights of steps that were far too long are far off as well.
    { hint: calmer(job, rate, last === undefined || rate > 1 ? [] : ['--from', job.id]) },
  );
}

/** The command of the user with a smaller learning rate. */
function calmer({ options }: Job, rate: number, more: readonly string[]): string {
  const { model, params = {}, optimizer, members } = options;
  const given = [
    ...(model === undefined ? [] : ['--model', model]),
    ...Object.entries(params).flatMap(([name, value]) => parameterFlag(name, value)),
    ...(members === undefined ? [] : ['--members', String(members)]),
    ...(optimizer === undefined ? [] : ['--optimizer', optimizer]),
  ];
  const words = [...given, ...more, '--learning-rate', smallerRate(rate), '--clip-norm', '1'];
  return ['aimaas train', ...words.map((word) => (/[^\w.,=/:+-]/.test(word) ? `'${word}'` : word))].join(' ');
}

/** A parameter of a family as an option of the command line. */
function parameterFlag(name: string, value: Json): string[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value).replaceAll(/[[\]]/g, '');
  if (name === 'units') return ['--layers', text];
  if (name === 'activation' || name === 'dropout') return [`--${name}`, text];
  return ['--param', `${name}=${text}`];
}

async function writeWeights({ folder, features, resolved }: Job, result: FitResult): Promise<void> {
  await writeModel(folder, result.program, result.outcome.best, {
    family: resolved.settings.family,
    params: resolved.settings.params,
    task: features.content.task,
    outputs: resolved.context.outputs,
    layout: features.content.layout,
    temperature: result.temperature,
  });
}

function meanOf(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
