import type { RegressionMetric } from './metric.js';
import type { RegressionRows } from './regression-rows.js';

const REGRESSION = ['regression'] as const;

/** Weighted mean of the squared distance from the weighted mean. */
function variance(values: Float64Array, rows: RegressionRows): number {
  const mean = rows.mean(values);
  const { weights } = rows;
  let sum = 0;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    sum += weight * ((values[row] as number) - mean) ** 2;
    total += weight;
  }
  return sum / total;
}

/** 1 - unexplained / total; where the truth is constant, 1 for a perfect answer and 0 for any other. */
function explained(unexplained: number, total: number): number {
  if (Number.isNaN(unexplained) || Number.isNaN(total)) return NaN;
  if (total === 0) return unexplained === 0 ? 1 : 0;
  return 1 - unexplained / total;
}

function r2(rows: RegressionRows): number {
  return rows.rows < 2 ? NaN : explained(rows.mean(rows.squaredErrors), variance(rows.truth, rows));
}

function explainedVariance(rows: RegressionRows): number {
  return explained(variance(rows.errors, rows), variance(rows.truth, rows));
}

/** |error| / |truth|; a truth of 0 counts as machine precision, as in scikit-learn, which makes the mean huge. */
function mape(rows: RegressionRows): number {
  return rows.mean(
    rows.perRow(
      'relative',
      (truth, predicted) => Math.abs(truth - predicted) / Math.max(Math.abs(truth), Number.EPSILON),
    ),
  );
}

/** The median; halfway between the two middle values where half of the weight lies exactly at the lower one. */
function medianAbsoluteError(rows: RegressionRows): number {
  const { weights, absoluteErrors, byAbsoluteError } = rows;
  let total = 0;
  if (weights === undefined) total = rows.rows;
  else for (const weight of weights) total += weight;
  if (total === 0) return NaN;
  let below = 0;
  let lower: number | undefined;
  for (const row of byAbsoluteError) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    if (weight === 0) continue;
    const value = absoluteErrors[row] as number;
    if (lower !== undefined) return (lower + value) / 2;
    below += weight;
    if (Math.abs(below - total / 2) <= Number.EPSILON * total) lower = value;
    else if (below > total / 2) return value;
  }
  return lower ?? NaN;
}

/** Metrics of predicted numbers. */
export const regressionMetrics: readonly RegressionMetric[] = [
  {
    name: 'rmse',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'minimize',
    needs: 'value',
    description: "Root of the mean squared error, in the target's unit",
    compute: (rows) => Math.sqrt(rows.mean(rows.squaredErrors)),
  },
  {
    name: 'mse',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'minimize',
    needs: 'value',
    description: "Mean squared error, in the square of the target's unit",
    compute: (rows) => rows.mean(rows.squaredErrors),
  },
  {
    name: 'mae',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'minimize',
    needs: 'value',
    description: "Mean absolute error, in the target's unit",
    compute: (rows) => rows.mean(rows.absoluteErrors),
  },
  {
    name: 'median_absolute_error',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'minimize',
    needs: 'value',
    description: "Half of the rows are off by at most this much, in the target's unit",
    compute: medianAbsoluteError,
  },
  {
    name: 'mape',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'minimize',
    needs: 'value',
    description: 'Mean absolute error relative to the true value, as a fraction (0.1 is 10 %)',
    compute: mape,
  },
  {
    name: 'r2',
    tasks: REGRESSION,
    shownFor: REGRESSION,
    direction: 'maximize',
    needs: 'value',
    description: 'Share of the variance explained: 1 perfect, 0 no better than the mean, negative worse',
    compute: r2,
  },
  {
    name: 'explained_variance',
    tasks: REGRESSION,
    shownFor: [],
    direction: 'maximize',
    needs: 'value',
    description: 'Like r2, but forgives a constant offset of the predictions',
    compute: explainedVariance,
  },
];
