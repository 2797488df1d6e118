import type { SignatureInput } from '../core/bundle.js';
import type { JsonObject } from '../core/json.js';
import type { Predictor } from '../core/predictor.js';
import type { Table } from '../core/table.js';

/** One row as a client gives it: column name → JSON value. */
export type InputRecord = Readonly<Record<string, unknown>>;

/** A model version to be served: what answers, and what its clients must know of it. */
export interface ServedModel {
  readonly name: string;
  /** null for a model that has no versions, such as a run served directly. */
  readonly version: number | null;
  /** Aliases that point at this version. */
  readonly labels: readonly string[];
  readonly predictor: Predictor;
  readonly inputs: readonly SignatureInput[];
  /** A row the model can answer for, for documentation and for the first, warming prediction. */
  readonly example: JsonObject;
  /**
   * The typed cells of some rows. Columns the model does not know are ignored.
   * @throws AimaasError COLUMN_VALUE or COLUMN_NOT_FOUND with details `{row, column}`, the row counted from 0.
   */
  toTable(records: readonly InputRecord[]): Table;
}
