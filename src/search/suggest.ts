import { Random } from '../core/random.js';
import { type Point, pointKey, randomPoint, type Space } from './space.js';
import { tpePoint } from './tpe.js';

export type Origin = 'default' | 'random' | 'tpe';

export interface Suggestion {
  readonly point: Point;
  readonly origin: Origin;
}

export interface History {
  /** Points to try before any others. */
  readonly defaults: readonly Point[];
  /** Trials begun so far, finished or not: the number of the next one. */
  readonly begun: number;
  /** Every point that was begun. */
  readonly tried: readonly Point[];
  /** Points with a result, the best first. */
  readonly ranked: readonly Point[];
  /** Points being tried now. */
  readonly pending: readonly Point[];
  readonly seed: number;
}

/** Results to have before the estimator says anything worth following. */
export const RANDOM_TRIALS = 10;

/** Draws before a small space is taken to be used up. */
const MOST_DRAWS = 200;

/**
 * The next point to try: the defaults, then random ones, then those of the Parzen estimator. Depends on the history and
 * seed only, so a search that goes on after an interruption makes the same suggestions. Never a point tried before;
 * undefined when no other is found.
 */
export function suggest(space: Space, history: History): Suggestion | undefined {
  const tried = new Set(history.tried.map(pointKey));
  const left = history.defaults.find((point) => !tried.has(pointKey(point)));
  if (left !== undefined) return { point: left, origin: 'default' };
  const random = Random.of(history.seed, `trial ${history.begun}`);
  const informed = history.ranked.length >= RANDOM_TRIALS;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    // What the estimator likes best may have been tried; half of the draws are random so that others are found.
    const byTpe = informed && draw < MOST_DRAWS / 2;
    const point = byTpe
      ? tpePoint(space, history.ranked, history.pending, random)
      : randomPoint(space, random);
    if (!tried.has(pointKey(point))) return { point, origin: byTpe ? 'tpe' : 'random' };
  }
  return undefined;
}
