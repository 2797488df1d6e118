import type { TargetState } from '../../core/artifacts.js';
import {
  baselineScores,
  bootstrapIntervals,
  ClassificationRows,
  classScores,
  metricsOfRows,
  type Rows,
  rowsOf,
} from '../../metrics/index.js';
import type { JudgedRows } from './rows.js';

/** Share of the resamples an interval holds. */
const LEVEL = 0.95;

export type ClassSummary = {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows (by weight) truly of the class. */
  readonly support: number;
  /** Rows (by weight) predicted to be of the class. */
  readonly predicted: number;
};

/** Numbers of an evaluation. null: the rows do not define the metric. */
export type Summary = {
  readonly rows: number;
  readonly metrics: { readonly [metric: string]: number | null };
  /** The same metrics of the trivial baseline. */
  readonly baseline: { readonly [metric: string]: number | null };
  /** Metric → lower and upper end of its 95 % interval. */
  readonly intervals: { readonly [metric: string]: readonly [number, number] };
  readonly bootstrap: {
    /** How many resamples were asked for; `resamples` were drawn (fewer on large data). */
    readonly asked: number;
    readonly resamples: number;
    readonly level: number;
    readonly seed: number;
  } | null;
  /** Classification only: [true class][predicted class], by weight. */
  readonly confusion: {
    readonly classes: readonly string[];
    readonly matrix: readonly (readonly number[])[];
  } | null;
  readonly classes: readonly ClassSummary[];
  readonly warnings: readonly string[];
};

export interface SummaryOptions {
  readonly names: readonly string[];
  /** Bootstrap resamples; 0 for no intervals. */
  readonly resamples: number;
  readonly seed: number;
}

export function metricRows(rows: JudgedRows): Rows {
  return rowsOf(rows.target.task, rows.truth, rows.scores, rows.weights);
}

/** Every named metric, with null for those that are not defined. */
export function withGaps(
  names: readonly string[],
  values: { readonly [metric: string]: number },
): Record<string, number | null> {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}

export function summarise(judged: JudgedRows, rows: Rows, options: SummaryOptions): Summary {
  const { target, truth, weights } = judged;
  const { names, resamples, seed } = options;
  const values = metricsOfRows(rows, names);
  const trivial = rowsOf(target.task, truth, baselineScores(target, truth.length), weights);
  const baseline = withGaps(names, metricsOfRows(trivial, names));
  const bootstrap =
    resamples === 0 ? undefined : bootstrapIntervals(rows, names, { resamples, seed, level: LEVEL });
  const metrics = withGaps(names, values);
  return {
    rows: truth.length,
    metrics,
    baseline,
    intervals: bootstrap?.intervals ?? {},
    bootstrap:
      bootstrap === undefined
        ? null
        : { asked: resamples, resamples: bootstrap.resamples, level: LEVEL, seed },
    ...classesOf(target, rows),
    warnings: warningsOf(judged, metrics, baseline),
  };
}

function classesOf(target: TargetState, rows: Rows): Pick<Summary, 'confusion' | 'classes'> {
  if (target.task === 'regression' || !(rows instanceof ClassificationRows)) {
    return { confusion: null, classes: [] };
  }
  const width = rows.classes;
  const matrix = target.classes.map((_, c) =>
    Array.from(rows.confusion.subarray(c * width, (c + 1) * width)),
  );
  const classes = classScores(rows).map((scores, c) => ({ name: target.classes[c] ?? String(c), ...scores }));
  return { confusion: { classes: target.classes, matrix }, classes };
}

function warningsOf(
  { target, truth }: JudgedRows,
  metrics: Summary['metrics'],
  baseline: Summary['baseline'],
): string[] {
  const warnings: string[] = [];
  if (target.task === 'regression') {
    let zeros = 0;
    for (const value of truth) if (value === 0) zeros++;
    if (zeros > 0 && 'mape' in metrics) {
      warnings.push(`mape means little here: the true value is 0 in ${zeros} of ${truth.length} rows.`);
    }
  } else {
    const present = new Set(truth);
    const absent = target.classes.filter((_, c) => !present.has(c));
    if (present.size === 1) {
      const [only = 0] = present;
      warnings.push(
        `All rows are of class "${target.classes[only] ?? ''}", so metrics that compare classes (ROC AUC) are not defined.`,
      );
    } else if (absent.length > 0) {
      const list = absent.slice(0, 5).map((name) => `"${name}"`);
      warnings.push(
        `No row is of class ${list.join(', ')}${absent.length > 5 ? `, … (${absent.length} classes)` : ''}: averages over classes leave ${absent.length === 1 ? 'it' : 'them'} out.`,
      );
    }
  }
  const name = target.task === 'regression' ? 'rmse' : 'log_loss';
  const own = metrics[name] ?? null;
  const trivial = baseline[name] ?? null;
  if (own !== null && trivial !== null && own >= trivial) {
    warnings.push(
      `The model is no better than the trivial baseline: ${name} ${own.toPrecision(4)} against ${trivial.toPrecision(4)}.`,
    );
  }
  return warnings;
}
