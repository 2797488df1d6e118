import fc from '../../helpers/property.js';
import { describe, expect, test } from 'vitest';
import { Correlation } from '../../../src/sources/profile/correlation.js';
import { DistinctCounter } from '../../../src/sources/profile/distinct.js';
import { Moments } from '../../../src/sources/profile/moments.js';
import { NumberDescriber, QUANTILES } from '../../../src/sources/profile/number-describer.js';
import { selectPlaces } from '../../../src/sources/profile/select.js';

/** Numbers of which many are equal, or differ in one bit. */
const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(0, 0.1, 0.1 + 2 ** -56, 1e300, -1e300, Number.MIN_VALUE),
);
const cell = fc.oneof({ weight: 8, arbitrary: number }, fc.constantFrom(NaN, -0, Infinity, -Infinity));

function blocks(cells: readonly number[], size: number): Float64Array[] {
  const count = Math.ceil(cells.length / size);
  return Array.from({ length: count }, (_, i) => Float64Array.from(cells.slice(i * size, (i + 1) * size)));
}

test('different numbers are counted', () => {
  const counter = new DistinctCounter();
  fc.assert(
    fc.property(fc.array(number, { maxLength: 500 }), (generated) => {
      const numbers = generated.map((each) => each + 0);
      expect(counter.count(Float64Array.from(numbers))).toBe(new Set(numbers).size);
    }),
  );
  const many = Float64Array.from({ length: 300_000 }, (_, i) => (i % 200_000) / 3);
  expect(counter.count(many)).toBe(200_000);
});

describe('places of sorted numbers are found', () => {
  const places = (length: number) => [0, 0.01, 0.5, 0.5, 0.99, 1].map((p) => Math.floor(p * (length - 1)));
  function check(numbers: Float64Array): void {
    const sorted = numbers.slice().sort();
    const wanted = places(numbers.length);
    selectPlaces(numbers, wanted);
    for (const place of wanted) expect(numbers[place]).toBe(sorted[place]);
    expect(numbers.sort()).toEqual(sorted);
  }

  test('for generated numbers', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 1000 }), (numbers) =>
        check(Float64Array.from(numbers)),
      ),
    );
  });

  test.each([
    ['rising', (i: number) => i],
    ['falling', (i: number) => -i],
    ['equal', () => 7],
    ['of two values', (i: number) => i % 2],
    ['rising and falling', (i: number) => Math.min(i, 100_000 - i)],
    ['in waves', (i: number) => (i * 31) % 1024],
  ])('for %s numbers', (_, f) => check(Float64Array.from({ length: 100_000 }, (_, i) => f(i) + 0)));
});

describe('a column of numbers', () => {
  test('has its mean and deviation however it is cut into blocks', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 99 }),
        (cells, size) => {
          const moments = new Moments();
          for (const block of blocks(cells, size)) moments.add(block);
          const numbers = cells.filter(Number.isFinite);
          expect(moments.count).toBe(numbers.length);
          expect(moments.infinite).toBe(cells.filter((each) => Math.abs(each) === Infinity).length);
          expect(moments.zeros).toBe(numbers.filter((each) => each === 0).length);
          if (numbers.length === 0) return;
          const mean = numbers.reduce((sum, each) => sum + each / numbers.length, 0);
          const scale = Math.max(...numbers.map(Math.abs), 1e-100);
          expect(Math.abs(moments.mean - mean)).toBeLessThanOrEqual(1e-12 * scale);
          // -0 and 0 are one number.
          expect(moments.minimum + 0).toBe(Math.min(...numbers) + 0);
          expect(moments.maximum + 0).toBe(Math.max(...numbers) + 0);
          if (numbers.length < 2 || scale >= 1e150) {
            expect(moments.standardDeviation).toBe(0);
            return;
          }
          const squares = numbers.reduce((sum, each) => sum + ((each - mean) / scale) ** 2, 0);
          const deviation = Math.sqrt(squares / (numbers.length - 1)) * scale;
          expect(Math.abs(moments.standardDeviation - deviation)).toBeLessThanOrEqual(1e-9 * scale);
        },
      ),
    );
  });

  test('of whole numbers has an exact mean', () => {
    const moments = new Moments();
    const cells = Array.from({ length: 100_000 }, (_, i) => i);
    for (const block of blocks(cells, 777)) moments.add(block);
    expect(moments.mean).toBe(49_999.5);
  });

  test('far from zero keeps the digits of its deviation', () => {
    const moments = new Moments();
    const cells = Array.from({ length: 10_000 }, (_, i) => 1e9 + (i % 2));
    for (const block of blocks(cells, 333)) moments.add(block);
    expect(moments.standardDeviation).toBeCloseTo(0.5 * Math.sqrt(10_000 / 9999), 8);
  });

  test('so large that its sum overflows has a mean', () => {
    const moments = new Moments();
    for (const block of blocks([1.7e308, 1.7e308, -1.7e308, 1e308, 1e308], 2)) moments.add(block);
    expect(moments.mean / 1e308).toBeCloseTo(0.74, 10);
    expect(moments.standardDeviation).toBe(0);
  });

  test('is described from evenly spaced rows where it is long', () => {
    const describer = new NumberDescriber(1000, 3);
    const cells = Array.from({ length: 1000 }, (_, i) => (i % 30 === 0 ? NaN : i % 30));
    for (const block of blocks(cells, 64)) describer.add(block);
    const { present, distinct, few, numbers } = describer.describe(new DistinctCounter());
    expect([present, distinct]).toEqual([966, 9]);
    expect(few.get(3)).toBe(34);
    const sorted = cells.filter(Number.isFinite).sort((a, b) => a - b);
    for (const probability of QUANTILES) {
      const place = probability * (sorted.length - 1);
      const [below = 0, above = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
      expect(numbers?.quantiles[String(probability)]).toBeCloseTo(below + (above - below) * (place % 1), 12);
    }
  });

  test('without values has no numbers', () => {
    const describer = new NumberDescriber(2, 1);
    describer.add(Float64Array.of(NaN, Infinity));
    expect(describer.describe(new DistinctCounter())).toMatchObject({
      present: 0,
      infinite: 1,
      distinct: 0,
      numbers: null,
    });
  });
});

test('a correlation counts the rows that have both numbers', () => {
  const xs = Array.from({ length: 1000 }, (_, i) => (i % 50 === 0 ? NaN : i));
  const correlationWith = (ys: readonly number[]): number => {
    const correlation = new Correlation();
    const [x, y] = [blocks(xs, 128), blocks(ys, 128)];
    for (const [i, block] of x.entries()) correlation.add(block, y[i] as Float64Array);
    return correlation.value;
  };
  expect(correlationWith(xs.map((x, i) => (i % 70 === 0 ? NaN : 5 - 3 * x)))).toBeCloseTo(-1, 12);
  expect(correlationWith(xs.map((_, i) => i % 2))).toBeCloseTo(0, 2);
  expect(correlationWith(xs.map(() => 4))).toBe(0);
});
