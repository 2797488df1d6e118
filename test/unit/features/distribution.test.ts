import fc from '../../helpers/property.js';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Distribution, type Summary } from '../../../src/features/distribution.js';

function summaryOf(...chunks: readonly (readonly number[] | Float64Array)[]): Summary {
  const distribution = new Distribution();
  for (const chunk of chunks) distribution.add(Float64Array.from(chunk));
  return distribution.summary();
}

/** numpy.quantile of sorted values by its definition. */
function quantileOf(sorted: Float64Array, p: number): number {
  const position = (sorted.length - 1) * p;
  const [low, high] = [sorted[Math.floor(position)] as number, sorted[Math.ceil(position)] as number];
  return low + (high - low) * (position - Math.floor(position));
}

function plain({ quantile, ...rest }: Summary): object {
  return { ...rest, quantiles: [0, 0.1, 0.25, 0.5, 0.9, 1].map((p) => quantile(p)) };
}

describe('while exact', () => {
  test('is what the definitions say', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 60 }), (values) => {
        const summary = summaryOf(values);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const sorted = Float64Array.from(values).sort();
        const size = Math.max(...values.map(Math.abs), 1e-300);
        const squares = values.reduce((sum, value) => sum + ((value - mean) / size) ** 2, 0);
        const deviation = size * Math.sqrt(squares / values.length);
        expect(summary.count).toBe(values.length);
        expect(Math.abs(summary.mean - mean)).toBeLessThanOrEqual(1e-12 * size);
        expect(Math.abs(summary.standardDeviation - deviation)).toBeLessThanOrEqual(1e-7 * size);
        expect(summary.minimum).toBe(Math.min(...values) + 0);
        expect(summary.maximum).toBe(Math.max(...values) + 0);
        for (const p of [0, 0.25, 0.5, 0.9, 1]) {
          expect(Math.abs(summary.quantile(p) - quantileOf(sorted, p))).toBeLessThanOrEqual(1e-12 * size);
        }
      }),
    );
  });

  test('counts missing cells apart and passes infinite ones over', () => {
    const summary = summaryOf([NaN, 1, Infinity, 3, NaN, -Infinity]);
    expect(summary).toMatchObject({ count: 2, missing: 2, minimum: 1, maximum: 3, mean: 2 });
  });

  test('the most frequent value is the smallest of the most frequent', () => {
    expect(summaryOf([5, 2, 9, 2, 9, 7]).mode).toBe(2);
  });

  test('a constant has no deviation, however it is written', () => {
    expect(summaryOf([0.1, 0.1, 0.1], [0.1]).standardDeviation).toBe(0);
    expect(summaryOf([-0, 0]).standardDeviation).toBe(0);
  });

  test('nothing at all', () => {
    expect(summaryOf([NaN])).toMatchObject({ count: 0, missing: 1, mean: 0, standardDeviation: 0 });
  });
});

describe('beyond the number of values that it holds', () => {
  const random = new Random(7);
  const heavyTailed = Float64Array.from({ length: 300_000 }, () => Math.exp(4 * random.normal()));
  const shifted = Float64Array.from({ length: 300_000 }, () => 1.6e12 + 1e9 * random.uniform());

  test.each([
    ['heavy-tailed', heavyTailed],
    ['far from zero', shifted],
  ])('%s values: quantiles and moments stay close', (_name, values) => {
    const summary = summaryOf(values);
    const list = values.slice().sort();
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
    const deviation = Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length);
    expect(Math.abs(summary.mean - mean) / deviation).toBeLessThan(1e-4);
    expect(summary.standardDeviation / deviation).toBeCloseTo(1, 4);
    for (const p of [0.01, 0.25, 0.5, 0.75, 0.99]) {
      const exact = quantileOf(list, p);
      const spread = quantileOf(list, Math.min(1, p + 0.005)) - quantileOf(list, Math.max(0, p - 0.005));
      // Less than a hundredth of how far the quantile moves within half a percent of the rows.
      expect(Math.abs(summary.quantile(p) - exact)).toBeLessThan(0.01 * spread);
    }
    expect(summary.minimum).toBe(quantileOf(list, 0));
    expect(summary.maximum).toBe(quantileOf(list, 1));
  });

  test('does not depend on the order of rows or on the chunks', () => {
    const shuffled = new Random(3).shuffle(heavyTailed.slice());
    const whole = plain(summaryOf(heavyTailed));
    expect(plain(summaryOf(shuffled))).toEqual(whole);
    expect(plain(summaryOf(shuffled.subarray(0, 12_345), shuffled.subarray(12_345)))).toEqual(whole);
  });
});
