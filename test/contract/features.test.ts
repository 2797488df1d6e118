import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.js';
import { type Column, type ColumnKind, stringColumn, type Table, takeRows } from '../../src/core/table.js';
import { DEFAULT_CHOICES, type ColumnChoices } from '../../src/features/choices.js';
import { FEATURE_KINDS, fitFeatures, loadFeatures } from '../../src/features/index.js';
import { type Cell, columnOf, columnSchema } from '../helpers/tables.js';

/** Cells of each kind in which every level, part and word occurs with others. */
const ORDINARY: Record<ColumnKind, readonly Cell[]> = {
  number: [3, 1.5, -2, 0, 8, 1.5, 100, 7],
  category: ['b', 'a', 'c', 'a', 'ß', 'b', '日本', 'a'],
  boolean: [true, false, true, true, false, true, false, false],
  date: [
    '2020-02-29T12:30:00Z',
    '1969-12-31T23:59:59Z',
    '2024-03-01',
    '2000-01-01',
    '1999-06-15T06:00:00Z',
    '2020-02-29',
    '2031-11-11',
    '2024-03-03',
  ],
  text: [
    'the quick brown fox',
    'the lazy dog',
    'a quick dog barks',
    'Straße über Straße',
    'quick über',
    '日本語の文章',
    '日本',
    'lazy fox',
  ],
  id: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8'],
};

const NASTY: Record<ColumnKind, readonly Cell[]> = {
  number: [Infinity, -Infinity, 1e308, -1e308, 5e-324, -0, null, NaN],
  category: ['', ' ', 'never seen', '__proto__', 'a'.repeat(10_000), '\u0000', null, 'constructor'],
  boolean: [true, null, false, null, true, true, true, true],
  date: [8.64e15, -8.64e15, Infinity, -Infinity, 1e308, null, 0, -1],
  text: ['', '!!! ???', '__proto__ constructor', 'word '.repeat(5000), null, '\ud800', '🙂🙂', 'THE Quick'],
  id: ['', '__proto__', null, 'x', 'y', 'z', '1', '2'],
};

/** Every choice that a kind can be given. */
const CHOICES: Record<ColumnKind, readonly Partial<ColumnChoices>[]> = {
  number: [
    {},
    { scale: 'min_max' },
    { scale: 'min_max', outliers: 'clip' },
    { scale: 'robust' },
    { scale: 'quantile' },
    { scale: 'l2' },
    { scale: 'none' },
    { scale: 'none', outliers: 'clip' },
    { outliers: 'none', impute: 'mean' },
    { impute: 'most_frequent', indicator: 'off' },
    { impute: 'constant', fill: '-1' },
    { impute: 'drop' },
  ],
  category: [
    {},
    { encode: 'onehot' },
    { encode: 'embedding' },
    { minFrequency: 2 },
    { minFrequency: 0.3, encode: 'embedding' },
    { impute: 'most_frequent' },
    { impute: 'constant', fill: 'b', encode: 'embedding' },
    { impute: 'constant', fill: 'never seen', minFrequency: 2 },
    { impute: 'drop' },
  ],
  boolean: [{}, { impute: 'most_frequent' }, { impute: 'constant', fill: 'true' }, { indicator: 'off' }],
  date: [{}, { impute: 'median' }, { impute: 'mean' }, { impute: 'constant', fill: '2001-09-09' }],
  text: [{}, { words: 3 }, { indicator: 'off' }],
  id: [{}],
};

function one(kind: ColumnKind, cells: readonly Cell[]): Table {
  return { rows: cells.length, columns: new Map([['x', columnOf(kind, cells)]]) };
}

/** A column of another kind beside, so that a column that gives no feature still can be fitted. */
function withOther(table: Table): Table {
  const values = Float64Array.from({ length: table.rows }, (_, row) => row);
  return { ...table, columns: new Map([...table.columns, ['other', { storage: 'number', values }]]) };
}

function schemaFor(kind: ColumnKind): Parameters<typeof fitFeatures>[0] {
  return { columns: [columnSchema('x', kind), columnSchema('other', 'number')], target: null };
}

function copyOf(table: Table): unknown {
  return structuredClone([...table.columns]);
}

for (const { kind } of FEATURE_KINDS) {
  describe(`kind ${kind}`, () => {
    describe.each(CHOICES[kind])('with %j', (choice) => {
      const choices = { x: { ...DEFAULT_CHOICES, ...choice } };
      const schema = schemaFor(kind);
      const fit = (...tables: Table[]): ReturnType<typeof fitFeatures> =>
        fitFeatures(schema, tables.map(withOther), choices);
      const apply = (fitted: Awaited<ReturnType<typeof fit>>, cells: readonly Cell[]): Float32Array =>
        fitted.transform(withOther(one(kind, cells)));
      const missingToo = [...ORDINARY[kind], null, null];

      test('fitting twice gives the same, whatever the chunks and the order of rows', async () => {
        const cells = missingToo;
        const whole = (await fit(one(kind, cells))).toJSON();
        expect((await fit(one(kind, cells))).toJSON()).toEqual(whole);
        // The other column depends on the row, so it is the same only where the rows are.
        const column = (json: Json): unknown =>
          (json as { columns: { schema: { name: string } }[] }).columns.filter(
            ({ schema: { name } }) => name === 'x',
          );
        const reversed = await fit(one(kind, [...cells].reverse()));
        expect(column(reversed.toJSON())).toEqual(column(whole));
        const pieces = await fit(one(kind, cells.slice(0, 3)), one(kind, []), one(kind, cells.slice(3)));
        expect(column(pieces.toJSON())).toEqual(column(whole));
      });

      test('leaves its input as it was', async () => {
        const table = withOther(one(kind, [...missingToo, ...NASTY[kind]]));
        const before = copyOf(table);
        (await fitFeatures(schema, [table], choices)).transform(table);
        expect(copyOf(table)).toEqual(before);
      });

      test('JSON keeps it as it is', async () => {
        const fitted = await fit(one(kind, missingToo));
        const text = JSON.stringify(fitted.toJSON());
        const loaded = loadFeatures(JSON.parse(text) as ReturnType<typeof fitted.toJSON>);
        expect(JSON.stringify(loaded.toJSON())).toBe(text);
        expect(loaded.layout).toEqual(fitted.layout);
        const cells = [...missingToo, ...NASTY[kind]];
        expect(apply(loaded, cells)).toEqual(apply(fitted, cells));
      });

      test('gives finite features of the width of its layout for any cells', async () => {
        const fitted = await fit(one(kind, missingToo));
        for (const cells of [[], [null], ORDINARY[kind], NASTY[kind]]) {
          const matrix = apply(fitted, cells);
          expect(matrix).toHaveLength(cells.length * fitted.layout.length);
          expect(matrix.every(Number.isFinite)).toBe(true);
        }
        fitted.layout.forEach((feature, at) => {
          if (feature.role !== 'code') return;
          const codes = apply(fitted, [...missingToo, ...NASTY[kind]]).filter(
            (_, i) => i % fitted.layout.length === at,
          );
          expect(
            codes.every((code) => Number.isInteger(code) && code >= 0 && code < feature.cardinality),
          ).toBe(true);
        });
      });

      test('each row is on its own', async () => {
        const fitted = await fit(one(kind, missingToo));
        const cells = [...missingToo, ...NASTY[kind]];
        const together = apply(fitted, cells);
        const width = fitted.layout.length;
        const table = withOther(one(kind, cells));
        cells.forEach((_, row) => {
          const picked = Int32Array.of(row);
          const columns = new Map(
            [...table.columns].map(([name, column]) => [name, takeRows(column, picked)]),
          );
          expect(fitted.transform({ rows: 1, columns })).toEqual(
            together.slice(row * width, (row + 1) * width),
          );
        });
      });

      test.each([
        ['constant', [ORDINARY[kind][0] ?? null, ORDINARY[kind][0] ?? null]],
        ['one cell', [ORDINARY[kind][0] ?? null]],
        ['all missing', [null, null, null]],
        ['nasty', NASTY[kind]],
      ] as const)('can be fitted on %s cells', async (_name, cells) => {
        const table: Table = withOther(one(kind, cells));
        // One more row with another number keeps the other column from being constant.
        const more = withOther(one(kind, [cells[0] ?? null, cells[0] ?? null]));
        const fitted = await fitFeatures(schema, [table, more], choices);
        expect(apply(fitted, [...cells, ...ORDINARY[kind], ...NASTY[kind]]).every(Number.isFinite)).toBe(
          true,
        );
      });
    });

    test('a constant or an all-missing column is left out with a reason', async () => {
      for (const cells of [Array<Cell>(4).fill(ORDINARY[kind][0] ?? null), Array<Cell>(4).fill(null)]) {
        const fitted = await fitFeatures(schemaFor(kind), [withOther(one(kind, cells))]);
        expect(fitted.layout.map(({ source }) => source)).toEqual(['other']);
        expect(fitted.leftOut).toEqual([{ column: 'x', reason: expect.stringMatching(/\w/) as string }]);
        expect(fitted.schema.columns.map(({ name }) => name)).toEqual(['other']);
        expect(loadFeatures(fitted.toJSON()).leftOut).toEqual(fitted.leftOut);
      }
    });

    test('fitted state does not depend on which dictionary the strings are in', async () => {
      if (kind !== 'category' && kind !== 'text') return;
      const cells = ORDINARY[kind].map((cell) => String(cell));
      const own = stringColumn(cells);
      const shared: Column = {
        storage: 'string',
        dictionary: ['not used', ...own.dictionary, ...Array.from({ length: 50 }, (_, i) => `other ${i}`)],
        codes: own.codes.map((code) => code + 1),
      };
      const table = (column: Column): Table =>
        withOther({ rows: cells.length, columns: new Map([['x', column]]) });
      const a = await fitFeatures(schemaFor(kind), [table(own)]);
      const b = await fitFeatures(schemaFor(kind), [table(shared)]);
      expect(b.toJSON()).toEqual(a.toJSON());
      expect(a.transform(table(shared))).toEqual(a.transform(table(own)));
    });
  });
}
