import { Random } from '../core/random.js';
import { ClassificationRows } from './classification-rows.js';
import { metrics } from './registry.js';
import { metricsOfRows, type Rows } from './rows.js';
import { RegressionRows } from './regression-rows.js';

/** Most rows that are resampled; of more, a random subset of this size stands for all (see bootstrapIntervals). */
const MAXIMUM_ROWS = 10_000;
/** Bounds the work on large data and many classes: row × class visits over all resamples. */
const WORK = 10_000_000;
const FEWEST_RESAMPLES = 100;

export interface BootstrapOptions {
  /** Wanted; fewer are drawn (never under 100 unless fewer are wanted) where rows and classes make each one dear. */
  readonly resamples: number;
  readonly seed: number;
  /** Default 0.95. */
  readonly level?: number;
}

/** Metric → lower and upper end. */
export type Intervals = { readonly [metric: string]: readonly [number, number] };

export interface BootstrapResult {
  readonly intervals: Intervals;
  /** How many were drawn. */
  readonly resamples: number;
}

/** How often each of n rows is drawn in n draws with replacement. */
function drawCounts(counts: Float64Array, random: Random): void {
  const n = counts.length;
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    // The high bits times n: the bias is at most n / 2^32, which does not matter for a bootstrap.
    const row = Math.floor((random.nextUint32() * n) / 4294967296);
    counts[row] = (counts[row] as number) + 1;
  }
}

function subset(rows: Rows, size: number, random: Random): Rows {
  const chosen = random.permutation(rows.rows).subarray(0, size).sort();
  const weights =
    rows.weights === undefined ? undefined : Float64Array.from(chosen, (row) => rows.weights?.[row] ?? 1);
  if (rows instanceof RegressionRows) {
    const truth = Float64Array.from(chosen, (row) => rows.truth[row] as number);
    const predicted = Float64Array.from(chosen, (row) => rows.predicted[row] as number);
    return RegressionRows.of(truth, predicted, weights);
  }
  const { classes } = rows;
  const truth = Int32Array.from(chosen, (row) => rows.truth[row] as number);
  const width = size * classes;
  const scores = rows.scores instanceof Float32Array ? new Float32Array(width) : new Float64Array(width);
  chosen.forEach((row, i) => {
    scores.set(rows.scores.subarray(row * classes, (row + 1) * classes), i * classes);
  });
  return ClassificationRows.of(truth, scores, classes, weights);
}

/** Share of a standard error from which on a bias counts (Efron & Tibshirani, An Introduction to the Bootstrap, 10.3). */
const NOTABLE_BIAS = 0.25;

/**
 * What the drawn values lie around: the estimate itself, or, where resampling alone moves the metric, their mean. Leaving
 * out rows leaves out small classes, and drawing rows twice makes ties, so that averages over many small classes come out
 * higher in every resample than they are.
 */
function centreOf(values: Float64Array, own: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return Math.abs(mean - own) > NOTABLE_BIAS * deviation ? mean : own;
}

/** Linear interpolation between the two nearest order statistics. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Bootstrap confidence intervals (Efron's percentile method) of metrics of these rows: the rows are drawn anew with
 * replacement many times, and the interval holds the middle of what the metric then is. Seeded: same rows and seed,
 * same intervals.
 *
 * Of more than 10,000 rows a random subset of m is resampled, and the distances from the subset's own value are
 * shrunk by √(m/n) and put around the value of all n rows (Bickel, Götze & van Zwet 1997), so the cost is bounded.
 * Where the resamples are biased by more than a quarter of their standard error, that bias is taken off (Efron &
 * Tibshirani 1993, chapter 10): the interval then lies around the estimate, within the values that the metric can have.
 *
 * A metric that is undefined in more than half of the resamples has no interval.
 */
export function bootstrapIntervals(
  rows: Rows,
  names: readonly string[],
  options: BootstrapOptions,
): BootstrapResult {
  const random = Random.of(options.seed, 'bootstrap');
  const estimate = metricsOfRows(rows, names);
  const classes = rows instanceof ClassificationRows ? rows.classes : 1;
  const most = Math.max(2_000, Math.min(MAXIMUM_ROWS, Math.floor((MAXIMUM_ROWS * 40) / classes)));
  const sample = rows.rows > most ? subset(rows, most, random) : rows;
  const shrink = Math.sqrt(sample.rows / rows.rows);
  const centre = sample === rows ? estimate : metricsOfRows(sample, names);
  const affordable = Math.max(FEWEST_RESAMPLES, Math.floor(WORK / Math.max(1, sample.rows * classes)));
  const resamples = rows.rows === 0 ? 0 : Math.min(options.resamples, affordable);

  const drawn = new Map(Object.keys(estimate).map((name) => [name, [] as number[]]));
  const weights = new Float64Array(sample.rows);
  for (let i = 0; i < resamples; i++) {
    drawCounts(weights, random);
    if (sample.weights !== undefined) {
      for (let row = 0; row < weights.length; row++) {
        weights[row] = (weights[row] as number) * (sample.weights[row] as number);
      }
    }
    const values = metricsOfRows(sample.reweighted(weights), names);
    for (const [name, value] of Object.entries(values)) drawn.get(name)?.push(value);
  }

  const tail = (1 - (options.level ?? 0.95)) / 2;
  const intervals: Record<string, readonly [number, number]> = {};
  for (const [name, list] of drawn) {
    const middle = estimate[name];
    const own = centre[name];
    if (middle === undefined || own === undefined || list.length * 2 < resamples || list.length < 2) continue;
    const values = Float64Array.from(list).sort();
    const from = centreOf(values, own);
    const around = (q: number) => middle + (quantile(values, q) - from) * shrink;
    const [low, high] = [around(tail), around(1 - tail)];
    // No metric is above 1 of those of which more is better, and most are not below 0.
    const maximized = metrics().find((metric) => metric.name === name)?.direction === 'maximize';
    const lowest = (values[0] as number) < 0 ? low : Math.max(0, low);
    intervals[name] = [Math.min(middle, lowest), Math.max(middle, maximized ? Math.min(1, high) : high)];
  }
  return { intervals, resamples };
}
