import type { Point } from '../../search/space.js';
import type { Trial } from './state.js';

export type Direction = 'maximize' | 'minimize';

/** Whether value `a` is strictly better than `b`. */
export function isBetter(a: number, b: number, direction: Direction): boolean {
  return direction === 'maximize' ? a > b : a < b;
}

/** By the metric, best first; equal ones by validation loss, then the earlier trial. Trials without a value come last. */
function byValue(direction: Direction): (a: Trial, b: Trial) => number {
  const cost = ({ value }: Trial): number =>
    value === null ? Infinity : direction === 'maximize' ? -value : value;
  return (a, b) =>
    compare(cost(a), cost(b)) || compare(a.loss ?? Infinity, b.loss ?? Infinity) || a.number - b.number;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

const PLACE: Record<Trial['state'], number> = {
  complete: 0,
  stopped: 1,
  interrupted: 2,
  running: 3,
  failed: 4,
};

/**
 * The order of the leaderboard and of what the sampler learns from: complete trials by the metric, then stopped ones by
 * how far they came and their loss there, then those cut off, then failed ones.
 */
export function ranked(trials: readonly Trial[], direction: Direction): Trial[] {
  const value = byValue(direction);
  const part = ({ epochs, plannedEpochs }: Trial): number => epochs / Math.max(1, plannedEpochs);
  return [...trials].sort((a, b) => {
    if (a.state !== b.state) return PLACE[a.state] - PLACE[b.state];
    if (a.state === 'complete') return value(a, b);
    return part(b) - part(a) || compare(a.loss ?? Infinity, b.loss ?? Infinity) || a.number - b.number;
  });
}

/** Points the sampler learns from, best first. A cut-off trial says nothing yet; a failed one says: not there. */
export function rankedPoints(trials: readonly Trial[], direction: Direction): Point[] {
  const known = trials.filter(
    ({ state }) => state === 'complete' || state === 'stopped' || state === 'failed',
  );
  return ranked(known, direction).map(({ point }) => point);
}

/**
 * The trial with the best value so far, whether it ran to its end or not (a complete one where they are equal): the one
 * to be refitted in full if it did not.
 */
export function leader(trials: readonly Trial[], direction: Direction): Trial | undefined {
  const candidates = trials.filter(({ state, value }) => value !== null && state !== 'failed');
  const value = byValue(direction);
  return candidates.sort((a, b) => {
    const equal = a.value === b.value && a.state !== b.state;
    return equal ? PLACE[a.state] - PLACE[b.state] : value(a, b);
  })[0];
}
