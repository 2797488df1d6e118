import type { FoldResult } from './result.js';
import type { JudgedRows } from './rows.js';
import { metricRows, summarise, type Summary } from './summary.js';

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function standardDeviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** A statistic of each metric over the folds that define it; null where it is not defined. */
export function overFolds(
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
export function summaryOf(
  judged: JudgedRows,
  folds: readonly FoldResult[],
  names: readonly string[],
): Summary {
  const pooled = summarise(judged, metricRows(judged), { names, resamples: 0, seed: 0 });
  return {
    ...pooled,
    metrics: overFolds(names, folds, meanOf),
    baseline: overFolds(names, folds, meanOf, 'baseline'),
  };
}
