import type { Metrics } from '../core/artifacts.js';
import type { TaskKind } from '../core/task-kind.js';
import { ClassificationRows } from './classification-rows.js';
import type { FloatArray } from './float-array.js';
import { RegressionRows } from './regression-rows.js';
import { CLASSIFICATION_METRICS, REGRESSION_METRICS } from './registry.js';

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

export function allFinite(values: FloatArray): boolean {
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
