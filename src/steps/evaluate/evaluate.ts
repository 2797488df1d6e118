import type { DataContent } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { defaultMetricNames } from '../../metrics/index.js';
import { openBundleFiles } from '../../workspace/bundle-files.js';
import { idOf } from '../../workspace/hash.js';
import { withLock } from '../../workspace/lock.js';
import { Workspace } from '../../workspace/workspace.js';
import type { CellLookup } from './cells.js';
import { readEvaluation, writeEvaluation } from './output.js';
import {
  chosen,
  type EvaluateOptions,
  type EvaluateResult,
  isKept,
  namesFor,
  requiredFiles,
} from './result.js';
import { checkAnswers, checkWeights, type JudgedRows } from './rows.js';
import { findSubject, folderFor, historyOf, keyOf, nameOf, type Subject, whereOf } from './subject.js';
import { metricRows, summarise } from './summary.js';
import { trustFrom } from '../model-trust.js';
import type { OpenedPredictor } from '../predictor.js';
import { requireFolder } from '../require-folder.js';

const DEFAULT_RESAMPLES = 1_000;

export type { EvaluateOptions, EvaluateResult } from './result.js';

/**
 * Judges a model on rows it did not learn from: metrics with bootstrap intervals beside the trivial baseline,
 * predictions, plots and a report. With `folds`, the whole pipeline is refitted for every fold instead.
 * @throws AimaasError USAGE for a metric or threshold that does not fit; what finding the model and reading data throws.
 */
export async function evaluate(options: EvaluateOptions, context: StepContext): Promise<EvaluateResult> {
  await requireFolder('--output', options.output);
  if (options.folds !== undefined) {
    const { crossValidate } = await import('./cross-validate.js');
    return crossValidate(options, context);
  }
  const workspace = new Workspace(context.workspace);
  const subject = await findSubject(workspace, options, context);
  // Also where the result is known: what is said is said of this model only if it is the one that was judged.
  const files = await openBundleFiles(subject.model.folder, await trustFrom(options.trust));
  const writes = isKept(options);
  const key = await keyOf(subject, files, options.seed ?? 0);
  const folder = options.output ?? folderFor(workspace, subject, key);
  const task = subject.run?.content.task;
  // Checked before the work where the task is known already.
  if (task !== undefined) namesFor(task, options);
  const stored =
    options.force === true || key === undefined
      ? undefined
      : await storedResult(folder, key, writes, options);
  if (stored !== undefined) {
    for (const warning of stored.warnings) context.reporter.warn(warning);
    return chosen(stored, options, true);
  }
  const work = () => run(workspace, subject, options, context, writes ? { folder, key } : undefined);
  if (!writes) return work();
  const lock = workspace.path('locks', `evaluation-${idOf(folder)}.lock`);
  return withLock(
    lock,
    { reporter: context.reporter, signal: context.signal, what: `the evaluation in ${folder}` },
    work,
  );
}

/** An earlier result that says all that is asked for now. */
async function storedResult(
  folder: string,
  key: JsonObject,
  writes: boolean,
  options: EvaluateOptions,
): Promise<EvaluateResult | undefined> {
  const json = await readEvaluation(folder);
  if (json?.['evaluation'] !== idOf(key) || json['schemaVersion'] !== 1) return undefined;
  const stored = json as unknown as EvaluateResult;
  const { all } = namesFor(stored.task, options);
  if (!all.every((name) => name in stored.metrics)) return undefined;
  const resamples = options.bootstrap ?? DEFAULT_RESAMPLES;
  const hasIntervals = resamples === (stored.bootstrap?.asked ?? 0);
  if (writes && !hasIntervals) return undefined;
  if (!writes && resamples > 0 && !hasIntervals) return undefined;
  if (writes && !requiredFiles(options).every((name) => stored.files.includes(name))) return undefined;
  return { ...stored, output: folder };
}

interface Destination {
  readonly folder: string;
  readonly key: JsonObject | undefined;
}

async function run(
  workspace: Workspace,
  subject: Subject,
  options: EvaluateOptions,
  context: StepContext,
  destination: Destination | undefined,
): Promise<EvaluateResult> {
  const { openPredictor } = await import('../predictor.js');
  const predictor = await openPredictor(subject.model.folder, options);
  try {
    const { task } = predictor.target;
    const { all } = namesFor(task, options);
    const found = await readRows(workspace, subject, predictor, options, context);
    const { judged } = found;
    checkAnswers(judged, 'location' in subject.on);
    checkWeights(judged, 'split' in subject.on ? `the ${subject.on.split} split` : subject.on.location);
    const rows = metricRows(judged);
    // A question about one metric is answered with it alone; what is kept has all of the task.
    const names = destination === undefined ? all : [...new Set([...defaultMetricNames(task), ...all])];
    const summary = summarise(judged, rows, {
      names,
      resamples: options.bootstrap ?? DEFAULT_RESAMPLES,
      seed: options.seed ?? 0,
    });
    const warnings = [...subject.warnings, ...found.warnings, ...summary.warnings];
    for (const warning of warnings) context.reporter.warn(warning);
    const result: EvaluateResult = {
      schemaVersion: 1,
      evaluation: destination?.key === undefined ? '' : idOf(destination.key),
      run: subject.run?.id ?? subject.model.run,
      model:
        subject.model.version === null ? null : { name: subject.model.name, version: subject.model.version },
      task,
      target: predictor.target.column,
      on: {
        split: 'split' in subject.on ? subject.on.split : null,
        data:
          'split' in subject.on ? null : { location: subject.on.location, sha256: subject.on.sha256 ?? null },
        rows: summary.rows,
      },
      asked: [],
      metrics: summary.metrics,
      baseline: summary.baseline,
      intervals: summary.intervals,
      bootstrap: summary.bootstrap,
      thresholds: [],
      confusion: summary.confusion,
      classes: summary.classes,
      folds: null,
      warnings,
      output: destination?.folder ?? null,
      files: [],
      upToDate: false,
    };
    if (destination === undefined) return chosen(result, options, false);
    const files = await writeEvaluation(destination.folder, result, options, context.signal, {
      judged,
      summary,
      lookUp: found.lookUp,
      history: await historyOf(subject.model.folder),
      run: subject.run?.content,
      subject: nameOf(subject),
      where: whereOf(subject),
    });
    return chosen({ ...result, files }, options, false);
  } finally {
    await predictor.dispose();
  }
}

async function readRows(
  workspace: Workspace,
  subject: Subject,
  predictor: OpenedPredictor,
  options: EvaluateOptions,
  context: StepContext,
): Promise<{ judged: JudgedRows; lookUp: CellLookup | undefined; warnings: readonly string[] }> {
  const { on, features, run } = subject;
  if ('split' in on && features !== undefined) {
    const { rowsOfSplit } = await import('./rows.js');
    const judged = await rowsOfSplit(workspace, features, on.split, predictor, context);
    const given = features.content.splitting.given.some((split) => split === on.split);
    const { snapshotLookup } = await import('./cells.js');
    const lookUp = given
      ? undefined
      : await snapshotLookup(workspace, features.content, predictor.schema, context.signal);
    return { judged, lookUp, warnings: [] };
  }
  const { rowsOfData } = await import('./data.js');
  const data = run === undefined ? undefined : await workspace.read<DataContent>('data', run.content.data);
  const schemaOf = (wanted: string) => data?.content.schema.columns.find(({ name }) => name === wanted);
  const targetSchema = schemaOf(predictor.target.column);
  const weightColumn = features?.content.recipe.weightColumn ?? null;
  const weightSchema = weightColumn === null ? undefined : schemaOf(weightColumn);
  const location = 'location' in on ? on.location : '';
  return rowsOfData(
    { location, stdin: options.stdin, targetSchema, weightSchema, cache: workspace.path('cache') },
    predictor,
    context,
  );
}
