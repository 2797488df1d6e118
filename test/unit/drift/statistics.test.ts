import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareCounts, Counter, describeTable, emptyCounts } from '../../../src/drift/index.js';
import {
  chiSquareQuantile,
  chiSquareSurvival,
  chiSquareTest,
  populationStability,
  stabilityNoise,
} from '../../../src/drift/statistics.js';
import { Random } from '../../../src/core/random.js';
import type { DataSchema } from '../../../src/core/table.js';

interface Fixture {
  readonly histograms: readonly {
    readonly expected: readonly number[];
    readonly actual: readonly number[];
    readonly psi: number;
    readonly chiSquare: { readonly statistic: number; readonly pValue: number } | null;
  }[];
  readonly samples: readonly {
    readonly name: string;
    readonly reference: readonly number[];
    readonly current: readonly number[];
    readonly statistic: number;
    readonly pValue: number;
    readonly exact: boolean;
  }[];
  readonly chiSquare: readonly { readonly x: number; readonly degrees: number; readonly survival: number }[];
  readonly quantiles: readonly { readonly degrees: number; readonly value: number }[];
}

/** SciPy's figures; see drift.py beside the file. */
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/drift.json', import.meta.url), 'utf8'),
) as Fixture;

const SCHEMA: DataSchema = {
  columns: [{ name: 'x', kind: 'number', reason: 'test', dataType: 'float' }],
  target: null,
};

function compareNumbers(reference: readonly number[], current: readonly number[]) {
  const table = (values: readonly number[]) => ({
    rows: values.length,
    columns: new Map([['x', { storage: 'number' as const, values: Float64Array.from(values) }]]),
  });
  const references = describeTable(SCHEMA, table(reference));
  const counts = emptyCounts(references);
  new Counter(references).add(counts, table(current));
  const [drift] = compareCounts(references, counts);
  if (drift === undefined) throw new Error('There is one column.');
  return drift;
}

describe('populationStability', () => {
  it.each(fixture.histograms)('agrees with SciPy on $expected', ({ expected, actual, psi }) => {
    expect(populationStability(expected, actual)).toBeCloseTo(psi, 12);
  });

  it('is 0 of equal shares and the same in both directions', () => {
    expect(populationStability([10, 20, 30], [10, 20, 30])).toBe(0);
    const [a, b] = [
      [5, 80, 15],
      [40, 40, 20],
    ] as const;
    expect(populationStability(a, b)).toBeCloseTo(populationStability(b, a), 12);
  });
});

describe('chiSquareTest', () => {
  it.each(fixture.histograms.filter(({ chiSquare }) => chiSquare !== null))(
    'agrees with SciPy on $expected',
    ({ expected, actual, chiSquare }) => {
      const found = chiSquareTest(expected, actual);
      expect(found.statistic).toBeCloseTo(chiSquare?.statistic ?? NaN, 9);
      expect(found.pValue).toBeCloseTo(chiSquare?.pValue ?? NaN, 9);
    },
  );

  it('puts bins together of which too few rows are expected', () => {
    expect(chiSquareTest([100, 1, 1], [100, 1, 1])).toEqual({ statistic: 0, pValue: 1 });
    expect(chiSquareTest([0, 0], [3, 4]).pValue).toBe(1);
  });
});

describe('the chi-square distribution', () => {
  it.each(fixture.chiSquare)('has the survival of SciPy at $x with $degrees degrees', (one) => {
    const found = chiSquareSurvival(one.x, one.degrees);
    expect(Math.abs(found - one.survival)).toBeLessThan(1e-10 * Math.max(one.survival, 1e-3));
  });

  it.each(fixture.quantiles)('has the quantile of SciPy with $degrees degrees', ({ degrees, value }) => {
    expect(chiSquareQuantile(0.95, degrees)).toBeCloseTo(value, 8);
  });
});

describe('Kolmogorov-Smirnov of what is kept of a column', () => {
  it.each(fixture.samples)('agrees with SciPy on the rows: $name', (one) => {
    const { test } = compareNumbers(one.reference, one.current);
    if (one.exact) expect(test?.statistic).toBeCloseTo(one.statistic, 12);
    else expect(Math.abs((test?.statistic ?? NaN) - one.statistic)).toBeLessThan(0.011);
    // Stephens' approximation against SciPy's, which is exact for one sample: close where it matters.
    if (one.exact) expect(Math.abs((test?.pValue ?? NaN) - one.pValue)).toBeLessThan(0.02);
  });
});

describe('stabilityNoise', () => {
  it('is passed by about one in twenty pairs of samples of one distribution', () => {
    const random = new Random(5);
    const draw = (rows: number) => Array.from({ length: rows }, () => random.normal());
    let over = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const { psi, psiNoise } = compareNumbers(draw(600), draw(400));
      if ((psi ?? NaN) > (psiNoise ?? NaN)) over++;
    }
    expect(over / runs).toBeGreaterThan(0.02);
    expect(over / runs).toBeLessThan(0.09);
  });

  it('needs bins and rows on both sides', () => {
    expect(stabilityNoise(1, 10, 10)).toBe(0);
    expect(stabilityNoise(5, 10, 0)).toBe(Infinity);
  });
});
