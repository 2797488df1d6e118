import { describe, expect, it } from 'vitest';
import {
  epochIndices,
  evenBatches,
  folds,
  placeOf,
  sharedSplit,
  type TrainingPart,
} from '../../../src/training/data.js';

describe('member rows', () => {
  it('folds hold out every row once, each class in proportion', () => {
    const y = Float32Array.from({ length: 103 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const { train, validation } = folds(y, 5, true, 7);
    const held = validation.flatMap((rows) => [...rows]).sort((a, b) => a - b);
    expect(held).toEqual(Array.from({ length: 103 }, (_, i) => i));
    validation.forEach((rows, member) => {
      expect(new Set([...rows, ...(train[member] as Int32Array)]).size).toBe(103);
      const positives = [...rows].filter((row) => y[row] === 1).length;
      expect(positives).toBeGreaterThanOrEqual(2);
      expect(positives).toBeLessThanOrEqual(3);
    });
  });

  it('depend on the seed only', () => {
    const y = Float32Array.from({ length: 40 }, (_, i) => i % 3);
    expect(folds(y, 4, true, 1)).toEqual(folds(y, 4, true, 1));
    expect(folds(y, 4, true, 1)).not.toEqual(folds(y, 4, true, 2));
  });

  it('share the validation rows where they are given', () => {
    const { train, validation } = sharedSplit(3, 5, 2);
    expect(train.map((rows) => [...rows])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(validation.map((rows) => [...rows])).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });
});

describe('batches', () => {
  it('are of nearly equal size', () => {
    expect(evenBatches(257, 256)).toEqual({ batchSize: 129, steps: 2 });
    expect(evenBatches(10, 256)).toEqual({ batchSize: 10, steps: 1 });
  });

  it('meet every row of a member once an epoch and fill up with its fillers in turn', () => {
    const members = [Int32Array.from([0, 1, 2, 3, 4]), Int32Array.from([5, 6, 7])];
    const plan = { seed: 3, epoch: 2, part: 0, steps: 2, batchSize: 3, fillers: { first: 90, perMember: 2 } };
    const indices = epochIndices(members, plan);
    const of = (member: number): number[] =>
      [...indices].filter((_, i) => Math.floor(i / 3) % 2 === member).sort((a, b) => a - b);
    expect(of(0)).toEqual([0, 1, 2, 3, 4, 90]);
    expect(of(1)).toEqual([5, 6, 7, 92, 92, 93]);
    expect(epochIndices(members, plan)).toEqual(indices);
    expect(epochIndices(members, { ...plan, epoch: 3 })).not.toEqual(indices);
  });

  it('visit the parts of an epoch in an order of its own, each whole', () => {
    const part = (rows: number): TrainingPart => ({
      members: [Int32Array.from({ length: rows }, (_, i) => i)],
      rows: () => Promise.reject(new Error('not read')),
    });
    const parts = [part(5), part(3), part(7)];
    const places = (epoch: number) =>
      Array.from({ length: 9 }, (_, step) => placeOf(parts, { seed: 1, epoch, batchSize: 2 }, step));
    for (const epoch of [0, 1, 2]) {
      const visited = places(epoch);
      expect(visited.map(({ part: index }) => index).sort()).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
      visited.forEach(({ part: index, step }, i) => {
        const before = visited[i - 1];
        expect(step).toBe(before?.part === index ? before.step + 1 : 0);
      });
    }
    expect(() => placeOf(parts, { seed: 1, epoch: 0, batchSize: 2 }, 9)).toThrow(RangeError);
  });
});
