import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { normalMass } from '../../../src/search/normal.js';
import { parzenEstimator } from '../../../src/search/parzen.js';
import type { Domain } from '../../../src/search/space.js';

describe('the mass of a normal distribution', () => {
  // scipy 1.17: norm.cdf(b) - norm.cdf(a); in the tails norm.sf(a) - norm.sf(b)
  it.each([
    [-1, 1, 0.6826894921370859],
    [0, 3, 0.4986501019683699],
    [-8, -6, 9.865870229416372e-10],
    [6, 8, 9.865870229416372e-10],
    [-40, 40, 1],
  ])('between %d and %d is %d', (a, b, expected) => {
    expect(normalMass(a, b) / expected).toBeCloseTo(1, 6);
  });
});

const NUMBER: Domain = { type: 'number', minimum: -2, maximum: 3, log: false };
const LOG: Domain = { type: 'number', minimum: 1e-3, maximum: 10, log: true };
const WHOLE: Domain = { type: 'integer', minimum: 1, maximum: 20, log: false };
const WHOLE_LOG: Domain = { type: 'integer', minimum: 1, maximum: 64, log: true };
const CHOICE: Domain = { type: 'choice', choices: ['a', [1, 2], null] };

describe('a Parzen estimator', () => {
  it('is a density: it integrates to 1 along the axis it is searched on', () => {
    const steps = 20_000;
    for (const values of [[], [0.5], [-2, -2, 3], [0.1, 0.11, 0.12, 2.9]]) {
      const estimator = parzenEstimator(NUMBER, values);
      let area = 0;
      for (let i = 0; i < steps; i++) {
        area += (Math.exp(estimator.logDensity(-2 + (5 * (i + 0.5)) / steps)) * 5) / steps;
      }
      expect(area).toBeCloseTo(1, 4);
    }
    const range = Math.log(10) - Math.log(1e-3);
    const estimator = parzenEstimator(LOG, [0.01, 1]);
    let area = 0;
    for (let i = 0; i < steps; i++) {
      area += (Math.exp(estimator.logDensity(1e-3 * Math.exp((range * (i + 0.5)) / steps))) * range) / steps;
    }
    expect(area).toBeCloseTo(1, 4);
  });

  it.each([
    ['whole numbers', WHOLE, Array.from({ length: 20 }, (_, i) => i + 1), [3, 4, 4, 19]],
    ['whole numbers by ratio', WHOLE_LOG, Array.from({ length: 64 }, (_, i) => i + 1), [1, 2, 64]],
    [
      'choices',
      CHOICE,
      ['a', [1, 2], null],
      [
        [1, 2],
        [1, 2],
      ],
    ],
  ] as const)('of %s has probabilities that sum to 1', (_, domain, all, seen) => {
    const estimator = parzenEstimator(domain, seen);
    const sum = all.reduce((total: number, value) => total + Math.exp(estimator.logDensity(value)), 0);
    expect(sum).toBeCloseTo(1, 5);
  });

  it('samples what it says is probable, inside the domain', () => {
    const random = new Random(3);
    for (const [domain, seen] of [
      [WHOLE, [3, 4, 4, 19]],
      [WHOLE_LOG, [1, 2, 64]],
      [CHOICE, [[1, 2]]],
    ] as const) {
      const estimator = parzenEstimator(domain, seen);
      const drawn = new Map<string, number>();
      const draws = 20_000;
      for (let i = 0; i < draws; i++) {
        const value = estimator.sample(random);
        drawn.set(JSON.stringify(value), (drawn.get(JSON.stringify(value)) ?? 0) + 1);
      }
      for (const [text, count] of drawn) {
        const expected = Math.exp(estimator.logDensity(JSON.parse(text) as number));
        expect(count / draws).toBeGreaterThan(expected - 0.02);
        expect(count / draws).toBeLessThan(expected + 0.02);
      }
    }
  });

  it('of a domain with one value gives that value', () => {
    const estimator = parzenEstimator({ type: 'number', minimum: 2, maximum: 2, log: false }, [2, 2]);
    expect(estimator.sample(new Random(1))).toBe(2);
    expect(Number.isFinite(estimator.logDensity(2))).toBe(true);
  });
});
