import type { Metrics, TargetState } from '../core/artifacts.js';
import type { TaskKind } from '../core/task-kind.js';
import { ClassificationRows } from './classification-rows.js';
import type { FloatArray } from './metric.js';
import { RegressionRows } from './regression-rows.js';
import { CLASSIFICATION_METRICS, defaultMetricNames, findMetric, REGRESSION_METRICS } from './registry.js';

export { defaultMetricNames, findMetric, metrics, metricsOf } from './registry.js';
export type { FloatArray, MetricInfo } from './metric.js';

/** True values: class indices for classification, numbers in the target's own unit for regression. */
export type Truth = Int32Array | Float64Array;

/** Rows ready to be judged, of either kind. */
export type Rows = ClassificationRows | RegressionRows;

/**
 * Rows to be judged by any metrics of the task.
 * @param truth classification: Int32Array [n] of class indices; regression: Float64Array [n]
 * @param scores classification: [n, classes] probabilities; regression: [n, 1] values
 * @param weights [n], not negative
 * @throws RangeError when the sizes do not fit together or a class index is out of range.
 */
export function rowsOf(task: TaskKind, truth: Truth, scores: FloatArray, weights?: FloatArray): Rows {
  const rows = truth.length;
  if (weights !== undefined && weights.length !== rows) {
    throw new RangeError(`${weights.length} weights for ${rows} rows`);
  }
  if (task === 'regression') {
    if (scores.length !== rows) throw new RangeError(`${scores.length} predictions for ${rows} rows`);
    const values = truth instanceof Float64Array ? truth : Float64Array.from(truth);
    return RegressionRows.of(values, scores, weights);
  }
  const classes = rows === 0 ? 2 : scores.length / rows;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new RangeError(`${scores.length} probabilities for ${rows} rows`);
  }
  const labels = truth instanceof Int32Array ? truth : Int32Array.from(truth);
  for (const label of labels) {
    if (label < 0 || label >= classes) throw new RangeError(`class index ${label} of ${classes} classes`);
  }
  return ClassificationRows.of(labels, scores, classes, weights);
}

function isFinite(values: FloatArray): boolean {
  // A sum is finite only if no value is NaN or infinite; it can overflow without them, so a second look is needed then.
  let sum = 0;
  for (const value of values) sum += value;
  return Number.isFinite(sum) || values.every((value) => Number.isFinite(value));
}

/** The named metrics of the rows, without those the rows do not define. */
export function metricsOfRows(rows: Rows, names: readonly string[]): Metrics {
  const values: Record<string, number> = {};
  const put = (name: string, value: number) => {
    if (Number.isFinite(value)) values[name] = value;
  };
  if (rows instanceof ClassificationRows) {
    for (const metric of CLASSIFICATION_METRICS) {
      if (names.includes(metric.name)) put(metric.name, metric.compute(rows));
    }
  } else {
    for (const metric of REGRESSION_METRICS) {
      if (names.includes(metric.name)) put(metric.name, metric.compute(rows));
    }
  }
  return values;
}

/**
 * The named metrics (default: those shown for the task) of predictions against the truth. A metric that is not defined
 * for these rows (no rows at all, ROC AUC where only one class occurs, anything when a prediction is NaN or infinite)
 * is left out, so every value in the result is a finite number.
 * @param truth classification: Int32Array [n] of class indices; regression: Float64Array [n]
 * @param scores classification: [n, classes] probabilities; regression: [n, 1] values in the target's unit
 * @param weights [n], not negative
 * @throws AimaasError USAGE for a metric that does not exist or is not for the task
 * @throws RangeError when sizes do not fit together
 */
export function computeMetrics(
  task: TaskKind,
  truth: Truth,
  scores: FloatArray,
  names: readonly string[] = defaultMetricNames(task),
  weights?: FloatArray,
): Metrics {
  for (const name of names) findMetric(name, task);
  const rows = rowsOf(task, truth, scores, weights);
  return isFinite(scores) ? metricsOfRows(rows, names) : {};
}

/**
 * What the trivial baseline answers for `rows` rows: for classes, how frequent each is in the training split (so it
 * predicts the most frequent one); for numbers, the mean of the training split. Shaped like a model's scores.
 */
export function baselineScores(target: TargetState, rows: number): Float64Array {
  if (target.task === 'regression') return new Float64Array(rows).fill(target.mean);
  const total = target.counts.reduce((sum, count) => sum + count, 0);
  const frequencies = target.counts.map((count) => (total === 0 ? 1 / target.counts.length : count / total));
  const scores = new Float64Array(rows * frequencies.length);
  for (let row = 0; row < rows; row++) scores.set(frequencies, row * frequencies.length);
  return scores;
}
