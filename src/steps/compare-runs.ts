import type { Metrics, RunContent } from '../core/artifacts.js';
import { isJsonObject, type Json, type JsonObject, stableStringify } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { Manifest } from '../workspace/manifest.js';
import { Workspace } from '../workspace/workspace.js';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import { testMetrics } from './evaluate/output.js';
import { isMaximized } from './runs.js';

export interface CompareRunsOptions {
  /** Ids or prefixes; the first is what the others are compared to. */
  readonly runs: readonly string[];
  /** Parameters that are the same in all as well. */
  readonly all?: boolean | undefined;
  /** Only these metrics. Default: all. */
  readonly metrics?: readonly string[] | undefined;
}

export type MetricComparison = {
  readonly metric: string;
  /** The rows it is of. Those of the test split are there for runs that have been evaluated. */
  readonly on: 'validation' | 'test';
  readonly direction: 'maximize' | 'minimize';
  /** One a run, null where it has none. */
  readonly values: readonly (number | null)[];
  /** Value less the first run's, one a run. */
  readonly changes: readonly (number | null)[];
  /** Index of the best run, null when none has the metric or all are equal. */
  readonly best: number | null;
};

export type ParameterComparison = { readonly parameter: string; readonly values: readonly Json[] };

export type CompareRunsResult = {
  readonly schemaVersion: 1;
  readonly runs: readonly { readonly id: string; readonly createdAt: string; readonly family: string }[];
  readonly metrics: readonly MetricComparison[];
  readonly parameters: readonly ParameterComparison[];
};

/** Nested objects as "a.b" keys. */
function flatten(value: JsonObject, prefix = ''): Record<string, Json> {
  const flat: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (isJsonObject(item) && Object.keys(item).length > 0)
      Object.assign(flat, flatten(item, `${prefix}${key}.`));
    else flat[`${prefix}${key}`] = item;
  }
  return flat;
}

function parametersOf({ content }: Manifest<RunContent>): Record<string, Json> {
  // The options repeat what the model is.
  const options = Object.entries(content.options).filter(([name]) => name !== 'params' && name !== 'family');
  return {
    data: content.data,
    features: content.features,
    model: content.model.family,
    ...flatten(content.model.params, 'model.'),
    ...flatten(Object.fromEntries(options)),
  };
}

function compareMetric(
  metric: string,
  on: MetricComparison['on'],
  found: readonly (Metrics | null)[],
): MetricComparison {
  const values = found.map((metrics) => metrics?.[metric] ?? null);
  const [first] = values;
  const changes = values.map((value) =>
    value === null || first === null || first === undefined ? null : value - first,
  );
  const present = values.filter((value) => value !== null);
  const extreme = isMaximized(metric) ? Math.max(...present) : Math.min(...present);
  const differ = present.some((value) => value !== present[0]);
  return {
    metric,
    on,
    direction: isMaximized(metric) ? 'maximize' : 'minimize',
    values,
    changes,
    best: differ ? values.indexOf(extreme) : null,
  };
}

function namesIn(found: readonly (Metrics | null)[]): string[] {
  return [...new Set(found.flatMap((metrics) => Object.keys(metrics ?? {})))];
}

function chosenMetrics(
  all: readonly MetricComparison[],
  names: readonly string[] | undefined,
): readonly MetricComparison[] {
  if (names === undefined || names.length === 0) return all;
  const known = new Set(all.map(({ metric }) => metric));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new AimaasError(
      'USAGE',
      `None of the runs has the metric "${unknown}". ${didYouMean(unknown, known)}`,
      {
        hint: `--metric ${[...known][0] ?? 'accuracy'}`,
        details: { metric: unknown, known: [...known] },
      },
    );
  }
  return names.flatMap((name) => all.filter(({ metric }) => metric === name));
}

/**
 * Metrics and parameters of some runs side by side.
 * @throws AimaasError ARTIFACT_NOT_FOUND for a run that does not exist; USAGE for a metric that none has.
 */
export async function compareRuns(
  options: CompareRunsOptions,
  context: StepContext,
): Promise<CompareRunsResult> {
  const workspace = new Workspace(context.workspace);
  const runs: Manifest<RunContent>[] = [];
  for (const id of options.runs) runs.push(await workspace.find<RunContent>('run', id));
  const validation = runs.map(({ content }) => content.validation);
  const test = await Promise.all(runs.map(({ id }) => testMetrics(workspace.folder('run', id))));
  const compareAll = (on: MetricComparison['on'], found: readonly (Metrics | null)[]): MetricComparison[] =>
    namesIn(found).map((metric) => compareMetric(metric, on, found));
  const metrics = [...compareAll('validation', validation), ...compareAll('test', test)];
  const parameters = runs.map(parametersOf);
  const compared = [...new Set(parameters.flatMap((values) => Object.keys(values)))].map((parameter) => ({
    parameter,
    values: parameters.map((values) => values[parameter] ?? null),
  }));
  const differs = ({ values }: ParameterComparison): boolean => new Set(values.map(stableStringify)).size > 1;
  return {
    schemaVersion: 1,
    runs: runs.map(({ id, createdAt, content }) => ({ id, createdAt, family: content.model.family })),
    metrics: chosenMetrics(metrics, options.metrics),
    parameters: options.all === true ? compared : compared.filter(differs),
  };
}
