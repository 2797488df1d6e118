import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { bootstrapIntervals, metricsOf, metricsOfRows, rowsOf } from '../../../src/metrics/index.js';

/** Rows of two classes whose probability is right `share` of the time. */
function binaryRows(n: number, share: number, seed: number) {
  const random = new Random(seed);
  const truth = new Int32Array(n);
  const scores = new Float32Array(2 * n);
  for (let row = 0; row < n; row++) {
    truth[row] = random.integer(2);
    const right = random.uniform() < share;
    const positive = (truth[row] === 1) === right ? 0.5 + random.uniform() / 2 : random.uniform() / 2;
    scores.set([1 - positive, positive], 2 * row);
  }
  return rowsOf('binary', truth, scores);
}

const names = metricsOf('binary').map((metric) => metric.name);

describe('bootstrapIntervals', () => {
  it('draws the same intervals for the same seed, others for another', () => {
    const rows = binaryRows(100, 0.8, 1);
    const first = bootstrapIntervals(rows, names, { resamples: 100, seed: 7 });
    expect(bootstrapIntervals(rows, names, { resamples: 100, seed: 7 })).toEqual(first);
    expect(bootstrapIntervals(rows, names, { resamples: 100, seed: 8 })).not.toEqual(first);
  });

  it('has the width that theory gives for an accuracy', () => {
    const rows = binaryRows(400, 0.8, 2);
    const { accuracy = NaN } = metricsOfRows(rows, ['accuracy']);
    const { intervals, resamples } = bootstrapIntervals(rows, ['accuracy'], { resamples: 1000, seed: 0 });
    expect(resamples).toBe(1000);
    const [low, high] = intervals['accuracy'] ?? [NaN, NaN];
    const half = 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / 400);
    expect(high - low).toBeGreaterThan(1.8 * half);
    expect(high - low).toBeLessThan(2.2 * half);
    expect((low + high) / 2).toBeCloseTo(accuracy, 1);
  });

  it('holds the true accuracy about 95 times in 100', () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { intervals } = bootstrapIntervals(binaryRows(150, 0.8, 1000 + seed), ['accuracy'], {
        resamples: 200,
        seed,
      });
      const [low, high] = intervals['accuracy'] ?? [NaN, NaN];
      if (low <= 0.8 && 0.8 <= high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(180);
    expect(held).toBeLessThanOrEqual(198);
  });

  it('has the same width from a subset of large data, around the value of all rows', () => {
    const n = 60_000;
    const rows = binaryRows(n, 0.7, 3);
    const { accuracy = NaN } = metricsOfRows(rows, ['accuracy']);
    const { intervals } = bootstrapIntervals(rows, ['accuracy'], { resamples: 300, seed: 0 });
    const [low, high] = intervals['accuracy'] ?? [NaN, NaN];
    const half = 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / n);
    expect(low).toBeLessThan(accuracy);
    expect(high).toBeGreaterThan(accuracy);
    expect((high - low) / (2 * half)).toBeGreaterThan(0.85);
    expect((high - low) / (2 * half)).toBeLessThan(1.15);
  });

  it('holds its own estimate where resampling leaves out classes', () => {
    const random = new Random(11);
    const [classes, n] = [100, 300];
    const truth = Int32Array.from({ length: n }, () => random.integer(classes));
    const scores = new Float64Array(n * classes);
    for (let row = 0; row < n; row++) {
      const drawn = Float64Array.from({ length: classes }, () => random.uniform());
      drawn[truth[row] as number] = (drawn[truth[row] as number] as number) + 0.3;
      const sum = drawn.reduce((a, b) => a + b, 0);
      scores.set(
        drawn.map((value) => value / sum),
        row * classes,
      );
    }
    const rows = rowsOf('multiclass', truth, scores);
    const all = metricsOf('multiclass').map((metric) => metric.name);
    const values = metricsOfRows(rows, all);
    const { intervals } = bootstrapIntervals(rows, all, { resamples: 200, seed: 0 });
    for (const [name, [low, high]] of Object.entries(intervals)) {
      expect(low, name).toBeLessThanOrEqual(values[name] ?? NaN);
      expect(high, name).toBeGreaterThanOrEqual(values[name] ?? NaN);
    }
    const [low, high] = intervals['average_precision'] ?? [NaN, NaN];
    expect(low).toBeLessThan((values['average_precision'] ?? NaN) - 0.005);
    expect(high).toBeGreaterThan((values['average_precision'] ?? NaN) + 0.005);
  });

  it('does not depend on the scale of the weights', () => {
    const truth = Int32Array.of(0, 1, 1, 0, 1);
    const scores = Float64Array.of(0.8, 0.2, 0.4, 0.6, 0.3, 0.7, 0.4, 0.6, 0.9, 0.1);
    const one = bootstrapIntervals(rowsOf('binary', truth, scores, Float64Array.of(1, 2, 1, 3, 1)), ['f1'], {
      resamples: 200,
      seed: 1,
    });
    const two = bootstrapIntervals(rowsOf('binary', truth, scores, Float64Array.of(2, 4, 2, 6, 2)), ['f1'], {
      resamples: 200,
      seed: 1,
    });
    expect(one.intervals['f1']).toEqual(two.intervals['f1']);
  });

  it('covers numbers too', () => {
    const random = new Random(5);
    const truth = Float64Array.from({ length: 300 }, () => random.normal() * 10);
    const rows = rowsOf(
      'regression',
      truth,
      truth.map((value) => value + random.normal()),
    );
    const all = metricsOf('regression').map((metric) => metric.name);
    const { intervals } = bootstrapIntervals(rows, all, { resamples: 300, seed: 0 });
    const values = metricsOfRows(rows, all);
    for (const name of all) {
      const [low, high] = intervals[name] ?? [NaN, NaN];
      expect(low, name).toBeLessThan(values[name] ?? NaN);
      expect(high, name).toBeGreaterThan(values[name] ?? NaN);
    }
  });

  it('has no interval for what is undefined, and none without rows', () => {
    const oneClass = rowsOf('binary', Int32Array.of(1, 1, 1), Float64Array.of(0.2, 0.8, 0.6, 0.4, 0.1, 0.9));
    const { intervals } = bootstrapIntervals(oneClass, ['accuracy', 'roc_auc'], { resamples: 50, seed: 0 });
    expect(Object.keys(intervals)).toEqual(['accuracy']);
    const none = rowsOf('binary', new Int32Array(0), new Float64Array(0));
    expect(bootstrapIntervals(none, names, { resamples: 50, seed: 0 })).toEqual({
      intervals: {},
      resamples: 0,
    });
  });
});
