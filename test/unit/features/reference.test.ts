import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CHOICES, type ColumnChoices } from '../../../src/features/choices.js';
import { FeatureFitter } from '../../../src/features/index.js';
import type { FittedFeatures } from '../../../src/features/index.js';
import { CAR_KINDS, cars, rowsOf, schemaOf } from '../../helpers/tables.js';

type Reference = {
  readonly numbers: readonly string[];
  readonly rows: readonly number[];
  readonly statistics: Readonly<Record<'median' | 'mean' | 'most_frequent', readonly number[]>>;
  readonly tfidfRows: readonly number[];
  readonly vocabulary: readonly string[];
} & Readonly<Record<'standard' | 'min_max' | 'robust' | 'l2' | 'tfidf', readonly (readonly number[])[]>>;

/** Made by test/fixtures/features.py with scikit-learn. */
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/features.json', import.meta.url), 'utf8'),
) as Reference;

function fit(columns: readonly string[], choice: Partial<ColumnChoices>): FittedFeatures {
  const kinds = Object.fromEntries(
    columns.map((name) => [name, CAR_KINDS[name as keyof typeof CAR_KINDS]] as const),
  );
  const choices = Object.fromEntries(columns.map((name) => [name, { ...DEFAULT_CHOICES, ...choice }]));
  const fitter = new FeatureFitter(schemaOf(kinds), choices);
  fitter.add(cars());
  return fitter.finish();
}

function matrixOf(fitted: FittedFeatures, rows: readonly number[]): number[][] {
  const matrix = fitted.transform(rowsOf(cars(), rows));
  const width = fitted.layout.length;
  return rows.map((_, row) => Array.from(matrix.subarray(row * width, (row + 1) * width)));
}

function expectClose(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((row, r) => {
    row.forEach((value, c) => expect(value).toBeCloseTo(expected[r]?.[c] as number, 5));
  });
}

describe('numbers against scikit-learn', () => {
  test.each([
    ['standard', 'auto'],
    ['min_max', 'mean'],
    ['robust', 'auto'],
    ['l2', 'median'],
  ] as const)('%s, imputed by %s', (scale, impute) => {
    const fitted = fit(reference.numbers, { scale, impute, outliers: 'none', indicator: 'off' });
    expect(fitted.layout.map(({ name }) => name)).toEqual(reference.numbers);
    expectClose(matrixOf(fitted, reference.rows), reference[scale]);
  });

  test.each(['median', 'mean', 'most_frequent'] as const)('%s of the known cells', (impute) => {
    const { columns } = fit(reference.numbers, { impute }).toJSON() as {
      columns: readonly { state: { fill: number } }[];
    };
    expect(columns.map(({ state }) => state.fill)).toEqual(
      reference.statistics[impute].map((value) => expect.closeTo(value, 10) as number),
    );
  });

  test('standard draws outliers in as z / √(1 + (z/5)²)', () => {
    const fitted = fit(reference.numbers, { indicator: 'off' });
    const drawn = reference.standard.map((row) => row.map((z) => z / Math.sqrt(1 + (z / 5) ** 2)));
    expectClose(matrixOf(fitted, reference.rows), drawn);
  });

  test('missing cells have a feature of their own', () => {
    const fitted = fit(reference.numbers, {});
    expect(fitted.layout.slice(4)).toEqual([
      {
        source: 'Miles_per_Gallon',
        name: 'Miles_per_Gallon missing',
        role: 'indicator',
        cardinality: 0,
      },
      { source: 'Horsepower', name: 'Horsepower missing', role: 'indicator', cardinality: 0 },
    ]);
    expect(matrixOf(fitted, reference.rows).map((row) => row.slice(4))).toEqual([
      [0, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
  });
});

test('text is weighted as TfidfVectorizer does', () => {
  const fitted = fit(['Name'], {});
  const at = reference.vocabulary.map((word) =>
    fitted.layout.findIndex(({ name }) => name === `Name: ${word}`),
  );
  expect(at.every((index) => index >= 0)).toBe(true);
  const rows = matrixOf(fitted, reference.tfidfRows);
  expectClose(
    rows.map((row) => at.map((index) => row[index] as number)),
    reference.tfidf,
  );
  // Only the words of the vocabulary are in these rows.
  rows.forEach((row) => expect(Math.hypot(...row)).toBeCloseTo(1, 5));
});
