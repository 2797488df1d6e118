/**
 * What `import { collect, train } from 'aimaas'` gives: every verb as a function of typed options, with no terminal.
 * Each takes its options and a context made by `createContext`, and gives the JSON that the command prints.
 */
import { type Reporter, silentReporter } from './core/reporter.js';
import type { StepContext } from './core/step.js';

export interface ContextOptions {
  /** Folder of all artifacts and metrics. Default: .aimaas in the current folder. */
  readonly workspace?: string | undefined;
  /** Where progress and warnings go. Default: nowhere. */
  readonly reporter?: Reporter | undefined;
  /** Ends a step well: it leaves a good state and throws INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
}

/** The surroundings of a step, with defaults. */
export function createContext(options: ContextOptions = {}): StepContext {
  return {
    workspace: options.workspace ?? '.aimaas',
    reporter: options.reporter ?? silentReporter,
    signal: options.signal ?? new AbortController().signal,
  };
}

export { collect } from './steps/collect/collect.js';
export type { CollectOptions, CollectResult } from './steps/collect/collect.js';
export { preprocess } from './steps/preprocess/preprocess.js';
export type { PreprocessOptions, PreprocessResult } from './steps/preprocess/preprocess.js';
export { train } from './steps/train/train.js';
export type { TrainResult } from './steps/train/train.js';
export type { TrainOptions } from './steps/train/options.js';
export { evaluate } from './steps/evaluate/evaluate.js';
export type { EvaluateOptions, EvaluateResult } from './steps/evaluate/evaluate.js';
export { optimize } from './steps/optimize/optimize.js';
export type { OptimizeOptions, OptimizeResult } from './steps/optimize/optimize.js';
export { exportModel } from './steps/export/export.js';
export type { ExportOptions, ExportResult } from './steps/export/export.js';
export { predict } from './steps/predict/predict.js';
export type { PredictOptions, PredictResult } from './steps/predict/predict.js';
export { serve } from './steps/serve/serve.js';
export type { ServeOptions, ServeResult } from './steps/serve/serve.js';
export { openPredictor } from './steps/predictor.js';

export { init } from './steps/init.js';
export type { InitOptions, InitResult } from './steps/init.js';
export { run } from './steps/run-steps.js';
export type { RunOptions, RunResult } from './steps/run-steps.js';
export { status } from './steps/status.js';
export type { StatusOptions, StatusResult } from './steps/status.js';
export { listRuns, showRun } from './steps/runs.js';
export type { ListRunsOptions, ListRunsResult, ShowRunResult } from './steps/runs.js';
export { compareRuns } from './steps/compare-runs.js';
export type { CompareRunsOptions, CompareRunsResult } from './steps/compare-runs.js';
export { deleteRuns } from './steps/delete-runs.js';
export type { DeleteRunsOptions, DeleteRunsResult } from './steps/delete-runs.js';
export { aliasModel, deleteModels, listModels, removeAlias, showModel } from './steps/models.js';
export { prune } from './steps/prune.js';
export type { PruneOptions, PruneResult } from './steps/prune.js';
export { engines } from './steps/engines.js';
export type { EnginesResult } from './steps/engines.js';

export { AimaasError } from './core/errors.js';
export { ERROR_CODES, EXIT } from './core/error-codes.js';
export type { ErrorCode } from './core/error-codes.js';
export { VERSION } from './core/version.js';
export type { Json, JsonObject } from './core/json.js';
export type { Prediction, Predictor } from './core/predictor.js';
export type { Progress, ProgressTask, Reporter } from './core/reporter.js';
export type { StepContext } from './core/step.js';
export type { Column, ColumnKind, ColumnSchema, DataSchema, Table } from './core/table.js';
