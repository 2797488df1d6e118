import type { FeaturesContent, Metrics, RunContent } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import type { TaskKind } from '../../core/task-kind.js';
import { baselineScores, computeMetrics, type Truth } from '../../metrics/index.js';
import type { HeldOut } from '../../training/judge.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import type { TrainingData } from './data.js';

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

/** What `train` says of a run. */
export function resultOf(run: Manifest<RunContent>, workspace: Workspace, upToDate: boolean): TrainResult {
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

/** Metrics on the held-out rows, of the model and of the trivial baseline. */
export function judged(
  features: FeaturesContent,
  training: TrainingData,
  held: HeldOut,
): { validation: Metrics; baseline: Metrics } {
  if (held.rows.length === 0) return { validation: {}, baseline: {} };
  const values = Array.from(held.rows, (row) => training.truth[row] as number);
  const truth: Truth = features.task === 'regression' ? Float64Array.from(values) : Int32Array.from(values);
  const weights = features.hasWeights
    ? Float32Array.from(held.rows, (row) => training.given[row] as number)
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
