import { weightedMean } from './classification-rows.js';
import type { FloatArray } from './float-array.js';
import { ascendingOrder } from './order.js';

/** What does not depend on weights, shared by all weightings of the same rows. */
class Prepared {
  readonly truth: Float64Array;
  readonly predicted: FloatArray;
  private readonly derived = new Map<string, Float64Array>();
  private orderCache: Int32Array | undefined;

  constructor(truth: Float64Array, predicted: FloatArray) {
    this.truth = truth;
    this.predicted = predicted;
  }

  perRow(name: string, of: (truth: number, predicted: number) => number): Float64Array {
    let values = this.derived.get(name);
    if (values === undefined) {
      const { truth, predicted } = this;
      values = new Float64Array(truth.length);
      for (let row = 0; row < truth.length; row++) {
        values[row] = of(truth[row] as number, predicted[row] as number);
      }
      this.derived.set(name, values);
    }
    return values;
  }

  orderOf(values: Float64Array): Int32Array {
    this.orderCache ??= ascendingOrder(values);
    return this.orderCache;
  }
}

/** Rows to be judged: true and predicted numbers, weights. `reweighted` shares what does not depend on the weights. */
export class RegressionRows {
  readonly weights: FloatArray | undefined;
  private readonly prepared: Prepared;

  private constructor(prepared: Prepared, weights: FloatArray | undefined) {
    this.prepared = prepared;
    this.weights = weights;
  }

  /** Both in the target's own unit, finite; weights not negative. */
  static of(truth: Float64Array, predicted: FloatArray, weights?: FloatArray): RegressionRows {
    return new RegressionRows(new Prepared(truth, predicted), weights);
  }

  /** The same rows with other weights. */
  reweighted(weights: FloatArray): RegressionRows {
    return new RegressionRows(this.prepared, weights);
  }

  get rows(): number {
    return this.truth.length;
  }

  get truth(): Float64Array {
    return this.prepared.truth;
  }

  get predicted(): FloatArray {
    return this.prepared.predicted;
  }

  /** A value of each row, computed once under its name. */
  perRow(name: string, of: (truth: number, predicted: number) => number): Float64Array {
    return this.prepared.perRow(name, of);
  }

  get errors(): Float64Array {
    return this.perRow('error', (truth, predicted) => truth - predicted);
  }

  get absoluteErrors(): Float64Array {
    return this.perRow('absolute', (truth, predicted) => Math.abs(truth - predicted));
  }

  get squaredErrors(): Float64Array {
    return this.perRow('squared', (truth, predicted) => (truth - predicted) ** 2);
  }

  /** Rows by ascending absolute error. */
  get byAbsoluteError(): Int32Array {
    return this.prepared.orderOf(this.absoluteErrors);
  }

  /** Weighted mean of a value per row. NaN when there is no weight. */
  mean(values: Float64Array): number {
    return weightedMean(values, this.weights);
  }
}
