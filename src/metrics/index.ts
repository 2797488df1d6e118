import type { Metrics, TargetState } from '../core/artifacts.js';
import type { TaskKind } from '../core/task-kind.js';
import type { FloatArray } from './float-array.js';
import { defaultMetricNames, findMetric } from './registry.js';
import { allFinite, metricsOfRows, rowsOf, type Truth } from './rows.js';

export { bootstrapIntervals } from './bootstrap.js';
export { ClassificationRows } from './classification-rows.js';
export { calibrationCurve, precisionRecallCurve, rocCurve } from './curves.js';
export type { Point } from './curves.js';
export type { FloatArray } from './float-array.js';
export { classScores } from './precision-recall.js';
export { areaUnderRoc, averagePrecision } from './ranking.js';
export { defaultMetricNames, findMetric, metrics, metricsOf } from './registry.js';
export { RegressionRows } from './regression-rows.js';
export { allFinite, metricsOfRows, rowsOf } from './rows.js';
export type { Rows, Truth } from './rows.js';

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
  return allFinite(scores) ? metricsOfRows(rows, names) : {};
}

/**
 * What the trivial baseline answers for `rows` rows: for classes, how frequent each is in the training split (so it
 * predicts the most frequent one); for numbers, the mean of the training split. Both by weight where rows have weights,
 * as the metrics beside it are. Shaped like a model's scores.
 */
export function baselineScores(target: TargetState, rows: number): Float64Array {
  if (target.task === 'regression') return new Float64Array(rows).fill(target.mean);
  const counts = target.weights ?? target.counts;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const frequencies = counts.map((count) => (total === 0 ? 1 / counts.length : count / total));
  const scores = new Float64Array(rows * frequencies.length);
  for (let row = 0; row < rows; row++) scores.set(frequencies, row * frequencies.length);
  return scores;
}
