import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { TaskKind } from '../core/task-kind.js';
import { labelMetrics } from './labels.js';
import type { ClassificationMetric, MetricInfo, RegressionMetric } from './metric.js';
import { precisionRecallMetrics } from './precision-recall.js';
import { probabilityMetrics } from './probabilities.js';
import { rankingMetrics } from './ranking.js';
import { regressionMetrics } from './regression.js';

/** All metrics of classes, in the order they are shown. A family joins by being listed here. */
export const CLASSIFICATION_METRICS: readonly ClassificationMetric[] = [
  ...labelMetrics,
  ...precisionRecallMetrics,
  ...rankingMetrics,
  ...probabilityMetrics,
];

/** All metrics of numbers, in the order they are shown. */
export const REGRESSION_METRICS: readonly RegressionMetric[] = [...regressionMetrics];

const ALL: readonly MetricInfo[] = [...CLASSIFICATION_METRICS, ...REGRESSION_METRICS];

/** Every metric, for documentation and completion. */
export function metrics(): readonly MetricInfo[] {
  return ALL;
}

/** The metrics that can be computed for a task. */
export function metricsOf(task: TaskKind): readonly MetricInfo[] {
  return ALL.filter((metric) => metric.tasks.includes(task));
}

/** Names of the metrics shown for a task when none is named. */
export function defaultMetricNames(task: TaskKind): string[] {
  return ALL.filter((metric) => metric.shownFor.includes(task)).map((metric) => metric.name);
}

/**
 * The metric of that name for the task.
 * @param asking how a command asks for a metric, for hints.
 * @throws AimaasError USAGE for a name that does not exist or is not for the task, with the nearest that is.
 */
export function findMetric(
  name: string,
  task: TaskKind,
  asking = (metric: string): string => `--metric ${metric}`,
): MetricInfo {
  const usable = metricsOf(task);
  const found = usable.find((metric) => metric.name === name);
  if (found !== undefined) return found;
  const names = usable.map((metric) => metric.name);
  const averages = names.filter(
    (candidate) => candidate.startsWith(`${name}_m`) || candidate === `${name}_weighted`,
  );
  if (averages.length > 0) {
    throw new AimaasError(
      'USAGE',
      `The metric "${name}" is for two classes; this target has more. Expected one of: ${averages.join(', ')}.`,
      { hint: asking(averages[0] ?? 'accuracy'), details: { metric: name, task, expected: averages } },
    );
  }
  const elsewhere = ALL.find((metric) => metric.name === name);
  const what =
    elsewhere === undefined
      ? `There is no metric "${name}". ${didYouMean(name, names)}`
      : `The metric "${name}" is not for a ${task} model. Known: ${names.join(', ')}.`;
  throw new AimaasError('USAGE', what, {
    hint: asking(names[0] ?? 'accuracy'),
    details: { metric: name, task, expected: names },
  });
}
