import { describe, expect, test } from 'vitest';
import { DEFAULT_CHOICES, type ColumnChoices } from '../../../src/features/choices.js';
import { FeatureFitter, type FittedFeatures, loadFeatures } from '../../../src/features/index.js';
import type { ColumnKind } from '../../../src/core/table.js';
import { type Cell, columnOf, PENGUIN_KINDS, penguins, rowsOf, schemaOf } from '../../helpers/tables.js';

function fit(kind: ColumnKind, cells: readonly Cell[], choice: Partial<ColumnChoices> = {}): FittedFeatures {
  const fitter = new FeatureFitter(schemaOf({ x: kind }), { x: { ...DEFAULT_CHOICES, ...choice } });
  fitter.add({ rows: cells.length, columns: new Map([['x', columnOf(kind, cells)]]) });
  return fitter.finish();
}

function apply(fitted: FittedFeatures, kind: ColumnKind, cells: readonly Cell[]): number[][] {
  const width = fitted.layout.length;
  const matrix = fitted.transform({ rows: cells.length, columns: new Map([['x', columnOf(kind, cells)]]) });
  return cells.map((_, row) => Array.from(matrix.subarray(row * width, (row + 1) * width)));
}

const names = (fitted: FittedFeatures): string[] => fitted.layout.map(({ name }) => name);
const letters = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));

describe('categories', () => {
  test('two levels are one feature of ±1; the unseen is between them', () => {
    const fitted = fit('category', ['yes', 'no', 'yes']);
    expect(names(fitted)).toEqual(['x=yes']);
    expect(apply(fitted, 'category', ['no', 'yes', 'maybe', null])).toEqual([[-1], [1], [0], [0]]);
  });

  test('missing is a level: one value and missing are two levels', () => {
    const fitted = fit('category', ['yes', null, 'yes']);
    expect(names(fitted)).toEqual(['x missing']);
    expect(apply(fitted, 'category', ['yes', null, 'no'])).toEqual([[-1], [1], [0]]);
  });

  test('3 to 9 levels are one-hot in sorted order, missing among them', () => {
    const fitted = fit('category', ['b', 'a', null, 'a']);
    expect(names(fitted)).toEqual(['x=a', 'x=b', 'x missing']);
    expect(apply(fitted, 'category', ['a', 'b', null, 'z'])).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(fit('category', letters(9)).layout).toHaveLength(9);
  });

  test('more levels are codes for an embedding, where 0 is the unseen', () => {
    const fitted = fit('category', [...letters(10), null]);
    expect(fitted.layout).toEqual([{ source: 'x', name: 'x', role: 'code', cardinality: 12 }]);
    expect(apply(fitted, 'category', ['a', 'j', null, 'zz'])).toEqual([[1], [10], [11], [0]]);
  });

  test('rare levels are "other", and so is what was never seen', () => {
    const cells = ['a', 'a', 'b', 'b', 'c', 'd'];
    const fitted = fit('category', cells, { minFrequency: 2 });
    expect(names(fitted)).toEqual(['x=a', 'x=b', 'x other']);
    expect(apply(fitted, 'category', ['c', 'zz', 'b'])).toEqual([
      [0, 0, 1],
      [0, 0, 1],
      [0, 1, 0],
    ]);
    expect(names(fit('category', cells, { minFrequency: 0.3 }))).toEqual(names(fitted));
    const coded = fit('category', cells, { minFrequency: 2, encode: 'embedding' });
    expect(apply(coded, 'category', ['a', 'b', 'c', 'zz'])).toEqual([[1], [2], [0], [0]]);
  });

  test('missing cells can be given a level', () => {
    const cells = ['b', 'a', 'b', null];
    expect(apply(fit('category', cells, { impute: 'most_frequent' }), 'category', [null, 'a'])).toEqual([
      [1],
      [-1],
    ]);
    const constant = fit('category', cells, { impute: 'constant', fill: 'a' });
    expect(apply(constant, 'category', [null])).toEqual([[-1]]);
  });

  test('the encoding can be chosen', () => {
    expect(fit('category', letters(12), { encode: 'onehot' }).layout).toHaveLength(12);
    expect(fit('category', letters(3), { encode: 'embedding' }).layout[0]?.cardinality).toBe(4);
  });

  test('the empty string is missing', () => {
    const fitted = fit('category', ['b', 'a', '', 'a']);
    expect(apply(fitted, 'category', ['', null])).toEqual([
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });
});

describe('numbers', () => {
  test('quantile maps ranks to the normal distribution', () => {
    const cells = Array.from({ length: 1001 }, (_, i) => (i / 1000) ** 3);
    const fitted = fit('number', cells, { scale: 'quantile' });
    const [low, quarter, middle, high, beyond] = apply(fitted, 'number', [
      0,
      0.25 ** 3,
      0.5 ** 3,
      1,
      99,
    ]).flat();
    expect(middle).toBeCloseTo(0, 5);
    expect(quarter).toBeCloseTo(-0.67449, 3);
    // Half a row from the end: Φ⁻¹(1 − 0.5/1001).
    expect(high).toBeCloseTo(3.2908, 3);
    expect(low).toBeCloseTo(-3.2908, 3);
    expect(beyond).toBe(high);
  });

  test('robust scaling of values more than half equal uses their deviation', () => {
    const fitted = fit('number', [0, 0, 0, 0, 0, 0, 0, 8], { scale: 'robust', outliers: 'none' });
    const [[zero], [eight]] = apply(fitted, 'number', [0, 8]) as [[number], [number]];
    expect(zero).toBe(0);
    expect(Number.isFinite(eight) && eight > 0).toBe(true);
  });

  test('min_max with clipping still goes from 0 to 1 on the training rows', () => {
    const cells = [1, 2, 3, 4, 100];
    const fitted = fit('number', cells, { scale: 'min_max', outliers: 'clip' });
    const features = apply(fitted, 'number', cells).flat();
    expect(features[0]).toBeCloseTo(0, 6);
    expect(features[4]).toBeCloseTo(1, 6);
    expect(features[3]).toBeGreaterThan(0.03);
  });

  test('a column that only sometimes is there keeps its indicator', () => {
    const fitted = fit('number', [7, null, 7]);
    expect(names(fitted)).toEqual(['x missing']);
    expect(apply(fitted, 'number', [7, null, 8])).toEqual([[0], [1], [0]]);
  });
});

describe('numbers of any size', () => {
  const cells = Array.from({ length: 60 }, (_, i) => (i * 7) % 60);

  test.each([1e30, 1e35, 1, 1e-30, 1e-200, 1e-300])('are scaled: those around %d', (unit) => {
    const plain = apply(fit('number', cells), 'number', cells);
    const sized = cells.map((cell) => cell * unit);
    const scaled = apply(fit('number', sized), 'number', sized);
    for (const [row, [value = NaN]] of scaled.entries()) expect(value).toBeCloseTo(plain[row]?.[0] ?? NaN, 5);
  });

  test('that are too large are left out for that', () => {
    const huge = cells.map((cell) => (cell + 1) * 1e300);
    expect(() => fit('number', huge)).toThrow('all beyond ±1e+37, which is too large to scale');
  });
});

test('why a column is left out is true of it', () => {
  for (const kind of ['number', 'boolean', 'date', 'category'] as const) {
    expect(() => fit(kind, [null, null])).toThrow('x: it has no value in any training row');
  }
  expect(() => fit('number', [3, 3])).toThrow('x: it has the same value in every training row');
  expect(() => fit('category', ['a', 'b'], { minFrequency: 2 })).toThrow('rarer than --min-frequency wants');
});

describe('booleans', () => {
  test('are ±1, and 0 where missing', () => {
    const fitted = fit('boolean', [true, false, null]);
    expect(names(fitted)).toEqual(['x', 'x missing']);
    expect(apply(fitted, 'boolean', [true, false, null])).toEqual([
      [1, 0],
      [-1, 0],
      [0, 1],
    ]);
  });
});

describe('dates', () => {
  test('parts that do not vary are left out', () => {
    expect(names(fit('date', ['2020-01-01', '2020-01-02']))).toEqual([
      'x elapsed',
      'x day sin',
      'x day cos',
      'x weekday sin',
      'x weekday cos',
    ]);
    expect(names(fit('date', ['2020-01-01T00:00Z', '2020-01-01T06:00Z']))).toEqual([
      'x elapsed',
      'x hour sin',
      'x hour cos',
    ]);
  });

  test('cycles are those of the calendar', () => {
    const fitted = fit('date', ['2020-01-01T00:00Z', '2021-05-14T06:00Z']);
    const at = (name: string): number => names(fitted).indexOf(name);
    const [row] = apply(fitted, 'date', ['2024-04-16T18:00Z']) as [number[]];
    // April is a quarter of the year after January, 18:00 three quarters of a day, the 16th 15/31 of a month.
    expect(row[at('x month sin')]).toBeCloseTo(1, 6);
    expect(row[at('x hour sin')]).toBeCloseTo(-1, 6);
    expect(row[at('x day cos')]).toBeCloseTo(Math.cos((2 * Math.PI * 15) / 31), 6);
    // A Tuesday.
    expect(row[at('x weekday sin')]).toBeCloseTo(Math.sin((2 * Math.PI) / 7), 6);
  });

  test('a missing date is in the middle of everything, or imputed', () => {
    const cells = ['2020-01-01', '2021-05-14', null];
    const fitted = fit('date', cells);
    const width = fitted.layout.length;
    expect(apply(fitted, 'date', [null])).toEqual([[...Array<number>(width - 1).fill(0), 1]]);
    const imputed = fit('date', cells, { impute: 'constant', fill: '2021-05-14', indicator: 'off' });
    const [missing, known] = apply(imputed, 'date', [null, '2021-05-14']);
    expect(missing).toEqual(known);
  });
});

describe('text', () => {
  test('words of several rows but not of all, the most common first', () => {
    const cells = ['a red car', 'a red bus', 'a blue car', 'a green tram'];
    expect(names(fit('text', cells))).toEqual(['x: car', 'x: red']);
    expect(names(fit('text', cells, { words: 1 }))).toEqual(['x: car']);
  });

  test('upper case, compatibility forms and scripts without spaces', () => {
    const fitted = fit('text', ['ÉTÉ ﬁn', 'été fin!', '東京タワー', '東京都', 'x']);
    expect(names(fitted)).toEqual(['x: fin', 'x: été', 'x: 東京']);
    const [first, second, third] = apply(fitted, 'text', ['Été', 'FIN (été)', '大東京']);
    expect(first).toEqual([0, 1, 0]);
    expect(second?.[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(third).toEqual([0, 0, 1]);
  });

  test('rows with no known word are all zero', () => {
    const fitted = fit('text', ['red car', 'red bus', 'blue car', null]);
    expect(apply(fitted, 'text', ['nothing known', '', null])).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });
});

describe('all columns of penguins', () => {
  const schema = schemaOf(PENGUIN_KINDS, 'Species');
  const fitter = new FeatureFitter(schema);
  fitter.add(penguins());
  const fitted = fitter.finish();

  test('features stand by role: numbers, then indicators', () => {
    expect(names(fitted)).toEqual([
      'Beak Length (mm)',
      'Beak Depth (mm)',
      'Flipper Length (mm)',
      'Body Mass (g)',
      'Island=Biscoe',
      'Island=Dream',
      'Island=Torgersen',
      'Beak Length (mm) missing',
      'Beak Depth (mm) missing',
      'Flipper Length (mm) missing',
      'Body Mass (g) missing',
      'Sex=.',
      'Sex=FEMALE',
      'Sex=MALE',
      'Sex missing',
    ]);
  });

  test('the target is no input', () => {
    expect(fitted.schema.columns.map(({ name }) => name)).not.toContain('Species');
    expect(fitted.schema.target).toBeNull();
  });

  test('a column that is not there is named, with the nearest one', () => {
    const table = rowsOf(penguins(), [0]);
    const renamed = new Map(
      [...table.columns].map(([name, column]) => [name === 'Sex' ? 'sex' : name, column]),
    );
    expect(() => fitted.transform({ rows: 1, columns: renamed })).toThrow(
      expect.objectContaining({
        code: 'COLUMN_NOT_FOUND',
        message: 'The model needs column "Sex", which is not in the data. Did you mean "sex"?',
      }) as Error,
    );
  });

  test('a column of text where numbers were learned is refused', () => {
    const table = rowsOf(penguins(), [0]);
    const wrong = new Map(table.columns).set('Body Mass (g)', columnOf('category', ['heavy']));
    expect(() => fitted.transform({ rows: 1, columns: wrong })).toThrow(
      expect.objectContaining({ code: 'COLUMN_VALUE' }) as Error,
    );
  });

  test('fitted features of another version or damaged ones are refused', () => {
    const json = fitted.toJSON();
    const code = (value: unknown): unknown => expect.objectContaining({ code: value });
    expect(() => loadFeatures({ ...json, format: 2 })).toThrow(code('ARTIFACT_INCOMPATIBLE'));
    expect(() => loadFeatures({ ...json, columns: [{ schema: {} }] })).toThrow(code('ARTIFACT_CORRUPT'));
    const [first] = json['columns'] as { schema: object; state: object }[];
    expect(() =>
      loadFeatures({
        ...json,
        columns: [{ ...first, state: { ...first?.state, version: 99 } }],
      } as ReturnType<typeof fitted.toJSON>),
    ).toThrow(code('ARTIFACT_INCOMPATIBLE'));
  });

  test('names stay apart where columns and levels would give the same', () => {
    const kinds = { a: 'category', 'a=b': 'category' } as const;
    const cells = new Map([
      ['a', columnOf('category', ['b=x', 'b=x', 'c', 'd'])],
      ['a=b', columnOf('category', ['x', 'x', 'c', 'd'])],
    ]);
    const both = new FeatureFitter(schemaOf(kinds));
    both.add({ rows: 4, columns: cells });
    const all = names(both.finish());
    expect(all).toContain('a=b=x');
    expect(all).toContain('a=b=x (2)');
    expect(new Set(all).size).toBe(all.length);
  });
});

test('nothing to learn from is said, with the reasons', () => {
  expect(() => fit('id', ['a', 'b'])).toThrow(
    expect.objectContaining({
      code: 'COLUMN_NOT_FOUND',
      message: 'No column is left to learn from (x: it is an identifier).',
      hint: expect.stringContaining('aimaas collect FILE --type "x=category"') as string,
    }) as Error,
  );
  expect(() => fit('number', [])).toThrow(expect.objectContaining({ code: 'TOO_FEW_ROWS' }) as Error);
});
