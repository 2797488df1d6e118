import type { TrainOptions } from '../train/options.js';

/** What a worker process is asked to do. Undefined options do not survive the way and need not. */
export type TrialTask = { readonly workspace: string; readonly options: TrainOptions };

/** What a trial tells, and what it is answered. */
export type TrialQuestion =
  | { readonly type: 'started'; readonly run: string }
  | { readonly type: 'record'; readonly epoch: number; readonly loss: number | null };
export type TrialAnswer = 'continue' | 'stop';

export type TrialResult = { readonly run: string };
