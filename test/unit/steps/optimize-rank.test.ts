import { describe, expect, it } from 'vitest';
import { isBetter, leader, ranked, rankedPoints } from '../../../src/steps/optimize/rank.js';
import type { Trial } from '../../../src/steps/optimize/state.js';

function trial(number: number, change: Partial<Trial>): Trial {
  return {
    number,
    point: { n: number },
    origin: 'random',
    state: 'complete',
    run: `run${number}`,
    value: null,
    loss: null,
    rungs: [],
    epochs: 90,
    plannedEpochs: 90,
    seconds: 1,
    error: null,
    ...change,
  };
}

const TRIALS = [
  trial(1, { state: 'failed' }),
  trial(2, { state: 'stopped', value: 0.99, loss: 0.3, epochs: 10 }),
  trial(3, { value: 0.9, loss: 0.2 }),
  trial(4, { value: 0.95, loss: 0.4 }),
  trial(5, { state: 'stopped', value: 0.7, loss: 0.5, epochs: 30 }),
  trial(6, { value: 0.95, loss: 0.1 }),
  trial(7, { state: 'interrupted', value: 0.999, epochs: 80 }),
  trial(8, { value: null }),
  trial(9, { state: 'stopped', value: 0.8, loss: 0.2, epochs: 10 }),
];

describe('the order of trials', () => {
  it('is: complete by value then loss, stopped by how far and how well, cut off, failed', () => {
    expect(ranked(TRIALS, 'maximize').map(({ number }) => number)).toEqual([6, 4, 3, 8, 5, 9, 2, 7, 1]);
  });

  it('turns with the direction of the metric', () => {
    expect(
      ranked(TRIALS, 'minimize')
        .map(({ number }) => number)
        .slice(0, 4),
    ).toEqual([3, 6, 4, 8]);
    expect(isBetter(1, 2, 'minimize')).toBe(true);
    expect(isBetter(1, 2, 'maximize')).toBe(false);
    expect(isBetter(1, 1, 'minimize')).toBe(false);
  });

  it('teaches the sampler nothing of trials that were cut off', () => {
    expect(rankedPoints(TRIALS, 'maximize').map(({ n }) => n)).toEqual([6, 4, 3, 8, 5, 9, 2, 1]);
  });

  it('has as its leader the best value of all, a complete one where they are equal', () => {
    expect(leader(TRIALS, 'maximize')?.number).toBe(7);
    expect(leader(TRIALS.slice(0, 6), 'maximize')?.number).toBe(2);
    const equal = [
      trial(1, { state: 'stopped', value: 0.9, loss: 0.1 }),
      trial(2, { value: 0.9, loss: 0.2 }),
    ];
    expect(leader(equal, 'maximize')?.number).toBe(2);
    expect(leader([trial(1, { state: 'failed', value: 1 })], 'maximize')).toBeUndefined();
  });
});
