import { gzipSync } from 'node:zlib';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../../../src/sources/duckdb.js';
import type { NumberColumn } from '../../../src/core/table.js';
import { openRows } from '../../../src/sources/open.js';
import { tableFromRecords } from '../../../src/sources/records.js';
import { all, errorOf, plainRows, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

const ROWS = [
  { a: 1, b: 'x' },
  { a: 2.5, b: null },
  { a: null, b: 'zß' },
];

describe('the same table', () => {
  const csv = 'a,b\n1,x\n2.5,\n,zß\n';
  const json = JSON.stringify([{ a: 1, b: 'x' }, { a: 2.5 }, { b: 'zß', a: null }], null, 2);
  const lines = '{"a": 1, "b": "x"}\n\n{"a": 2.5}\r\n{"b": "zß", "a": null}';
  const cases: [string, string | Uint8Array][] = [
    ['plain.csv', csv],
    ['mark.csv', `\ufeff${csv}`],
    ['semicolon.csv', csv.replaceAll(',', ';')],
    ['tab.txt', csv.replaceAll(',', '\t')],
    ['tab.tsv', csv.replaceAll(',', '\t')],
    ['pipe.csv', csv.replaceAll(',', '|')],
    ['returns.csv', csv.replaceAll('\n', '\r\n')],
    ['old-mac.csv', csv.replaceAll('\n', '\r')],
    ['mixed-ends.csv', 'a,b\r\n1,x\n2.5,\r\n,zß\n'],
    ['no-last-end.csv', csv.trimEnd()],
    ['blank-lines.csv', `\n\n${csv.replaceAll('\n', '\n\n')}`],
    ['quoted.csv', '"a","b"\n"1","x"\n"2.5",""\n"","zß"\n'],
    ['spaces.csv', ' a , b \n 1 , x \n 2.5 , \n , "zß" \n'],
    ['packed.csv.gz', gzipSync(csv)],
    ['packed-without-saying.csv', gzipSync(csv)],
    ['wide.csv', Buffer.from(`\ufeff${csv}`, 'utf16le')],
    ['array.json', json],
    ['array-in-one-line.json', JSON.stringify(JSON.parse(json))],
    ['lines.jsonl', lines],
    ['lines.ndjson', lines],
    ['lines.json', lines],
    ['packed.jsonl.gz', gzipSync(lines)],
  ];
  for (const [name, content] of cases) {
    test(name, async () => {
      const path = await place.file(name, content);
      expect((await place.rows(path)).rows).toEqual(ROWS);
    });
  }

  test('Parquet', async () => {
    const path = join(place.path, 'table.parquet');
    await withDatabase(undefined, undefined, (database) =>
      database.run(
        `COPY (SELECT * FROM (VALUES (1::DOUBLE, 'x'), (2.5, NULL), ('nan'::DOUBLE, 'zß')) t(a, b)) TO '${path}' (FORMAT parquet)`,
      ),
    );
    expect((await place.rows(path)).rows).toEqual(ROWS);
  });

  for (const [name, content] of [
    ['csv', csv],
    ['jsonl', lines],
    ['json', json],
    ['csv.gz', gzipSync(csv)],
  ] as const) {
    test(`stdin with ${name}`, async () => {
      const { rows, result } = await place.rows('-', { stdin: Readable.from([Buffer.from(content)]) });
      expect(rows).toEqual(ROWS);
      expect(result.name).toBe('stdin');
      expect(result.sources[0]?.location).toBe('-');
    });
  }

  test('Latin-1 when told', async () => {
    const path = await place.file('latin.csv', Buffer.from(csv, 'latin1'));
    expect((await place.rows(path, { encoding: 'latin1' })).rows).toEqual(ROWS);
  });

  test('a delimiter that is not guessed', async () => {
    const path = await place.file('odd.csv', csv.replaceAll(',', '~'));
    expect((await place.rows(path, { delimiter: '~' })).rows).toEqual(ROWS);
  });
});

test('Parquet keeps its types: text of digits stays text, dates and booleans are known', async () => {
  const path = join(place.path, 'typed.parquet');
  await withDatabase(undefined, undefined, (database) =>
    database.run(
      `COPY (SELECT '0' || (i % 7) AS code, i > 3 AS flag, TIMESTAMP '2024-01-01 10:00:00' + INTERVAL (i) DAY AS at, ` +
        `CAST(i AS DECIMAL(9, 2)) AS price, 2 ** 62 + i AS big FROM range(30) t(i)) TO '${path}' (FORMAT parquet)`,
    ),
  );
  const { schema, rows } = await place.rows(path);
  expect(Object.fromEntries(schema.columns.map((column) => [column.name, column.kind]))).toEqual({
    code: 'category',
    flag: 'boolean',
    at: 'date',
    price: 'number',
    big: 'number',
  });
  expect(rows[4]).toMatchObject({ code: '04', flag: 1, at: Date.UTC(2024, 0, 5, 10), price: 4 });
});

describe('several files', () => {
  test('are one data set, in natural order, columns matched by name', async () => {
    await mkdir(join(place.path, 'parts'), { recursive: true });
    await place.file('parts/part-2.csv', 'a,b\n3,x\n');
    await place.file('parts/part-10.csv', 'b,a\ny,4\n');
    await place.file('parts/part-1.csv.gz', gzipSync('a,b\n1,z\n2,z\n'));
    const { rows, result } = await place.rows(join(place.path, 'parts', 'part-*'));
    expect(rows.map((row) => row['a'])).toEqual([1, 2, 3, 4]);
    expect(result.name).toBe('part');
    expect(result.sources.map((source) => source.format)).toEqual(['csv.gz', 'csv', 'csv']);
  });

  test('of different formats', async () => {
    const csv = await place.file('one.csv', 'a,b\n1,x\n');
    const lines = await place.file('two.jsonl', '{"b": "y", "a": 2}\n');
    expect((await place.rows([csv, lines])).rows).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });

  test('with braces and folders in the glob', async () => {
    await mkdir(join(place.path, 'deep', 'er'), { recursive: true });
    await place.file('deep/er/x.csv', 'a,b\n1,1\n');
    await place.file('deep/y.tsv', 'a\tb\n2\t2\n');
    const { rows } = await place.rows(join(place.path, 'deep', '**', '*.{csv,tsv}'));
    expect(rows).toHaveLength(2);
  });

  test('a file whose name looks like a glob is itself', async () => {
    const path = await place.file('data[1].csv', 'a,b\n1,2\n');
    expect((await place.rows(path)).rows).toEqual([{ a: 1, b: 2 }]);
  });
});

describe('columns', () => {
  test('with any name', async () => {
    const names = [
      'a "quoted" name',
      "it's",
      'spä ce',
      '😀',
      'select',
      'A',
      'a',
      'x;--',
      'ctrl\ttab',
      'back\\slash',
      '%s',
    ];
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const path = await place.file('names.csv', `${header}\n${names.map((_, i) => i).join(',')}\n`);
    const { schema, rows } = await place.rows(path, { target: '😀' });
    expect(schema.columns.map((column) => column.name)).toEqual(names);
    const row = Object.fromEntries(names.map((name, i) => [name, name === '😀' ? String(i) : i]));
    expect(rows).toEqual([row]);
  });

  test('with the same name, or none, get one', async () => {
    const path = await place.file('same.csv', 'x,,x,x_2, \n1,2,3,4,5\n');
    const { schema, result } = await place.rows(path);
    expect(schema.columns.map((column) => column.name)).toEqual(['x', 'column_2', 'x_3', 'x_2', 'column_5']);
    expect(result.warnings.map((warning) => warning.code)).toContain('DUPLICATE_NAME');
    expect(result.warnings.map((warning) => warning.code)).toContain('EMPTY_NAME');
  });

  test('one alone, with blank lines and quoted empty cells', async () => {
    const path = await place.file('single.csv', 'a\n1\n\n3\n""\n');
    expect((await place.rows(path)).rows).toEqual([{ a: 1 }, { a: 3 }, { a: null }]);
  });

  test('that only later objects of a JSON file have', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) =>
      JSON.stringify({ a: i * 1.5, text: 'x'.repeat(20) }),
    );
    const path = await place.file('late.jsonl', [...many, '{"a": -1, "late": 7}'].join('\n'));
    const { rows } = await place.rows(path);
    expect(rows[0]).toMatchObject({ a: 0, late: null });
    expect(rows[20_000]).toEqual({ a: -1, text: null, late: 7 });
  });

  test('nested JSON values are kept as JSON text', async () => {
    const path = await place.file(
      'nested.jsonl',
      '{"a": {"b": [1, "x"]}, "c": true}\n{"a": [], "c": false}\n',
    );
    expect((await place.rows(path)).rows).toEqual([
      { a: '{"b":[1,"x"]}', c: 1 },
      { a: '[]', c: 0 },
    ]);
  });

  test('hundreds of them', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `f${i}`);
    const row = (k: number): string => names.map((_, i) => i * k).join(',');
    const path = await place.file('wide-table.csv', `${names.join(',')}\n${row(1)}\n${row(2)}\n`);
    const { rows } = await place.rows(path);
    expect(rows[1]?.['f299']).toBe(598);
  });
});

test('a row longer than DuckDB takes by itself', async () => {
  const long = 'x'.repeat(3_000_000);
  const path = await place.file('long-row.csv', `a,b\n1,${long}\n2,y\n`);
  const { rows } = await place.rows(path);
  expect(rows[0]?.['b']).toHaveLength(3_000_000);
});

test('infinite numbers are missing, and numbers beyond 2^53 are kept to the digit', async () => {
  const path = await place.file(
    'extreme.csv',
    'a,b,c\n1e400,9007199254740993,1e300\n-inf,9007199254740993,-1e300\n5,12,0\n',
  );
  const { rows } = await place.rows(path);
  expect(rows).toEqual([
    { a: null, b: '9007199254740993', c: 1e300 },
    { a: null, b: '9007199254740993', c: -1e300 },
    { a: 5, b: '12', c: 0 },
  ]);
});

test('rejects are kept with file, line, column, value and reason', async () => {
  const path = await place.file(
    'bad.csv',
    `a,b\n1,x\n2\n3,y,z\n"open" quote,1\n4,w\n${'5,v\n'.repeat(30)}oops,q\n6,"multi\nline"\n7\n`,
  );
  const { result, rows } = await place.rows(path, { onBadRow: 'skip', type: ['a=number'] });
  expect(result.rejectedRows).toBe(5);
  expect(rows).toHaveLength(33);
  const kept = (await readFile(result.rejects ?? '', 'utf8')).trim().split('\n').slice(1);
  expect(kept.map((line) => line.split(',').slice(1, 4).join(','))).toEqual([
    '3,,',
    '4,,',
    '5,,',
    '37,a,oops',
    '40,,',
  ]);
});

describe('numbers with commas', () => {
  const values = Array.from({ length: 60 }, (_, i) => (i % 7 === 0 ? 1234.5 : i / 8));
  const german = (value: number): string => value.toLocaleString('de-DE', { maximumFractionDigits: 3 });
  const text = `id;price;kind\n${values.map((value, i) => `${i};${german(value)};k${i % 3}`).join('\n')}\n`;

  test('are warned of, with the option that reads them', async () => {
    const { result } = await place.rows(await place.file('prices.csv', text), { target: 'price' });
    expect(result.warnings).toContainEqual({
      code: 'DECIMAL_COMMA',
      column: 'price',
      message: 'looks like numbers with a decimal comma; --decimal , reads them as numbers',
    });
    const thousands = values.map((_, i) => `"${(1000 * i + i).toLocaleString('en-US')}",${i / 3}`);
    const path = await place.file('thousands.csv', `price,n\n${thousands.join('\n')}\n`);
    expect((await place.rows(path)).result.warnings.map(({ message }) => message)).toContain(
      'looks like numbers with commas: --decimal , reads 1,234 as 1.234, and --decimal . as 1234',
    );
    const read = await place.rows(path, { decimal: '.' });
    expect(read.rows.slice(0, 3).map((row) => row['price'])).toEqual([0, 1001, 2002]);
  });

  test('are numbers with --decimal, in later files too, where JSON numbers are what they are', async () => {
    const path = await place.file('prices.csv', text);
    const { rows, schema } = await place.rows(path, { target: 'price', decimal: ',' });
    expect(schema.columns.map(({ kind }) => kind)).toEqual(['id', 'number', 'category']);
    expect(rows.map((row) => row['price'])).toEqual(values);
    const read = async (file: string): Promise<unknown[]> =>
      plainRows(await all(openRows([file], { schema, optional: [] }))).map((row) => row['price']);
    expect(await read(path)).toEqual(values);
    const json = values.map((price, i) => JSON.stringify({ id: i, price, kind: 'k1' }));
    expect(await read(await place.file('prices.jsonl', json.join('\n')))).toEqual(values);
    const records = [1.234, '1.234', '1.234,5'].map((price) => ({ id: 1, price, kind: 'k1' }));
    const { columns } = tableFromRecords(schema, records);
    expect([...(columns.get('price') as NumberColumn).values]).toEqual([1.234, 1234, 1234.5]);
  });

  test('a cell in another notation is named, and rows checked one by one keep their numbers', async () => {
    const path = await place.file('odd.csv', `${text}60;12.34;k1\n`);
    const error = await errorOf(place.collect(path, { decimal: ',' }));
    expect(error).toMatchObject({ code: 'BAD_ROW' });
    expect(error.message).toContain('"12.34" is not a number');
    const { rows } = await place.rows(path, { decimal: ',', onBadRow: 'skip' });
    expect(rows.map((row) => row['price'])).toEqual(values);
  });

  test('other formats have no decimal sign', async () => {
    const path = await place.file('x.jsonl', '{"a": 1}\n{"a": 2}\n');
    expect(await errorOf(place.collect(path, { decimal: ',' }))).toMatchObject({ code: 'USAGE' });
  });
});

test('an encoding is the same by any of its names', async () => {
  const path = await place.file('umlaut.csv', Buffer.from('a,b\n\u00fc,1\n\u00e4,2\n', 'latin1'));
  const first = await place.collect(path, { encoding: 'latin1' });
  expect((await place.collect(path, { encoding: 'latin-1' })).id).toBe(first.id);
});
