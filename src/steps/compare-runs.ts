import type { RunContent } from '../core/artifacts.js';
import { isJsonObject, type Json, type JsonObject, stableStringify } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { Manifest } from '../workspace/manifest.js';
import { Workspace } from '../workspace/workspace.js';
import { isMaximized } from './runs.js';

export interface CompareRunsOptions {
  /** Ids or prefixes; the first is what the others are compared to. */
  readonly runs: readonly string[];
  /** Parameters that are the same in all as well. */
  readonly all?: boolean | undefined;
}

export type MetricComparison = {
  readonly metric: string;
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
  return {
    data: content.data,
    features: content.features,
    model: content.model.family,
    ...flatten(content.model.params, 'model.'),
    ...flatten(content.options),
  };
}

function compareMetric(metric: string, runs: readonly Manifest<RunContent>[]): MetricComparison {
  const values = runs.map((run) => run.content.validation[metric] ?? null);
  const [first] = values;
  const changes = values.map((value) =>
    value === null || first === null || first === undefined ? null : value - first,
  );
  const present = values.filter((value) => value !== null);
  const extreme = isMaximized(metric) ? Math.max(...present) : Math.min(...present);
  const differ = present.some((value) => value !== present[0]);
  return {
    metric,
    direction: isMaximized(metric) ? 'maximize' : 'minimize',
    values,
    changes,
    best: differ ? values.indexOf(extreme) : null,
  };
}

/**
 * Metrics (on validation rows) and parameters of some runs side by side.
 * @throws AimaasError ARTIFACT_NOT_FOUND for a run that does not exist.
 */
export async function compareRuns(
  options: CompareRunsOptions,
  context: StepContext,
): Promise<CompareRunsResult> {
  const workspace = new Workspace(context.workspace);
  const runs: Manifest<RunContent>[] = [];
  for (const id of options.runs) runs.push(await workspace.find<RunContent>('run', id));
  const metricNames = new Set(runs.flatMap((run) => Object.keys(run.content.validation)));
  const parameters = runs.map(parametersOf);
  const compared = [...new Set(parameters.flatMap((values) => Object.keys(values)))].map((parameter) => ({
    parameter,
    values: parameters.map((values) => values[parameter] ?? null),
  }));
  const differs = ({ values }: ParameterComparison): boolean => new Set(values.map(stableStringify)).size > 1;
  return {
    schemaVersion: 1,
    runs: runs.map(({ id, createdAt, content }) => ({ id, createdAt, family: content.model.family })),
    metrics: [...metricNames].map((metric) => compareMetric(metric, runs)),
    parameters: options.all === true ? compared : compared.filter(differs),
  };
}
