import type { Reporter } from './reporter.js';

/** What every step is given besides its own options. */
export interface StepContext {
  /** Folder of the workspace. */
  readonly workspace: string;
  readonly reporter: Reporter;
  /** Fires when the user interrupts: finish the unit of work, leave a good state, throw INTERRUPTED. */
  readonly signal: AbortSignal;
}
