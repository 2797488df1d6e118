import type { Readable } from 'node:stream';
import type { SplitName } from '../../core/artifacts.js';
import type { TaskKind } from '../../core/task-kind.js';
import type { JudgedThreshold, Threshold } from '../../core/threshold.js';
import { defaultMetricNames, findMetric } from '../../metrics/index.js';
import type { PredictionFile } from './predictions.js';
import type { Summary } from './summary.js';
import type { TrustOptions } from '../model-trust.js';
import { judgeThresholds, parseThresholds } from './thresholds.js';

export interface EvaluateOptions {
  /** Run id or its beginning, a model's name, name@alias, name/version, or a path. Default: the current run. */
  readonly run?: string | undefined;
  /** New data with the target: path, glob, URL or "-". Default: the test split. */
  readonly data?: string | undefined;
  /** What "-" reads. Default: the process's stdin. */
  readonly stdin?: Readable | undefined;
  /** Only these metrics. Nothing is written then, unless `output` or `predictions` is given too. */
  readonly metrics?: readonly string[] | undefined;
  /** "accuracy=0.9": the least a metric may be; for errors and losses the most. */
  readonly failUnder?: readonly string[] | undefined;
  /** Folder for the results. Default: in the run's own folder. */
  readonly output?: string | undefined;
  /** Format of the file of predictions. Default csv. */
  readonly predictions?: PredictionFile | undefined;
  /** Cross-validates the whole pipeline with so many folds instead. */
  readonly folds?: number | undefined;
  /** Resamples for the intervals; 0 for none. Default 1000. */
  readonly bootstrap?: number | undefined;
  /** Whether plots and the report are made. Default true. */
  readonly plots?: boolean | undefined;
  /** Of the resampling and of the folds. Default 0. */
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  /** Who must have signed the model, and what opens it if it is encrypted. */
  readonly trust?: TrustOptions | undefined;
  /** Evaluates again even if nothing changed. */
  readonly force?: boolean | undefined;
}

/** What the numbers were computed on. */
export type EvaluatedOn = {
  readonly split: SplitName | null;
  /** With --data: what was read; sha256 is null for what is not one local file. */
  readonly data: { readonly location: string; readonly sha256: string | null } | null;
  readonly rows: number;
};

export type FoldResult = {
  /** From 1. */
  readonly fold: number;
  readonly rows: number;
  readonly metrics: { readonly [metric: string]: number | null };
  readonly baseline: { readonly [metric: string]: number | null };
};

/** Of cross-validation: `metrics` of the result are the means over the folds. */
export type FoldsResult = {
  readonly folds: readonly FoldResult[];
  /** Sample standard deviation (n - 1) over the folds that define the metric. */
  readonly standardDeviation: { readonly [metric: string]: number | null };
};

export type EvaluateResult = {
  readonly schemaVersion: 1;
  /** Hash of what went in. */
  readonly evaluation: string;
  readonly run: string | null;
  readonly model: { readonly name: string; readonly version: number } | null;
  readonly task: TaskKind;
  readonly target: string;
  readonly on: EvaluatedOn;
  /** The metrics that were named, in that order. */
  readonly asked: readonly string[];
  /** Those named and those with thresholds; without any named, the task's own. null: not defined for these rows. */
  readonly metrics: Summary['metrics'];
  readonly baseline: Summary['baseline'];
  readonly intervals: Summary['intervals'];
  readonly bootstrap: Summary['bootstrap'];
  readonly thresholds: readonly JudgedThreshold[];
  readonly confusion: Summary['confusion'];
  readonly classes: Summary['classes'];
  readonly folds: FoldsResult | null;
  readonly warnings: readonly string[];
  /** Folder of the results; null when nothing was written. */
  readonly output: string | null;
  readonly files: readonly string[];
  readonly upToDate: boolean;
};

/**
 * The metrics and thresholds that are asked for.
 * @throws AimaasError USAGE for one that is not for the task.
 */
export function namesFor(
  task: TaskKind,
  options: EvaluateOptions,
): {
  readonly asked: readonly string[] | undefined;
  readonly all: readonly string[];
  readonly thresholds: readonly Threshold[];
} {
  const asked = options.metrics?.map((name) => findMetric(name, task).name);
  const thresholds = parseThresholds(options.failUnder ?? [], task);
  const base = asked ?? defaultMetricNames(task);
  return { asked, all: [...new Set([...base, ...thresholds.map(({ metric }) => metric)])], thresholds };
}

/** The result narrowed to what is asked for, with thresholds judged. */
export function chosen(result: EvaluateResult, options: EvaluateOptions, upToDate: boolean): EvaluateResult {
  const { asked, all, thresholds } = namesFor(result.task, options);
  const judged = judgeThresholds(thresholds, result.metrics);
  if (asked === undefined) return { ...result, asked: [], thresholds: judged, upToDate };
  const pick = <T>(values: { readonly [metric: string]: T }): Record<string, T> =>
    Object.fromEntries(all.flatMap((name) => (name in values ? [[name, values[name] as T]] : [])));
  return {
    ...result,
    asked,
    metrics: pick(result.metrics),
    baseline: pick(result.baseline),
    intervals: pick(result.intervals),
    thresholds: judged,
    upToDate,
  };
}

/** Whether the results are kept. A question about single metrics is answered without leaving anything behind. */
export function isKept(options: EvaluateOptions): boolean {
  return options.metrics === undefined || options.output !== undefined || options.predictions !== undefined;
}

/** The files that must be there for a kept result to be complete. */
export function requiredFiles(options: EvaluateOptions): string[] {
  const report = options.plots === false ? [] : ['report.html'];
  return [`predictions.${options.predictions ?? 'csv'}`, ...report];
}
