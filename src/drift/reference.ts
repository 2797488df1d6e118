import type { ColumnKind } from '../core/table.js';

/** How number cells were distributed, at the quantiles of the rows. */
export type NumberDistribution = {
  readonly type: 'numbers';
  /** What the numbers are: the cells themselves, milliseconds since 1970 UTC, or the characters of a text. */
  readonly measure: 'value' | 'date' | 'characters';
  /** Ascending and different: every value there was if there were few, else the smallest one and quantiles. */
  readonly knots: readonly number[];
  /** Rows with a value up to each knot and above the one before. */
  readonly counts: readonly number[];
  readonly mean: number;
  /** Of the rows, without Bessel's correction. */
  readonly standardDeviation: number;
};

/** How often each category was met. */
export type CategoryDistribution = {
  readonly type: 'categories';
  /** The most frequent first. */
  readonly values: readonly string[];
  readonly counts: readonly number[];
  /** Rows of categories that are not among `values`; with 0 `values` are all there were. */
  readonly others: number;
};

/** A column of the rows that later ones are compared with. */
export type ColumnReference = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly rows: number;
  readonly missing: number;
  /** null for identifiers, of which every value is new, and for a column without any value. */
  readonly distribution: NumberDistribution | CategoryDistribution | null;
};

/**
 * reference.json of a bundle: what the model learned from, so that what it is asked later can be compared. Of the training
 * split only; of many rows, evenly spaced ones.
 */
export type DriftReference = {
  readonly schemaVersion: 1;
  /** Rows of the training split. */
  readonly trainingRows: number;
  /** Rows that the distributions were taken from. */
  readonly rows: number;
  readonly columns: readonly ColumnReference[];
  readonly predictions: {
    /** Which rows were predicted: held-out ones where there are enough, because a model is surer of what it learned from. */
    readonly from: 'held-out' | 'training';
    readonly rows: number;
    readonly columns: readonly ColumnReference[];
  };
};
