import type { Json } from './json.js';

/** Where a step reports what it is doing. The terminal, a log and a test each have their own. */
export interface Reporter {
  /** A line worth reading once, such as what was decided. */
  info(message: string): void;
  /** Something the user should know and may want to change; `hint` is what to do about it. */
  warn(message: string, hint?: string): void;
  /** Shown with -v only. */
  debug(message: string): void;
  /** Starts a unit of long work; call `done` or `fail` when it ends. */
  progress(task: ProgressTask): Progress;
}

export interface ProgressTask {
  readonly title: string;
  /** How much there is to do, in `unit`s, where that is known: gives the estimate of the time left. */
  readonly total?: number | undefined;
  /** rows, bytes, epochs, trials … */
  readonly unit?: string | undefined;
}

export interface Progress {
  /** `completed` so far in the task's unit; `values` such as loss and metric are shown beside it. */
  update(completed: number, values?: { readonly [name: string]: Json }): void;
  done(message?: string): void;
  fail(message?: string): void;
}

const silentProgress: Progress = { update: () => undefined, done: () => undefined, fail: () => undefined };

/** Says nothing: the default of the importable API. */
export const silentReporter: Reporter = {
  info: () => undefined,
  warn: () => undefined,
  debug: () => undefined,
  progress: () => silentProgress,
};
