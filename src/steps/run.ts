import type { JsonObject } from '../core/json.js';
import { throwIfAborted } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import { ModelRegistry } from '../workspace/registry.js';
import { Workspace } from '../workspace/workspace.js';
import { PIPELINE, type PipelineStep, type StepSettings } from './pipeline-record.js';
import { inspectSteps, type StepState } from './status.js';

/** A step as `run` does it. Each is quick when nothing changed: the step itself decides by what goes into it. */
export interface Stage {
  readonly step: PipelineStep;
  /** Compared with how the step was last done, to say why it is done again; undefined compares nothing. */
  readonly settings: StepSettings | undefined;
  /** Does the step and gives its result; `failure` is why the pipeline should not go on (a threshold not met). */
  execute(
    context: StepContext,
  ): Promise<{ readonly result: JsonObject | null; readonly failure?: StageFailure }>;
}

export type StageFailure = { readonly exitCode: number; readonly message: string };

export interface RunPipelineOptions {
  readonly stages: readonly Stage[];
  /** The last step to do. Default: export. */
  readonly until?: PipelineStep | undefined;
  /** Only say what would be done. */
  readonly dryRun?: boolean | undefined;
  /** Every step is done again; the stages must have been made so. */
  readonly force?: boolean | undefined;
}

export type RunStepResult = {
  readonly step: PipelineStep;
  readonly outcome: 'done' | 'up to date' | 'would be done' | 'failed';
  readonly reason: string;
  readonly seconds: number;
  /** What the step itself gave. */
  readonly result: JsonObject | null;
};

export type RunPipelineResult = {
  readonly schemaVersion: 1;
  readonly dryRun: boolean;
  readonly steps: readonly RunStepResult[];
  /** The newest model of the current run, when the pipeline went that far. */
  readonly model: { readonly name: string; readonly version: number; readonly folder: string } | null;
  /** Why the pipeline stopped early. */
  readonly failure: (StageFailure & { readonly step: PipelineStep }) | null;
};

function planOf(states: readonly StepState[], force: boolean): RunStepResult[] {
  return states.map(({ step, state, reason }) => {
    const isDue = force || state !== 'up to date';
    return {
      step,
      outcome: isDue ? 'would be done' : 'up to date',
      reason: force && state === 'up to date' ? '--force' : reason,
      seconds: 0,
      result: null,
    };
  });
}

async function runStage(
  stage: Stage,
  state: StepState,
  force: boolean,
  context: StepContext,
): Promise<RunStepResult & { failure?: StageFailure }> {
  const { step } = stage;
  const isDue = force || state.state !== 'up to date';
  const reason = force && state.state === 'up to date' ? '--force' : state.reason;
  if (isDue) context.reporter.info(`${step}: ${reason}`);
  const began = performance.now();
  const { result, failure } = await stage.execute(context);
  const seconds = Math.round(performance.now() - began) / 1000;
  if (result?.['upToDate'] === true) {
    const unchanged = isDue ? `${reason}, but nothing that goes into it did` : reason;
    if (isDue) context.reporter.info(`${step}: up to date`);
    return {
      step,
      outcome: 'up to date',
      reason: unchanged,
      seconds,
      result,
      ...(failure === undefined ? {} : { failure }),
    };
  }
  const outcome = failure === undefined ? 'done' : 'failed';
  return {
    step,
    outcome,
    reason: isDue ? reason : 'what goes into it changed',
    seconds,
    result,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Does every step that is missing or out of date, in order, and says why. */
export async function runPipeline(
  options: RunPipelineOptions,
  context: StepContext,
): Promise<RunPipelineResult> {
  const workspace = new Workspace(context.workspace);
  const until = options.until ?? 'export';
  const force = options.force === true;
  const settings = Object.fromEntries(
    options.stages.flatMap((stage) => (stage.settings === undefined ? [] : [[stage.step, stage.settings]])),
  );
  if (options.dryRun === true) {
    const steps = planOf(await inspectSteps(workspace, settings, until), force);
    return { schemaVersion: 1, dryRun: true, steps, model: null, failure: null };
  }
  const steps: RunStepResult[] = [];
  for (const step of PIPELINE.slice(0, PIPELINE.indexOf(until) + 1)) {
    throwIfAborted(context.signal);
    const stage = options.stages.find((candidate) => candidate.step === step);
    // Looked at anew before each step: what the one before made decides.
    const state = (await inspectSteps(workspace, settings, step)).at(-1);
    if (stage === undefined || state === undefined) continue;
    const { failure, ...done } = await runStage(stage, state, force, context);
    steps.push(done);
    if (failure !== undefined) {
      return { schemaVersion: 1, dryRun: false, steps, model: null, failure: { ...failure, step } };
    }
  }
  return {
    schemaVersion: 1,
    dryRun: false,
    steps,
    model: await exportedModel(workspace, until),
    failure: null,
  };
}

async function exportedModel(workspace: Workspace, until: PipelineStep): Promise<RunPipelineResult['model']> {
  if (until !== 'export') return null;
  const registry = new ModelRegistry(workspace);
  const run = await workspace.current('run');
  const model = (await registry.list()).find(({ lineage }) => lineage.run === run);
  if (model === undefined) return null;
  return { name: model.name, version: model.version, folder: registry.folder(model.name, model.version) };
}
