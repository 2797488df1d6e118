import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataSchema } from '../../../src/core/table.js';
import { withDatabase } from '../../../src/sources/duckdb.js';
import { openRows } from '../../../src/sources/open.js';
import { tableFromRecords } from '../../../src/sources/records.js';
import type { RowProblem } from '../../../src/sources/source.js';
import { all, errorOf, plainRows, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

const column = { reason: '', dataType: 'string' };
const schema: DataSchema = {
  columns: [
    { ...column, name: 'age', kind: 'number', dataType: 'float', missing: ['?'] },
    { ...column, name: 'city', kind: 'category' },
    { ...column, name: 'code', kind: 'category', dataType: 'integer' },
    { ...column, name: 'member', kind: 'boolean' },
    { ...column, name: 'since', kind: 'date', dateFormat: 'day/month/year' },
    { ...column, name: 'y', kind: 'category' },
  ],
  target: 'y',
};
const ROWS = [
  { age: 31, city: 'Ulm', code: '7', member: 1, since: Date.UTC(2020, 1, 1), y: null },
  { age: null, city: null, code: 'x', member: null, since: null, y: null },
];
const CSV = 'extra,age,city,code,member,since\n1,31,Ulm,7.0,yes,1/2/2020\n2,?,NA,x,,\n';

describe('openRows', () => {
  test('types the rows of a CSV by the schema, without its target, whatever else is there', async () => {
    const path = await place.file('new.csv', CSV);
    expect(plainRows(await all(openRows([path], { schema })))).toEqual(ROWS);
  });

  test('takes a column that stands there twice only where the data it was trained on had it twice', async () => {
    const path = await place.file('twice.csv', CSV.replace('extra', 'age'));
    const error = await errorOf(all(openRows([path], { schema })));
    expect([error.code, error.message]).toEqual([
      'SOURCE_FORMAT',
      `${path} has 2 columns "age" (columns 1 and 2), so it is not known which is meant.`,
    ]);
    const both = {
      ...schema,
      columns: [...schema.columns, { ...column, name: 'age_2', kind: 'category' as const }],
    };
    const [first] = plainRows(await all(openRows([path], { schema: both })));
    expect(first).toMatchObject({ age: 1, age_2: '31' });
    const other = await place.file('other.csv', CSV.replace('extra', 'z,z').replace(/^(\d)/gm, '$1,$1'));
    expect(plainRows(await all(openRows([other], { schema })))).toEqual(ROWS);
  });

  test('reads stdin, gzipped stdin and JSON Lines alike', async () => {
    const lines =
      '{"age": 31, "city": "Ulm", "code": 7, "member": true, "since": "1/2/2020"}\n{"age": "?", "code": "x"}\n';
    for (const content of [Buffer.from(CSV), gzipSync(CSV), Buffer.from(lines)]) {
      // Bytes one by one: a stream may break anywhere, also inside a character.
      const pieces = Array.from(content, (_, i) => content.subarray(i, i + 1));
      const tables = await all(openRows(['-'], { schema, stdin: Readable.from(pieces) }));
      expect(plainRows(tables)).toEqual(ROWS);
    }
  });

  test('gives tables of the size asked for, in order, from small files, large files and Parquet', async () => {
    const numbers: DataSchema = {
      columns: [
        { ...column, name: 'n', kind: 'number', dataType: 'integer' },
        { ...column, name: 'text', kind: 'text' },
      ],
      target: null,
    };
    const line = (i: number): string => `${i},"row ${i}${' and so on'.repeat(8)}"`;
    const small = await place.file(
      'small.csv',
      `n,text\n${Array.from({ length: 2500 }, (_, i) => line(i)).join('\n')}\n`,
    );
    const many = Array.from({ length: 120_000 }, (_, i) => line(i)).join('\n');
    const large = await place.file('large.csv', `n,text\n${many}\n`);
    const parquet = join(place.path, 'rows.parquet');
    await withDatabase(undefined, undefined, (database) =>
      database.run(
        `COPY (SELECT i AS n, 'row ' || i AS text FROM range(2500) t(i)) TO '${parquet}' (FORMAT parquet)`,
      ),
    );
    for (const [path, rows] of [
      [small, 2500],
      [large, 120_000],
      [parquet, 2500],
    ] as const) {
      const tables = await all(openRows([path], { schema: numbers, chunkRows: 1000 }));
      expect(tables.slice(0, -1).every((table) => table.rows === 1000)).toBe(true);
      const values = tables.flatMap((table) => plainRows([table]).map((row) => row['n']));
      expect(values.length).toBe(rows);
      expect(values.every((value, i) => value === i)).toBe(true);
    }
    // A bad cell near the end of a large file: its line is named, and what comes before it has been given.
    const bad = await place.file('large-bad.csv', `n,text\n${many}\noops,x\n5,y\n`);
    let seen = 0;
    const reading = (async () => {
      for await (const table of openRows([bad], { schema: numbers, chunkRows: 1000 })) seen += table.rows;
    })();
    expect(await errorOf(reading)).toMatchObject({
      code: 'BAD_ROW',
      details: { line: 120_002, column: 'n', value: 'oops' },
    });
    expect(seen).toBeGreaterThan(100_000);
    const problems: RowProblem[] = [];
    const kept = await all(
      openRows([bad], {
        schema: numbers,
        chunkRows: 1000,
        onProblem: (problem) => void problems.push(problem),
      }),
    );
    expect(kept.reduce((sum, table) => sum + table.rows, 0)).toBe(120_001);
    expect(problems).toMatchObject([{ line: 120_002, column: 'n', value: 'oops' }]);
  });

  test('names the nearest column when one is not there', async () => {
    const path = await place.file('renamed.csv', CSV.replace('city', 'citty'));
    const error = await errorOf(all(openRows([path], { schema })));
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND' });
    expect(error.message).toContain('Did you mean "citty"?');
    expect(await all(openRows([path], { schema, optional: ['city', 'y'] }))).toHaveLength(1);
  });

  test('a bad value names its line', async () => {
    const path = await place.file('bad-value.csv', CSV.replace('?', 'old'));
    expect(await errorOf(all(openRows([path], { schema })))).toMatchObject({
      code: 'BAD_ROW',
      details: { line: 3, column: 'age', value: 'old' },
    });
  });
});

describe('tableFromRecords', () => {
  test('takes JSON values and text cells', () => {
    const table = tableFromRecords(schema, [
      { age: 31, city: 'Ulm', code: 7, member: true, since: '1/2/2020', other: [] },
      { age: '?', city: null, code: 'x', member: '', since: 'NA' },
    ]);
    expect(plainRows([table])).toEqual(ROWS);
    expect(tableFromRecords(schema, []).rows).toBe(0);
  });

  test('refuses what does not fit, by row, column and value', async () => {
    const fine = { age: 1, city: 'a', code: 1, member: false, since: null };
    for (const [bad, value] of [
      [{ age: 'old' }, 'old'],
      [{ age: true }, 'true'],
      [{ age: [1] }, '[1]'],
      [{ member: 2 }, '2'],
      [{ since: '31/2/2020' }, '31/2/2020'],
    ] as const) {
      const name = Object.keys(bad)[0];
      const error = await errorOf(
        Promise.resolve().then(() => tableFromRecords(schema, [fine, { ...fine, ...bad }], { firstRow: 10 })),
      );
      expect(error).toMatchObject({ code: 'COLUMN_VALUE', details: { row: 11, column: name, value } });
    }
  });

  test('a column that no record has', async () => {
    const error = await errorOf(
      Promise.resolve().then(() => tableFromRecords(schema, [{ age: 1, City: 'x' }])),
    );
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND', details: { column: 'city' } });
    expect(error.message).toContain('"City"');
  });

  test('an object with odd keys is no danger', () => {
    const odd: DataSchema = {
      columns: [
        { ...column, name: '__proto__', kind: 'category' },
        { ...column, name: 'constructor', kind: 'category' },
      ],
      target: null,
    };
    const table = tableFromRecords(odd, [
      JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, unknown>,
    ]);
    expect(
      [...table.columns.values()].map((each) => each.storage === 'string' && each.dictionary[0]),
    ).toEqual(['a', 'b']);
  });
});
