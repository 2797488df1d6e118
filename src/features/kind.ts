import type { JsonObject } from '../core/json.js';
import type { FeatureColumn } from '../core/layout.js';
import type { Column, ColumnKind, ColumnSchema } from '../core/table.js';
import type { DType } from '../core/tensor.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { ValueId } from '../graph/graph.js';
import type { ColumnChoices } from './choices.js';

/** Why a column is left out, mostly. */
export const SAME_VALUE = 'it has the same value in every training row';
export const NO_VALUE = 'it has no value in any training row';

/** Learns from a column chunk by chunk. The result depends on the cells, not on their order or on the chunks. */
export interface Accumulator<S, C extends Column> {
  add(column: C): void;
  finish(): S;
}

/**
 * Writes the features of a column into a row-major matrix: feature `k` of row `r` goes to
 * `matrix[r * width + at[k]]`. The matrix is zero beforehand.
 */
export interface Writer<C extends Column = Column> {
  write(column: C, matrix: Float32Array, width: number, at: Int32Array): void;
}

/** Some neighbouring features of a column in a graph: float32 `[batch, width]`. */
export type GraphPart = { readonly value: ValueId; readonly width: number };

/** What every state says of itself. Plain JSON: it is stored in features.json and in every model. */
export type KindState = JsonObject & { readonly version: number };

/**
 * How a kind of column becomes features. `start` learns from the training rows only; `compile` gives the one transform
 * that training, evaluation, prediction and serving share; `graph` is the same transform as graph nodes.
 */
export interface FeatureKind<S extends KindState = KindState, C extends Column = Column> {
  readonly kind: ColumnKind;
  readonly storage: C['storage'];
  /** The newest version of the state this code writes and the only one it reads. */
  readonly version: number;
  start(column: ColumnSchema, choices: ColumnChoices): Accumulator<S, C>;
  /** The features, in order: those of one role together. None for a column that is left out. */
  layout(column: string, state: S): FeatureColumn[];
  /** Why the column is left out, when the layout is empty. */
  left?(state: S): string;
  compile(state: S): Writer<C>;
  /** Element type of the raw column `[batch, 1]` as the input of a graph. */
  readonly graphInput: DType;
  /**
   * Appends nodes that turn the raw column into its features. Missing is NaN, or "" for strings; dates are milliseconds
   * since 1970. Parts are in the order of the layout and none mixes roles. A string says why it cannot be done.
   */
  graph(state: S, builder: GraphBuilder, input: ValueId): readonly GraphPart[] | string;
  /** Index of the features (in `layout`) that are divided by the length of their row, with all such of other columns. */
  rowNormalised?(state: S): number | undefined;
}
