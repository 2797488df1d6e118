import type { Reporter } from '../../core/reporter.js';
import type { GivenRows } from './given-rows.js';
import type { PreprocessPlan } from './plan.js';
import type { RowSource } from './row-scan.js';

/** Rows that are to become features, and how. */
export interface PreprocessJob {
  readonly source: RowSource;
  readonly plan: PreprocessPlan;
  readonly given: { readonly validation?: GivenRows | undefined; readonly test?: GivenRows | undefined };
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Where shards go. */
  readonly directory: string;
}
