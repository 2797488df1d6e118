import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContent, FeaturesContent, RunContent, TargetState } from '../core/artifacts.js';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { makeFolder } from '../core/make-folder.js';
import type { Progress, Reporter } from '../core/reporter.js';
import type { StepContext } from '../core/step.js';
import { baselineScores, computeMetrics, defaultMetricNames } from '../metrics/index.js';
import { idOf } from '../workspace/hash.js';
import type { Manifest } from '../workspace/manifest.js';
import { Workspace } from '../workspace/workspace.js';
import { type CellLookup, snapshotLookup } from './evaluation-cells.js';
import { readEvaluation, writeEvaluation } from './evaluation-output.js';
import {
  chosen,
  type EvaluateOptions,
  type EvaluateResult,
  type FoldResult,
  isKept,
  namesFor,
  requiredFiles,
} from './evaluation-result.js';
import { checkAnswers, checkWeights, type JudgedRows, RowCollector, rowsOfSplit } from './evaluation-rows.js';
import { metricRows, summarise, type Summary, withGaps } from './evaluation-summary.js';
import { assignFolds, writeFold } from './folds.js';
import { openPredictor } from './predictor.js';
import { preprocessAs } from './preprocess.js';
import type { PreprocessPlan } from './preprocess-plan.js';
import { resolveModel } from './resolve-model.js';
import { train } from './train.js';
import { optionsOfRun } from './train-options.js';

/** Raised whenever the same inputs would give other numbers. */
const STEP_VERSION = 1;

interface Pipeline {
  readonly run: Manifest<RunContent>;
  readonly runFolder: string;
  readonly features: Manifest<FeaturesContent>;
  readonly data: Manifest<DataContent>;
  /** How the run's features were made, without the rows of its test split being held out. */
  readonly plan: PreprocessPlan;
}

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

/** The run of that id, or the one that an exported model was made of. */
async function runNamed(workspace: Workspace, wanted: string | undefined): Promise<Manifest<RunContent>> {
  try {
    return await workspace.find<RunContent>('run', wanted);
  } catch (error) {
    const isUnknown = error instanceof AimaasError && error.code === 'ARTIFACT_NOT_FOUND';
    if (wanted === undefined || !isUnknown) throw error;
    const model = await resolveModel({ workspace: workspace.root }, wanted);
    return workspace.find<RunContent>('run', model.run ?? wanted);
  }
}

async function pipelineOf(workspace: Workspace, wanted: string | undefined): Promise<Pipeline> {
  const run = await runNamed(workspace, wanted);
  const features = await workspace.find<FeaturesContent>('features', run.content.features);
  const data = await workspace.find<DataContent>('data', features.content.data);
  const plan = features.key['plan'] as unknown as PreprocessPlan;
  const [trainShare, validationShare] = plan.split.fractions;
  const learned = trainShare + validationShare;
  const given = plan.split.given.filter((split) => split === 'validation');
  if (given.length > 0) {
    throw new AimaasError(
      'UNSUPPORTED',
      '--folds cannot be used here: the validation rows of this feature set were given as other data.',
      { hint: 'Leave --folds out to evaluate on the test split: aimaas evaluate' },
    );
  }
  return {
    run,
    runFolder: workspace.folder('run', run.id),
    features,
    data,
    plan: {
      ...plan,
      split: {
        ...plan.split,
        fractions: [trainShare / learned, validationShare / learned, 0],
        given: ['test'],
      },
    },
  };
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

interface FoldPlan {
  readonly count: number;
  readonly seed: number;
  readonly names: readonly string[];
}

async function runFolds(
  workspace: Workspace,
  pipeline: Pipeline,
  { count, seed, names }: FoldPlan,
  context: StepContext,
): Promise<{ folds: FoldResult[]; judged: JudgedRows }> {
  const { data, features } = pipeline;
  const fold = await assignFolds(workspace, data, features.content, count, seed, context.signal);
  const scratch = new Workspace(
    workspace.path('cache', `folds-${process.pid}-${randomBytes(4).toString('hex')}`),
  );
  await makeFolder(scratch.root);
  const collector = new RowCollector(features.content.target);
  const folds: FoldResult[] = [];
  const reporters = new FoldReporters(context.reporter, count);
  try {
    for (let index = 0; index < count; index++) {
      throwIfAborted(context.signal);
      const inner = { workspace: scratch.root, reporter: reporters.of(index), signal: context.signal };
      const parts = await writeFold(workspace, data, fold, index, scratch, inner);
      const judged = await judgeFold(scratch, pipeline, parts, inner).catch((error: unknown) => {
        throw ofFold(error, index, count);
      });
      checkWeights(judged, `fold ${index + 1}`);
      const { task } = judged.target;
      const baseline = baselineScores(judged.target, judged.row.length);
      folds.push({
        fold: index + 1,
        rows: judged.row.length,
        metrics: withGaps(names, computeMetrics(task, judged.truth, judged.scores, names, judged.weights)),
        baseline: withGaps(names, computeMetrics(task, judged.truth, baseline, names, judged.weights)),
      });
      const row = judged.row.map((inFold) => parts.testRows[inFold] as number);
      collector.add(judged.truth, judged.scores, row, judged.weights ?? null);
    }
    reporters.done();
  } catch (error) {
    reporters.fail();
    throw error;
  } finally {
    await rm(scratch.root, { recursive: true, force: true });
  }
  const foldOf = folds.flatMap(({ fold: number, rows }) => new Array<number>(rows).fill(number));
  return { folds, judged: { ...collector.finish(), fold: Int32Array.from(foldOf) } };
}

/** What ended a fold, without advice about its run, which is gone with it. */
function ofFold(error: unknown, index: number, count: number): unknown {
  if (!(error instanceof AimaasError)) return error;
  const which = `fold ${index + 1} of ${count}`;
  if (error.code === 'INTERRUPTED') {
    return new AimaasError(
      'INTERRUPTED',
      `Interrupted in ${which}; nothing of the cross-validation is kept.`,
      {
        cause: error,
      },
    );
  }
  if (error.code !== 'TRAINING_DIVERGED') return error;
  return new AimaasError('TRAINING_DIVERGED', `The loss became NaN or infinite in ${which}.`, {
    hint: 'Train with a smaller rate, then cross-validate that: aimaas train --learning-rate auto --clip-norm 1',
    cause: error,
  });
}

/** Refits everything on the rows outside the fold and answers those inside, in the terms of the whole data's target. */
async function judgeFold(
  scratch: Workspace,
  { run, plan, features, runFolder }: Pipeline,
  parts: Awaited<ReturnType<typeof writeFold>>,
  context: StepContext,
): Promise<JudgedRows> {
  const prepared = await preprocessAs(plan, parts.train, { testData: parts.test.id, isFold: true }, context);
  const trained = await train({ ...optionsOfRun(run, runFolder), features: prepared.id }, context);
  const predictor = await openPredictor(scratch.folder('run', trained.run));
  try {
    const fitted = await scratch.find<FeaturesContent>('features', prepared.id);
    const judged = await rowsOfSplit(scratch, fitted, 'test', predictor, context);
    checkAnswers(judged, false);
    return inTermsOf(features.content.target, judged);
  } finally {
    await predictor.dispose();
  }
}

/** A fold may know fewer classes than the whole data; the ones it does not know get probability 0. */
function inTermsOf(target: TargetState, judged: JudgedRows): JudgedRows {
  const own = judged.target;
  if (target.task === 'regression' || own.task === 'regression') return judged;
  const place = own.classes.map((name) => target.classes.indexOf(name));
  const counts = new Array<number>(target.classes.length).fill(0);
  place.forEach((c, i) => {
    if (c >= 0) counts[c] = own.counts[i] ?? 0;
  });
  const rows = judged.row.length;
  const scores = new Float32Array(rows * target.classes.length);
  for (let row = 0; row < rows; row++) {
    place.forEach((c, i) => {
      if (c >= 0)
        scores[row * target.classes.length + c] = judged.scores[row * own.classes.length + i] as number;
    });
  }
  const truth = Int32Array.from(judged.truth, (label) => place[label] ?? 0);
  return { ...judged, target: { ...target, counts }, truth, scores };
}

/**
 * One progress over all folds in place of what the steps of each fold report; their warnings come through once, however
 * many folds give them.
 */
class FoldReporters {
  private readonly reporter: Reporter;
  private readonly count: number;
  private readonly bar: Progress;
  private readonly warned = new Set<string>();

  constructor(reporter: Reporter, count: number) {
    this.reporter = reporter;
    this.count = count;
    this.bar = reporter.progress({ title: 'Cross-validating', total: count, unit: 'folds' });
  }

  /** The reporter for the steps of a fold, counted from 0. */
  of(fold: number): Reporter {
    const name = `Fold ${fold + 1} of ${this.count}`;
    return {
      info: (message) => this.reporter.debug(`${name}: ${message}`),
      warn: (message, hint) => {
        if (this.warned.has(message)) return;
        this.warned.add(message);
        this.reporter.warn(`${name}: ${message}`, hint);
      },
      debug: (message) => this.reporter.debug(`${name}: ${message}`),
      progress: (task) => ({
        update: (completed, values) => {
          if (task.unit === 'epochs') this.bar.update(fold, { epoch: Math.floor(completed), ...values });
        },
        done: () => undefined,
        fail: () => undefined,
      }),
    };
  }

  done(): void {
    this.bar.done(`${this.count} folds`);
  }

  fail(): void {
    this.bar.fail();
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardDeviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** A statistic of each metric over the folds that define it; null where it is not defined. */
function overFolds(
  names: readonly string[],
  folds: readonly FoldResult[],
  statistic: (values: readonly number[]) => number,
  of: 'metrics' | 'baseline' = 'metrics',
): Record<string, number | null> {
  return Object.fromEntries(
    names.map((name) => {
      const value = statistic(folds.flatMap((fold) => fold[of][name] ?? []));
      return [name, Number.isFinite(value) ? value : null];
    }),
  );
}

/** Class figures and warnings of all rows pooled, with the means over the folds as metrics. */
function summaryOf(judged: JudgedRows, folds: readonly FoldResult[], names: readonly string[]): Summary {
  const pooled = summarise(judged, metricRows(judged), { names, resamples: 0, seed: 0 });
  return {
    ...pooled,
    metrics: overFolds(names, folds, meanOf),
    baseline: overFolds(names, folds, meanOf, 'baseline'),
  };
}

function cellsOf(
  workspace: Workspace,
  { data, features, plan }: Pipeline,
  signal: AbortSignal,
): Promise<CellLookup | undefined> {
  const columns = data.content.schema.columns.filter(({ name }) => plan.columns.includes(name));
  return snapshotLookup(workspace, features.content, { columns, target: null }, signal);
}
