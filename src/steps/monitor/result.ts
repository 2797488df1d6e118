import type { ColumnDrift } from '../../drift/index.js';
import type { JudgedLimit } from './limits.js';

export type MonitorResult = {
  readonly schemaVersion: 1;
  readonly model: { readonly name: string; readonly version: number | null; readonly run: string | null };
  /** What was compared. */
  readonly current: {
    readonly source: 'data' | 'log';
    readonly location: string;
    readonly rows: number;
    /** Of a log: time of the first and last prediction (ISO 8601), and lines passed over. */
    readonly first: string | null;
    readonly last: string | null;
    readonly unreadable: number;
  };
  /** With what it was compared. */
  readonly reference: {
    readonly trainingRows: number;
    readonly rows: number;
    readonly predictions: { readonly from: 'held-out' | 'training'; readonly rows: number };
  };
  /** Furthest from the reference first, what is not judged last. */
  readonly inputs: readonly ColumnDrift[];
  readonly predictions: readonly ColumnDrift[];
  readonly thresholds: readonly JudgedLimit[];
  readonly warnings: readonly string[];
  /** Where the report was written. */
  readonly output: string | null;
  readonly files: readonly string[];
};
