import { join } from 'node:path';
import type { FeaturesContent, RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { chooseEngine } from '../../engines/index.js';
import { idOf } from '../../workspace/hash.js';
import { withLock } from '../../workspace/lock.js';
import type { Manifest } from '../../workspace/manifest.js';
import { exists, Workspace } from '../../workspace/workspace.js';
import { asItStands, lastInterrupted, wayOn } from '../run-state.js';
import type { Job, TrainHooks } from './job.js';
import { likeRun, optionsOfRun, resolveTraining, type TrainOptions } from './options.js';
import { requireSameOptions } from './resume.js';
import { resultOf, type TrainResult } from './result.js';

export type { TrainResult } from './result.js';

/** Raised whenever the same inputs would give another model. */
const STEP_VERSION = 2;

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
  const other = asked.from === undefined ? undefined : await runWithWeights(workspace, asked.from);
  const from = other?.id ?? null;
  const wanted = other === undefined ? asked : likeRun(asked, other, workspace.folder('run', other.id));
  const resolved = await resolveTraining(wanted, features.content);
  const { engine, device } = await chooseEngine(asked.engine, asked.device);
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
    options: { ...asked, device, from: from ?? undefined },
    hooks,
  };
  const lock = { reporter: context.reporter, signal: context.signal, what: `run ${id}` };
  // Loaded late, as a run that is up to date needs none of it.
  const { runJob } = await import('./run-job.js');
  return withLock(workspace.lockPath('run', id), lock, () => runJob(job));
}

/** @throws AimaasError ARTIFACT_INCOMPATIBLE when the run has no weights to start from. */
async function runWithWeights(workspace: Workspace, wanted: string): Promise<Manifest<RunContent>> {
  const run = await asItStands(workspace, await workspace.find<RunContent>('run', wanted));
  if (await exists(join(workspace.folder('run', run.id), 'weights.safetensors'))) return run;
  throw new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `Run ${run.id} is ${run.content.state} and has no weights to start from.`,
    { hint: wayOn(run) },
  );
}

/** The options of an interrupted run, so that `--resume` needs no others. */
async function resumed(workspace: Workspace, options: TrainOptions): Promise<TrainOptions> {
  const run =
    options.resume === 'latest'
      ? await lastInterrupted(workspace)
      : await asItStands(workspace, await workspace.find<RunContent>('run', options.resume));
  if (run.content.failure === 'TRAINING_DIVERGED') {
    const why = 'its loss became NaN or infinite, and would again';
    throw new AimaasError('UNSUPPORTED', `The run ${run.id} cannot be resumed: ${why}.`, {
      hint: wayOn(run),
    });
  }
  if (run.content.state === 'complete') {
    throw new AimaasError('UNSUPPORTED', `The run ${run.id} is complete: there is nothing to resume.`, {
      hint: `To train further from its weights: aimaas train --from ${run.id} --epochs 100`,
    });
  }
  await requireSameOptions(run, options);
  return {
    ...optionsOfRun(run, workspace.folder('run', run.id)),
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
