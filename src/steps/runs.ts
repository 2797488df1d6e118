import type { Metrics, RunContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { didYouMean } from '../core/suggest.js';
import { metrics as allMetrics } from '../metrics/index.js';
import type { Manifest } from '../workspace/manifest.js';
import { Workspace } from '../workspace/workspace.js';
import { testMetrics } from './evaluate/output.js';
import { parseCondition } from './run-condition.js';
import { asItStands } from './run-state.js';
import { warnOfDamage } from './warn-of-damage.js';

export type RunSummary = {
  readonly id: string;
  readonly createdAt: string;
  readonly state: RunContent['state'];
  readonly task: RunContent['task'];
  readonly dataName: string;
  readonly family: string;
  readonly epochs: number;
  readonly seconds: number;
  readonly parameters: number;
  readonly validation: Metrics;
  /** On the test split; null before `evaluate`. */
  readonly test: Metrics | null;
  /** The run later verbs use when none is named. */
  readonly current: boolean;
};

export interface ListRunsOptions {
  /** A metric of the validation rows, or test.METRIC of the test rows; best first. Default: newest first. */
  readonly sort?: string | undefined;
  /** Conditions such as accuracy>=0.9, family=mlp, state=complete, learningRate<0.01. */
  readonly where?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  /** The metrics that are of interest, each of which some run must have. */
  readonly metrics?: readonly string[] | undefined;
}

export type ListRunsResult = {
  readonly schemaVersion: 1;
  readonly sort: string | null;
  /** The metrics that were asked for, in that order. */
  readonly metrics: readonly string[];
  /** How many there are in all; `runs` may be fewer. */
  readonly total: number;
  /** Runs of the workspace, whether they meet the conditions or not. */
  readonly workspaceTotal: number;
  readonly runs: readonly RunSummary[];
};

export type ShowRunResult = {
  readonly schemaVersion: 1;
  readonly folder: string;
  readonly run: Manifest<RunContent>;
  /** On the test split; null before `evaluate`. */
  readonly test: Metrics | null;
};

/** Whether more of a metric is better; losses and the rest, which are no metrics, count as less is better. */
export function isMaximized(metric: string): boolean {
  return allMetrics().find(({ name }) => name === metric)?.direction === 'maximize';
}

/** A run with its metrics on the test split, if it was evaluated. */
type JudgedRun = Manifest<RunContent> & { readonly test: Metrics | null };

/** Metrics of the validation rows by name, those of the test rows as test.NAME. */
function metricsOfRun({ content, test }: JudgedRun): Metrics {
  const tested = Object.entries(test ?? {}).map(([name, value]) => [`test.${name}`, value] as const);
  return { ...content.validation, ...Object.fromEntries(tested) };
}

/** The values a run can be chosen by: its metrics, what it is, its parameters and options. */
function valuesOfRun(run: JudgedRun): Readonly<Record<string, Json>> {
  const { id, content } = run;
  const { state, task, dataName, data, features, epochs, seconds, parameters, model, options } = content;
  return {
    ...options,
    ...model.params,
    id,
    state,
    task,
    dataName,
    data,
    features,
    epochs,
    seconds,
    parameters,
    family: model.family,
    ...metricsOfRun(run),
  };
}

function summaryOf(manifest: JudgedRun, current: string | undefined): RunSummary {
  const { id, createdAt, content, test } = manifest;
  const { state, task, dataName, epochs, seconds, parameters, validation } = content;
  const family = content.model.family;
  return {
    id,
    createdAt,
    state,
    task,
    dataName,
    family,
    epochs,
    seconds,
    parameters,
    validation,
    test,
    current: id === current,
  };
}

/** @throws AimaasError USAGE for a metric that no run has. */
function requireMetric(runs: readonly JudgedRun[], metric: string, option: string): void {
  const known = new Set(runs.flatMap((run) => Object.keys(metricsOfRun(run))));
  if (runs.length > 0 && !known.has(metric)) {
    const evaluate = metric.startsWith('test.') && ![...known].some((name) => name.startsWith('test.'));
    throw new AimaasError('USAGE', `No run has the metric "${metric}". ${didYouMean(metric, known)}`, {
      hint: evaluate
        ? 'aimaas evaluate --run RUN'
        : `aimaas runs list ${option} ${[...known][0] ?? 'accuracy'}`,
      details: { metric, known: [...known] },
    });
  }
}

function sortByMetric(runs: readonly JudgedRun[], metric: string): JudgedRun[] {
  requireMetric(runs, metric, '--sort');
  const sign = isMaximized(metric.replace(/^test\./, '')) ? -1 : 1;
  const value = (run: JudgedRun): number => sign * (metricsOfRun(run)[metric] ?? sign * Infinity);
  return [...runs].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    return left === right ? 0 : left - right;
  });
}

/**
 * The runs of a workspace; damaged ones are warned of and left out.
 * @throws AimaasError USAGE for a metric no run has, or a condition that cannot be read.
 */
export async function listRuns(options: ListRunsOptions, context: StepContext): Promise<ListRunsResult> {
  const workspace = new Workspace(context.workspace);
  const conditions = (options.where ?? []).map(parseCondition);
  const all: JudgedRun[] = [];
  for (const run of await workspace.list<RunContent>('run', warnOfDamage(context))) {
    all.push({
      ...(await asItStands(workspace, run)),
      test: await testMetrics(workspace.folder('run', run.id)),
    });
  }
  const chosen = all.filter((run) => {
    const values = valuesOfRun(run);
    return conditions.every((condition) => condition.holds(values));
  });
  for (const { name, text } of conditions) {
    const known = new Set(all.flatMap((run) => Object.keys(valuesOfRun(run))));
    if (all.length > 0 && !known.has(name)) {
      throw new AimaasError(
        'USAGE',
        `No run has the value "${name}" of --where ${text}. ${didYouMean(name, known)}`,
        { hint: 'aimaas runs show, for the names that there are' },
      );
    }
  }
  for (const metric of options.metrics ?? []) requireMetric(all, metric, '--metric');
  const sorted = options.sort === undefined ? chosen : sortByMetric(chosen, options.sort);
  const current = await workspace.current('run');
  return {
    schemaVersion: 1,
    sort: options.sort ?? null,
    metrics: options.metrics ?? [],
    total: sorted.length,
    workspaceTotal: all.length,
    runs: sorted.slice(0, options.limit).map((run) => summaryOf(run, current)),
  };
}

/**
 * One run whole; without an id the current one.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is none.
 */
export async function showRun(
  options: { readonly run?: string | undefined },
  context: StepContext,
): Promise<ShowRunResult> {
  const workspace = new Workspace(context.workspace);
  const run = await asItStands(workspace, await workspace.find<RunContent>('run', options.run));
  const folder = workspace.folder('run', run.id);
  return { schemaVersion: 1, folder, run, test: await testMetrics(folder) };
}
