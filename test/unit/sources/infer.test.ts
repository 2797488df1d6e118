import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Database } from '../../../src/sources/duckdb.js';
import { Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

/** Collects one column of cells (beside a counter, so that blank cells are no blank lines). */
async function kindOf(cells: readonly string[], options: { target?: boolean; name?: string } = {}) {
  const name = options.name ?? 'x';
  const quoted = cells.map((cell, i) => `"${cell.replaceAll('"', '""')}",${i * 1.5}`);
  const path = await place.file('column.csv', `${name},n\n${quoted.join('\n')}\n`);
  const { schema } = await place.rows(path, options.target === true ? { target: name } : {});
  const column = schema.columns[0];
  return `${column?.kind} ${column?.dataType}${column?.dateFormat === undefined ? '' : ` ${column.dateFormat}`}`;
}

function repeat(cells: readonly string[], rows = 60): string[] {
  return Array.from({ length: rows }, (_, i) => cells[(i * 7) % cells.length] as string);
}

const range = (n: number, f: (i: number) => string): string[] => Array.from({ length: n }, (_, i) => f(i));

describe('the kind of a column', () => {
  const cases: [string, readonly string[], string][] = [
    ['decimals', range(60, (i) => String(i / 7)), 'number float'],
    ['whole numbers', range(60, (i) => String((i * 37) % 53)), 'number integer'],
    ['whole numbers of few values', repeat(['1', '2', '3']), 'number integer'],
    ['whole numbers with gaps', range(60, (i) => (i % 3 === 0 ? 'NA' : String(i * 11))), 'number integer'],
    ['0 and 1', repeat(['0', '1', '1', 'na']), 'boolean integer'],
    ['0 and a rare 1: a count, of which a 2 may come', [...repeat(['0'], 99), '1'], 'number integer'],
    ['0.0 and 1.0: a measure', repeat(['0.0', '1.0']), 'number integer'],
    ['1 and 2', repeat(['1', '2']), 'number integer'],
    ['true and false', repeat(['True', 'FALSE', '']), 'boolean boolean'],
    ['yes and no', repeat(['yes', 'No']), 'boolean boolean'],
    ['y and n', repeat(['y', 'n']), 'category string'],
    ['None is a value', repeat(['None', 'a', 'b']), 'category string'],
    ['words', repeat(['red', 'green', 'blue']), 'category string'],
    ['codes with zeros in front', repeat(['08123', '00501', '10001']), 'category string'],
    ['codes with zeros in front, all different', range(60, (i) => `0${1000 + i * 7}`), 'category string'],
    ['tokens that are all different', range(60, (i) => `K-${i}`), 'id string'],
    ['numbers beyond 2^53', range(60, (i) => `90071992547409${1000 + i}`), 'id string'],
    ['row numbers', range(60, (i) => String(i + 1)), 'id integer'],
    ['row numbers as decimals', range(60, (i) => `${i}.0`), 'number integer'],
    ['years in sequence are no row numbers', range(60, (i) => String(1960 + i)), 'number integer'],
    ['sentences', range(60, (i) => `the ${i} fox jumps over dog number ${i * 3}`), 'text string'],
    ['ISO dates', range(60, (i) => `2020-02-${String((i % 28) + 1).padStart(2, '0')}`), 'date date iso'],
    ['times with zones', range(60, (i) => `2020-02-03T10:${10 + (i % 50)}:00+02:00`), 'date date iso'],
    ['days of 31 first', range(60, (i) => `${(i % 28) + 1}/2/2020`), 'date date day/month/year'],
    ['days of 31 second', range(60, (i) => `2/${(i % 28) + 1}/2020`), 'date date month/day/year'],
    ['German dates', range(60, (i) => `${(i % 12) + 1}.2.2020`), 'date date day-month-year'],
    ['months by name', repeat(['Jan-2018', 'Feb-2018', 'Mar-2018']), 'date date month-name year'],
    ['dates in words', repeat(['March 5, 2018', 'Apr 17, 2019']), 'date date month-name day year'],
    [
      'dates with stand-ins',
      [...repeat(['9999-12-31', '0001-01-01'], 90), ...range(30, (i) => `2020-02-${10 + (i % 18)}`)],
      'date date iso',
    ],
    [
      'part numbers that could be far dates',
      range(60, (i) => `${4000 + ((i * 977) % 5000)}-12-0${1 + (i % 9)}`),
      'id string',
    ],
    ['nothing at all', repeat(['', 'NA']), 'category string'],
    ['yyyymmdd is a number unless told', repeat(['20180105', '20180106']), 'number integer'],
  ];
  for (const [name, cells, kind] of cases) {
    test(name, async () => {
      expect(await kindOf(cells)).toBe(kind);
    });
  }

  test('a name can make a number an id', async () => {
    const cells = range(30, (i) => String(1000 + ((i * 7919) % 9973)));
    expect(await kindOf(cells, { name: 'customer_id' })).toBe('id integer');
    expect(await kindOf(cells, { name: 'PassengerId' })).toBe('id integer');
    expect(await kindOf(cells, { name: 'paid' })).toBe('number integer');
  });
});

describe('the kind of a target', () => {
  const cases: [string, readonly string[], string][] = [
    ['two numbers', repeat(['0', '1']), 'category integer'],
    ['two numbers with decimal points', repeat(['0.0', '1.0']), 'category integer'],
    ['-1 and 1', repeat(['-1', '1']), 'category integer'],
    ['three whole numbers', repeat(['0', '1', '2']), 'category integer'],
    ['ten whole numbers in many rows', repeat(range(10, String), 400), 'category integer'],
    ['ten whole numbers in few rows are a quantity', repeat(range(10, String), 60), 'number integer'],
    ['few whole numbers written as decimals are a quantity', repeat(['5.0', '6.0', '7.0']), 'number integer'],
    ['thirty whole numbers', repeat(range(30, String), 2000), 'number integer'],
    ['decimals', repeat(range(40, (i) => String(i / 3))), 'number float'],
    ['yes and no keep their words', repeat(['yes', 'no']), 'category string'],
    ['tokens that are all different are classes still', range(60, (i) => `K-${i}`), 'category string'],
    ['codes with zeros in front', repeat(['01', '02']), 'category string'],
  ];
  for (const [name, cells, kind] of cases) {
    test(name, async () => {
      expect(await kindOf(cells, { target: true })).toBe(kind);
    });
  }

  test('sorted by class in a long file, a quantity is still seen', async () => {
    const rows = range(130_000, (i) => `${Math.floor(i / 2000)},${i % 10}`);
    const path = await place.file('sorted.csv', `y,x\n${rows.join('\n')}\n`);
    const result = await place.collect(path, { target: 'y' });
    expect(result.task).toBe('regression');
  });
});

test('kinds can be chosen', async () => {
  const cells = repeat(['20180105', '20180206'], 30).map((cell, i) => `${cell},${i % 2},${i},0${i % 3}`);
  const path = await place.file('chosen.csv', `day,flag,n,zip\n${cells.join('\n')}\n`);
  const { schema, rows } = await place.rows(path, {
    type: ['day=date', 'flag=category', 'n=text', 'zip=number'],
    target: 'flag',
  });
  expect(schema.columns.map(({ kind, dateFormat }) => [kind, dateFormat])).toEqual([
    ['date', 'yyyymmdd'],
    ['category', undefined],
    ['text', undefined],
    ['number', undefined],
  ]);
  expect(rows[0]).toEqual({ day: Date.UTC(2018, 0, 5), flag: '0', n: '0', zip: 0 });
});

test('many columns are looked at together, and come out as they do alone', async () => {
  const kinds = [
    (i: number) => String(i / 7),
    (i: number) => ['red', 'green', ''][i % 3] ?? '',
    (i: number) => `2021-03-${10 + (i % 20)}`,
    (i: number) => (i % 2 === 0 ? 'yes' : 'no'),
    (i: number) => `${(i % 28) + 1}/2/2020`,
  ];
  const columns = range(500, (i) => `x${i}`);
  const lines = range(40, (row) =>
    columns.map((_, i) => kinds[i % 5]?.(row + Math.floor(i / 5)) ?? '').join(','),
  );
  const path = await place.file('wide.csv', `${[columns.join(','), ...lines].join('\n')}\n`);
  const asked = vi.spyOn(Database.prototype, 'rows');
  await place.collect(path);
  expect(asked.mock.calls.length).toBeLessThan(100);
  asked.mockRestore();
  const { result, schema } = await place.rows(path);
  for (const [i, { kind, dateFormat }] of schema.columns.entries()) {
    const expected = ['number', 'category', 'date iso', 'boolean', 'date day/month/year'][i % 5];
    expect(dateFormat === undefined ? kind : `${kind} ${dateFormat}`).toBe(expected);
  }
  const alone = await place.rows(path, { only: ['x5', 'x6', 'x7'] });
  expect(alone.result.columns).toEqual(result.columns.slice(5, 8));
});
