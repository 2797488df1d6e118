import type { JsonObject } from '../core/json.js';

/** One line of a prediction log: a row that a model was asked about, and what it answered. */
export type LoggedPrediction = {
  /** When it was answered: ISO 8601, UTC. */
  readonly time: string;
  readonly model: string;
  readonly version: number | null;
  /** Column name → value; masked columns are not in it. Dates are ISO 8601. */
  readonly inputs: JsonObject;
  readonly prediction: string | number;
  readonly probabilities?: { readonly [className: string]: number };
};

/** Beginning and end of the names of log files; between them stand time and process. */
export const LOG_PREFIX = 'predictions-';
export const LOG_SUFFIX = '.jsonl';
