import type { Table } from '../../core/table.js';
import type { Scores } from '../scores.js';

/** How far a column of a model has moved in the last rows; see drift/compare.ts. */
export type WatchedColumn = {
  readonly of: 'input' | 'prediction';
  readonly column: string;
  /** Population stability index against the training rows. */
  readonly psi: number;
};

/** Looks at the rows a model answered. Never throws, and takes no time worth speaking of. */
export interface Watcher {
  answered(table: Table, scores: Scores): void;
  /** Rows that `drift` is about. */
  readonly rows: number;
  /** Columns of which enough rows were seen to tell; empty for a model that does not know its training rows. */
  drift(): readonly WatchedColumn[];
}
