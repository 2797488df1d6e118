import type { FloatArray } from './float-array.js';
import { ascendingOrder } from './order.js';

/** Beyond this many entries the sorted orders of all classes are not kept (4 bytes each) but made again when needed. */
const MAXIMUM_KEPT_ORDERS = 32_000_000;

/** What does not depend on weights, shared by all weightings of the same rows. */
class Prepared {
  readonly truth: Int32Array;
  readonly scores: FloatArray;
  readonly classes: number;
  private predictedCache: Int32Array | undefined;
  private readonly orders = new Map<number, Int32Array>();
  private readonly derived = new Map<string, Float64Array>();

  constructor(truth: Int32Array, scores: FloatArray, classes: number) {
    this.truth = truth;
    this.scores = scores;
    this.classes = classes;
  }

  get predicted(): Int32Array {
    this.predictedCache ??= predictedClasses(this.scores, this.classes, this.truth.length);
    return this.predictedCache;
  }

  ranking(classIndex: number): Int32Array {
    const kept = this.orders.get(classIndex);
    if (kept !== undefined) return kept;
    const scores = this.column(classIndex);
    const order = ascendingOrder(scores);
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      const next = order[i + 1];
      if (next === undefined || scores[row] !== scores[next]) order[i] = ~row;
    }
    if (this.truth.length * this.classes <= MAXIMUM_KEPT_ORDERS) this.orders.set(classIndex, order);
    return order;
  }

  private column(classIndex: number): FloatArray {
    const rows = this.truth.length;
    const column = this.scores instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
    for (let row = 0; row < rows; row++) column[row] = this.scores[row * this.classes + classIndex] as number;
    return column;
  }

  perRow(name: string, make: () => Float64Array): Float64Array {
    let values = this.derived.get(name);
    if (values === undefined) {
      values = make();
      this.derived.set(name, values);
    }
    return values;
  }
}

/** The most probable class of each row; the first of equals. */
function predictedClasses(scores: FloatArray, classes: number, rows: number): Int32Array {
  const predicted = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    let bestScore = scores[row * classes] as number;
    for (let c = 1; c < classes; c++) {
      const score = scores[row * classes + c] as number;
      if (score > bestScore) {
        best = c;
        bestScore = score;
      }
    }
    predicted[row] = best;
  }
  return predicted;
}

/**
 * Rows to be judged: true classes, probabilities, weights. What several metrics need (predicted classes, confusion
 * matrix, order of the scores) is computed when first asked for and kept; `reweighted` shares all of it that does not
 * depend on the weights, which is what makes a bootstrap cheap.
 */
export class ClassificationRows {
  readonly weights: FloatArray | undefined;
  private readonly prepared: Prepared;
  private confusionCache: Float64Array | undefined;

  private constructor(prepared: Prepared, weights: FloatArray | undefined) {
    this.prepared = prepared;
    this.weights = weights;
  }

  /**
   * @param truth class index of each row, in [0, classes)
   * @param scores probabilities, row-major [rows, classes], finite
   * @param weights not negative; every row counts 1 without them
   */
  static of(
    truth: Int32Array,
    scores: FloatArray,
    classes: number,
    weights?: FloatArray,
  ): ClassificationRows {
    return new ClassificationRows(new Prepared(truth, scores, classes), weights);
  }

  /** The same rows with other weights. */
  reweighted(weights: FloatArray): ClassificationRows {
    return new ClassificationRows(this.prepared, weights);
  }

  get rows(): number {
    return this.truth.length;
  }

  get truth(): Int32Array {
    return this.prepared.truth;
  }

  get scores(): FloatArray {
    return this.prepared.scores;
  }

  get classes(): number {
    return this.prepared.classes;
  }

  /** Most probable class of each row. */
  get predicted(): Int32Array {
    return this.prepared.predicted;
  }

  /**
   * Rows by ascending probability of the class: the row number, or its complement (~row, which is negative) where the
   * row is the last of those with its probability. The marks spare every weighting the look at the probabilities.
   */
  ranking(classIndex: number): Int32Array {
    return this.prepared.ranking(classIndex);
  }

  /** A value for each row that does not depend on weights, computed once under its name. */
  perRow(name: string, make: () => Float64Array): Float64Array {
    return this.prepared.perRow(name, make);
  }

  /** Total weight of the rows of true class t (row) predicted as p (column): [t * classes + p]. */
  get confusion(): Float64Array {
    if (this.confusionCache === undefined) {
      const { truth, predicted, classes, weights } = this;
      const matrix = new Float64Array(classes * classes);
      for (let row = 0; row < truth.length; row++) {
        const cell = (truth[row] as number) * classes + (predicted[row] as number);
        matrix[cell] = (matrix[cell] as number) + (weights === undefined ? 1 : (weights[row] as number));
      }
      this.confusionCache = matrix;
    }
    return this.confusionCache;
  }

  /** Weighted mean of a value per row. NaN when there is no weight. */
  mean(values: Float64Array): number {
    return weightedMean(values, this.weights);
  }
}

/** Sum of weight·value over sum of weights. NaN when that is 0. */
export function weightedMean(values: Float64Array, weights: FloatArray | undefined): number {
  let sum = 0;
  let total = 0;
  if (weights === undefined) {
    for (const value of values) sum += value;
    total = values.length;
  } else {
    for (let row = 0; row < values.length; row++) {
      const weight = weights[row] as number;
      // A weight of 0 takes the row out even if its value is infinite.
      if (weight === 0) continue;
      sum += weight * (values[row] as number);
      total += weight;
    }
  }
  return sum / total;
}
