import type { Scores } from '../scores.js';
import type { InputRows } from '../served-model.js';

/** Sees what comes of the requests that a version is asked. */
export interface Onlooker {
  answered(rows: InputRows, scores: Scores, seconds: number): void;
  failed(): void;
}
