import type { DataSchema, Table } from './table.js';
import type { TaskKind } from './task-kind.js';

/** One answer of a model, as `predict` and the server give it. */
export type Prediction = {
  readonly prediction: string | number;
  /** Classification only: class name → probability, in the model's class order. */
  readonly probabilities?: { readonly [className: string]: number };
};

/**
 * A model that answers for raw rows: features, network and decoding together. What `predict`, `evaluate` and the
 * server all use.
 */
export interface Predictor {
  readonly task: TaskKind;
  /** The input columns the model needs, without the target. */
  readonly schema: DataSchema;
  /** Class names in the order of the probabilities; empty for regression. */
  readonly classes: readonly string[];
  /**
   * Scores of every row, row-major `[rows, classes.length]` probabilities (binary: two columns), or `[rows, 1]` values
   * in the target's unit for regression.
   */
  scores(table: Table): Promise<Float32Array>;
  /** `scores`, decoded. */
  predict(table: Table): Promise<Prediction[]>;
  dispose(): Promise<void>;
}
