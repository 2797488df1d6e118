import { join } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { defaultMetricNames } from '../../metrics/index.js';
import { idOf } from '../../workspace/hash.js';
import { Workspace } from '../../workspace/workspace.js';
import { type CellLookup, snapshotLookup } from './cells.js';
import { readEvaluation, writeEvaluation } from './output.js';
import {
  chosen,
  type EvaluateOptions,
  type EvaluateResult,
  isKept,
  namesFor,
  requiredFiles,
} from './result.js';
import { type Pipeline, pipelineOf } from './fold-pipeline.js';
import { overFolds, standardDeviation, summaryOf } from './fold-statistics.js';
import { runFolds } from './run-folds.js';

/** Raised whenever the same inputs would give other numbers. */
const STEP_VERSION = 1;

/**
 * Cross-validates the pipeline of a run: for each fold the rows outside it are split, cleaned, fitted and trained on with
 * the options of the run, and the rows inside it judged, so that nothing of them leaks. The result's metrics are the means
 * over the folds; predictions, plots and class figures are those of every row by the model that did not see it. The
 * current data, features and run stay what they are.
 * @throws AimaasError UNSUPPORTED for --data with --folds or rows split by time; TOO_FEW_ROWS; what the steps throw.
 */
export async function crossValidate(options: EvaluateOptions, context: StepContext): Promise<EvaluateResult> {
  const count = options.folds ?? 5;
  if (options.data !== undefined) {
    throw new AimaasError(
      'USAGE',
      '--folds refits the pipeline on the data of the run; --data cannot be given too.',
      {
        hint: 'aimaas evaluate --folds 5',
      },
    );
  }
  if (!Number.isInteger(count) || count < 2) {
    throw new AimaasError('USAGE', `--folds is ${count}; expected a whole number from 2 on.`, {
      hint: 'aimaas evaluate --folds 5',
    });
  }
  const workspace = new Workspace(context.workspace);
  const pipeline = await pipelineOf(workspace, options.run);
  const { task } = pipeline.run.content;
  const { all } = namesFor(task, options);
  const seed = options.seed ?? 0;
  const key = { step: 'cross-validate', version: STEP_VERSION, run: pipeline.run.id, folds: count, seed };
  const folder =
    options.output ?? join(workspace.folder('run', pipeline.run.id), 'evaluation', `folds-${count}`);
  if (options.force !== true) {
    const stored = await storedResult(folder, key, all, options);
    if (stored !== undefined) return chosen(stored, options, true);
  }
  const names = [...new Set([...defaultMetricNames(task), ...all])];
  const { folds, judged } = await runFolds(workspace, pipeline, { count, seed, names }, context);
  const summary = summaryOf(judged, folds, names);
  for (const warning of summary.warnings) context.reporter.warn(warning);
  const result: EvaluateResult = {
    schemaVersion: 1,
    evaluation: idOf(key),
    run: pipeline.run.id,
    model: null,
    task,
    target: judged.target.column,
    on: { split: null, data: null, rows: summary.rows },
    asked: [],
    metrics: summary.metrics,
    baseline: summary.baseline,
    intervals: {},
    bootstrap: null,
    thresholds: [],
    confusion: summary.confusion,
    classes: summary.classes,
    folds: { folds, standardDeviation: overFolds(names, folds, standardDeviation) },
    warnings: summary.warnings,
    output: null,
    files: [],
    upToDate: false,
  };
  if (!isKept(options)) return chosen(result, options, false);
  const { run } = pipeline;
  const files = await writeEvaluation(folder, result, options, context.signal, {
    judged,
    summary,
    lookUp: await cellsOf(workspace, pipeline, context.signal),
    history: [],
    run: run.content,
    subject: `the pipeline of run ${run.id}`,
    where: `${run.content.dataName}, each row answered by the model of the fold that did not see it`,
  });
  return chosen({ ...result, files, output: folder }, options, false);
}

async function storedResult(
  folder: string,
  key: JsonObject,
  names: readonly string[],
  options: EvaluateOptions,
): Promise<EvaluateResult | undefined> {
  const json = await readEvaluation(folder);
  if (json?.['evaluation'] !== idOf(key)) return undefined;
  const stored = json as unknown as EvaluateResult;
  const isComplete = !isKept(options) || requiredFiles(options).every((file) => stored.files.includes(file));
  return isComplete && names.every((name) => name in stored.metrics)
    ? { ...stored, output: folder }
    : undefined;
}

function cellsOf(
  workspace: Workspace,
  { data, features, plan }: Pipeline,
  signal: AbortSignal,
): Promise<CellLookup | undefined> {
  const columns = data.content.schema.columns.filter(({ name }) => plan.columns.includes(name));
  return snapshotLookup(workspace, features.content, { columns, target: null }, signal);
}
