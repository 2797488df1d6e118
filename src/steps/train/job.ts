import type { FeaturesContent, RunContent, RunState } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import type { Engine } from '../../engines/engine.js';
import type { EpochRecord } from '../../training/plan.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import type { ResolvedTraining, TrainOptions } from './options.js';

/** What a search adds to a run that is one of its trials. */
export interface TrainHooks {
  /** Leave the current run the current one. */
  readonly keepCurrent?: boolean;
  /** Whether the run was ended early for good, rather than interrupted. */
  isStopped?(): boolean;
  /** Called with the run's id before it begins. */
  onStart?(run: string): Promise<void> | void;
  /** Called after every validation, those before a resumption included; the run goes on when it has returned. */
  onRecord?(record: EpochRecord): Promise<void> | void;
}

/** What a run in progress knows of itself. */
export interface Job {
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

/** Writes the run's manifest with what is known of it by now. */
export async function writeState(
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
