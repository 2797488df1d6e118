import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnSchema } from '../../../src/core/table.js';
import { errorOf, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

/** More rows than kinds are inferred from. */
const HEAD = 20_500;

/** A CSV of columns whose cells are those of `head`, and then those of `late`. */
function table(
  columns: Record<string, { head: (row: number) => unknown; late: readonly unknown[] }>,
): string {
  const names = Object.keys(columns);
  const late = Math.max(...Object.values(columns).map((column) => column.late.length));
  const rows = Array.from({ length: HEAD + late }, (_, row) =>
    Object.values(columns)
      .map(({ head, late: cells }) => String(row < HEAD ? head(row) : cells[(row - HEAD) % cells.length]))
      .join(','),
  );
  return `${names.join(',')}\n${rows.join('\n')}\n`;
}

/** The column `x` of which only the last rows show what it is, beside a column of no interest. */
async function late(
  head: (row: number) => unknown,
  cells: readonly unknown[],
  options: Parameters<Playground['rows']>[1] = {},
): Promise<{ column: ColumnSchema; cells: unknown[]; warnings: readonly string[] }> {
  const content = table({ x: { head, late: cells }, other: { head: (i) => `w${i % 7}`, late: ['w'] } });
  const { rows, schema, result } = await place.rows(await place.file('late.csv', content), options);
  const column = schema.columns.find(({ name }) => name === 'x');
  if (column === undefined) throw new Error('There is no column x.');
  return {
    column,
    cells: rows.slice(HEAD).map(({ x }) => x),
    warnings: result.warnings.filter((each) => each.column === 'x').map(({ code }) => code),
  };
}

describe('what a column is shows in late rows', () => {
  test('whole numbers, and then fractions', async () => {
    const { column, cells } = await late((i) => i % 90, [1, 2.5]);
    expect(column).toMatchObject({ kind: 'number', dataType: 'float' });
    expect(column.reason).not.toContain('whole');
    expect(cells).toEqual([1, 2.5]);
  });

  test('whole numbers to the end', async () => {
    const { column } = await late((i) => i % 90, [1, '2.0', '', -7]);
    expect(column).toMatchObject({ kind: 'number', dataType: 'integer' });
  });

  test('whole numbers, and then some that no double holds', async () => {
    const { column, cells } = await late((i) => i % 90, ['9007199254740993']);
    expect(column.dataType).toBe('string');
    expect(cells).toEqual(['9007199254740993']);
  });

  test.each(['00501', '-007', ' 08'])('numbers, and then codes with zeros in front: %j', async (code) => {
    const { column, cells } = await late((i) => 10_000 + (i % 90), [code, 501]);
    expect(column).toMatchObject({ kind: 'category', dataType: 'string' });
    expect(cells).toEqual([code.trim(), '501']);
  });

  test('zeros, fractions below one and negative numbers are no codes', async () => {
    const { column, cells } = await late((i) => i % 90, [0, '0.5', '-0.25', '00', -3]);
    expect(column).toMatchObject({ kind: 'number', dataType: 'float' });
    expect(cells).toEqual([0, 0.5, -0.25, 0, -3]);
  });

  test.each([
    ['007', ['007', '7']],
    ['1.0', ['1', '7']],
    ['x1', ['x1', '7']],
  ])('labels that are whole numbers, and then %j', async (label, labels) => {
    const { cells } = await late((i) => i % 90, [label, 7], { type: ['x=category'] });
    expect(cells).toEqual(labels);
  });

  test('numbers of the rows that begin anew', async () => {
    const { column } = await late((i) => i + 1, [1, 2, 3]);
    expect(column).toMatchObject({ kind: 'number', dataType: 'integer' });
  });

  test('names that come again', async () => {
    const again = Array.from({ length: 2000 }, (_, i) => `customer-${i}`);
    expect((await late((i) => `customer-${i}`, again)).column.kind).toBe('category');
    expect((await late((i) => `customer-${i}`, ['new'])).column.kind).toBe('id');
  });

  test('two classes that turn out to be a quantity', async () => {
    const values = Array.from({ length: 50 }, (_, i) => i / 8);
    const { column } = await late((i) => (i % 2 === 0 ? 0.5 : 1.5), values, { target: 'x' });
    expect(column).toMatchObject({ kind: 'number', dataType: 'float' });
  });

  test('days and months that could be either way round, until one cannot', async () => {
    const { column, cells, warnings } = await late((i) => `0${1 + (i % 9)}/02/2020`, ['13/02/2020']);
    expect(column).toMatchObject({ kind: 'date', dateFormat: 'day/month/year' });
    expect(cells).toEqual([Date.UTC(2020, 1, 13)]);
    expect(warnings).not.toContain('AMBIGUOUS_DATE');
  });

  test.each([
    [
      'yes and no, and then another word',
      (i: number) => (i % 2 === 0 ? 'yes' : 'no'),
      'maybe',
      'category',
      'maybe',
    ],
    ['0 and 1, and then 2', (i: number) => i % 2, '2', 'number', 2],
    ['nothing, and then dates', () => '', '2020-01-31', 'date', Date.UTC(2020, 0, 31)],
  ])('%s', async (_, head, cell, kind, value) => {
    const { column, cells } = await late(head, [cell]);
    expect(column.kind).toBe(kind);
    expect(cells).toEqual([value]);
  });
});

test.each([
  ['numbers', (i: number) => i % 90, 'unknown'],
  ['dates', (i: number) => `2020-01-0${1 + (i % 9)}`, '31/31/2020'],
])('a late cell that does not fit %s is named, with what to do', async (_, head, cell) => {
  const content = table({ x: { head, late: [cell] }, other: { head: () => 'w', late: ['w'] } });
  const error = await errorOf(place.collect(await place.file('misfit.csv', content)));
  expect(error).toMatchObject({ code: 'BAD_ROW', details: { line: HEAD + 2, column: 'x', value: cell } });
  expect(error.hint).toContain('--type x=category');
});

test('rows are left out for what all rows say, not the first alone', async () => {
  const content = table({
    // A bad cell among the first rows, and a column of which only the late rows show that it is no number.
    x: { head: (i) => (i === 5 ? 'oops' : i % 90), late: [1] },
    y: { head: (i) => i % 70, late: Array.from({ length: 5000 }, (_, i) => `word${i % 9}`) },
  });
  const { result, schema } = await place.rows(await place.file('both.csv', content), { onBadRow: 'skip' });
  expect(schema.columns.map(({ kind }) => kind)).toEqual(['number', 'category']);
  expect(result.rejectedRows).toBe(1);
  expect(await readFile(result.rejects ?? '', 'utf8')).toContain('oops');
});
