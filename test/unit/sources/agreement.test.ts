import fc from '../../helpers/property.js';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnKind, ColumnSchema, DataSchema } from '../../../src/core/table.js';
import { typedSelect } from '../../../src/sources/cell.js';
import { Database } from '../../../src/sources/duckdb.js';
import { openRows } from '../../../src/sources/open.js';
import { bulkRows } from '../../../src/sources/bulk.js';
import { inspect } from '../../../src/sources/inspect.js';
import { numberCell, stringCell } from '../../../src/sources/cell.js';
import { DATE_FORMATS } from '../../../src/sources/dates.js';
import { all, plainRows, Playground } from './helpers.js';

/** Files are read by DuckDB, streams by csv-parse and cell.ts. These tests hold that both give the same typed table. */

let place: Playground;
let database: Database;

beforeAll(async () => {
  place = await Playground.make();
  database = await Database.open(undefined);
});
afterAll(async () => {
  database.close();
  await place.dispose();
});

/** The rows of CSV text as a collected file and as a stream read by the schema that collecting found. */
async function bothWays(text: string, kinds: readonly string[] = []) {
  const path = await place.file('both.csv', text);
  const collected = await place.rows(path, { type: kinds, force: true });
  const streamed = await all(
    openRows(['-'], { schema: collected.schema, stdin: Readable.from([Buffer.from(text)]) }),
  );
  return { collected: collected.rows, streamed: plainRows(streamed), schema: collected.schema };
}

describe('the corpus of csv-spectrum', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('csv-spectrum/package.json'));
  for (const name of readdirSync(join(folder, 'csvs'))) {
    test(name, async () => {
      const text = readFileSync(join(folder, 'csvs', name), 'utf8');
      const expected = JSON.parse(
        readFileSync(join(folder, 'json', name.replace(/csv$/, 'json')), 'utf8'),
      ) as Record<string, string> | Record<string, string>[];
      const { collected, streamed, schema } = await bothWays(text);
      expect(collected).toEqual(streamed);
      const asExpected = [expected].flat().map((row) =>
        Object.fromEntries(
          schema.columns.map((column) => {
            // The corpus gives another telephone number here than its own CSV has.
            const cell = (row[column.name] ?? '').trim().replace('1234567890', '2095257564');
            return [column.name, cell === '' ? null : column.kind === 'number' ? Number(cell) : cell];
          }),
        ),
      );
      expect(collected).toEqual(asExpected);
    });
  }
});

/** Cells that have more than one plausible meaning, and those that break parsers. */
const NASTY = [
  '',
  ' ',
  'NA',
  'na',
  'Na',
  'N/A',
  'n/a',
  'NaN',
  'nan',
  'NAN',
  'Nan',
  '+nan',
  'null',
  'NULL',
  'Null',
  'None',
  '-',
  '?',
  '0',
  '-0',
  '+0',
  '1',
  '1.0',
  '01',
  '007',
  '+1',
  '+-1',
  '--1',
  '1.',
  '.5',
  '-.5',
  '.',
  '1e5',
  '1E+5',
  '1e',
  '1e400',
  '-1e400',
  '1e-400',
  '1_000',
  '1e1_0',
  '_1',
  '1__0',
  '1,000',
  '0,07',
  ',5',
  '-1,5e3',
  '1.234,5',
  '1.234.567',
  '1.23.4',
  '1 234,5',
  '1\u00a0234',
  "1'234.5",
  '1,234.5',
  '12,34',
  '1,234,5',
  '1,0',
  '0x10',
  '1f',
  '１２',
  '١',
  '1 2',
  ' 12',
  '12 ',
  '\t12',
  '\u00a012\u00a0',
  '\ufeff1',
  '\u20031',
  'inf',
  '-inf',
  'Infinity',
  '-INFINITY',
  '+inf',
  'infinityx',
  '9007199254740993',
  '123456789012345678901234567890',
  '0.1',
  '0.30000000000000004',
  '5e-324',
  '1.7976931348623157e308',
  '2.2250738585072011e-308',
  'true',
  'TRUE',
  'False',
  'yes',
  'No',
  't',
  'F',
  'y',
  'n',
  '1.00',
  '0.0',
  '.0',
  '00',
  '001',
  '+1.',
  '2020-01-05',
  '2020-1-5',
  '2020-02-30',
  '2020-02-29',
  '2021-02-29',
  '2020-01-05T10:00',
  '2020-01-05 10:00:59.1239',
  '2020-01-05T10:00:00Z',
  '2020-01-05T10:00:00+02:00',
  '2020-01-05T10:00:00-0530',
  '2020-01-05 24:00',
  '2020-01-05 23:60',
  '2020-13-01',
  '2020-00-10',
  '1/2/2020',
  '13/1/2020',
  '1/13/2020',
  '1/2/2020 3:04 PM',
  '12:30',
  '1/2/2020 12:30 am',
  '1/2/2020 13:30 pm',
  '1/2/2020 0:30 pm',
  '31.12.1999',
  '31-12-1999',
  '5 Mar 2018',
  'Mar 5, 2018',
  'MAR-2018',
  'March 2018',
  'Marc 2018',
  '2018-03',
  '20180305',
  '20181305',
  '9999-12-31',
  '9999-12-31 23:59:59',
  '0001-01-01',
  '0000-01-01',
  '0099-12-31',
  '0004-02-29',
  '0100-02-29',
  '31.12.9999',
  '1/1/0001',
  '12/31/9999 11:59 PM',
  '5 Mar 0850',
  'Dec 9999',
  '9999-12',
  '99991231',
  '"',
  '""',
  'a"b',
  '"quoted"',
  "it's",
  'a,b',
  'a;b',
  'line\nbreak',
  'cr\r\nlf',
  'émoji 😀',
  '\u0000',
  '\\',
  '\\n',
  '%',
  '{"a": 1}',
  ' padded ',
  '\u00a0',
  '#',
  '=1+1',
  "'; DROP TABLE x; --",
];

const KINDS: readonly ColumnSchema[] = [
  { name: 'number', kind: 'number', reason: '', dataType: 'float' },
  { name: 'number without -1', kind: 'number', reason: '', dataType: 'float', missing: ['-1', '?', 'a.b'] },
  { name: 'number with a decimal comma', kind: 'number', reason: '', dataType: 'float', decimal: ',' },
  {
    name: 'number with commas between thousands',
    kind: 'number',
    reason: '',
    dataType: 'float',
    decimal: '.',
    missing: ['1,000'],
  },
  {
    name: 'integer category with a decimal comma',
    kind: 'category',
    reason: '',
    dataType: 'integer',
    decimal: ',',
  },
  { name: 'boolean', kind: 'boolean', reason: '', dataType: 'boolean' },
  { name: 'category', kind: 'category', reason: '', dataType: 'string' },
  { name: 'integer category', kind: 'category', reason: '', dataType: 'integer' },
  {
    name: 'category without ?',
    kind: 'category',
    reason: '',
    dataType: 'string',
    missing: ['?', '(none)', '.*'],
  },
  {
    name: 'date without stand-ins',
    kind: 'date',
    reason: '',
    dataType: 'date',
    dateFormat: 'iso',
    missing: ['9999-12-31', '2020-01-05'],
  },
  ...Object.keys(DATE_FORMATS).map((format): ColumnSchema => ({
    name: format,
    kind: 'date',
    reason: '',
    dataType: 'date',
    dateFormat: format,
  })),
];

/** What DuckDB makes of a cell, with BAD (-12345.678) for one that does not fit. */
const BAD = -12345.678;
async function inDuckDB(column: ColumnSchema, cells: readonly string[]): Promise<unknown[]> {
  await database.run('CREATE OR REPLACE TEMP TABLE cells (n INTEGER, c VARCHAR)');
  const appender = await database.connection.createAppender('cells');
  for (const [i, cell] of cells.entries()) {
    appender.appendInteger(i);
    appender.appendVarchar(cell);
    appender.endRow();
  }
  appender.closeSync();
  const plainNumbers = !cells.some(isOddNumber);
  const bad = `CAST(${BAD} AS DOUBLE)`;
  const { cells: select, from } = typedSelect([column], ['c'], 'cells', bad, { plainNumbers });
  const rows = await database.rows(`SELECT ${select[0] ?? ''} FROM ${from}`);
  return rows.map(([value]) => value);
}

/** Text that is not looked for in cells where the bytes of the file have shown that there is none. */
function isOddNumber(cell: string): boolean {
  return cell.includes('_') || cell.includes('+-');
}

function inJavaScript(column: ColumnSchema, cell: string): unknown {
  const isText = (['category', 'text', 'id'] as ColumnKind[]).includes(column.kind);
  if (isText) return stringCell(column)(cell);
  const value = numberCell(column)(cell);
  return value === undefined ? BAD : Number.isNaN(value) ? null : value;
}

/** Numbers with blanks beyond ASCII around them are left to the row-by-row path by design. */
function isLeftToRows(column: ColumnSchema, cell: string): boolean {
  const wide = String.raw`[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]`;
  return column.kind === 'number' && new RegExp(`^${wide}|${wide}$`).test(cell);
}

/** The kinds, and numbers once more in cells of which it is known that none is odd. */
const WAYS = KINDS.flatMap((column) =>
  column.kind === 'number' ? [[column, false] as const, [column, true] as const] : [[column, false] as const],
);

describe('one meaning of a cell', () => {
  for (const [column, isPlain] of WAYS) {
    test(`${column.name}${isPlain ? ' without odd numbers' : ''}`, async () => {
      const cells = NASTY.filter(
        (cell) => !isLeftToRows(column, cell) && !cell.includes('\0') && !(isPlain && isOddNumber(cell)),
      );
      const found = await inDuckDB(column, cells);
      const expected = cells.map((cell) => inJavaScript(column, cell));
      expect(Object.fromEntries(cells.map((cell, i) => [JSON.stringify(cell), found[i]]))).toEqual(
        Object.fromEntries(cells.map((cell, i) => [JSON.stringify(cell), expected[i]])),
      );
    });
  }

  test('for generated cells', async () => {
    const digits = fc.stringMatching(/^[-+]?[0-9]{0,20}\.?[0-9]{0,20}([eE][-+]?[0-9]{1,3})?$/);
    const dateLike = fc.stringMatching(
      /^[0-9]{1,4}[-/. ][0-9A-Za-z]{1,4}[-/., ]{1,2}[0-9]{2,4}([T ][0-9]{1,2}:[0-9]{2})?$/,
    );
    const odd = fc.stringMatching(/^[ \t0-9eE+\-.,'_infaNtrueysoTF]{0,8}$/);
    const cell = fc.oneof(digits, dateLike, odd, fc.double().map(String), fc.constantFrom(...NASTY));
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 50, maxLength: 200 }), async (generated) => {
        const plain = generated.filter((each) => !isOddNumber(each));
        for (const [column, isPlain] of WAYS) {
          const cells = (isPlain ? plain : generated).filter(
            (each) => !each.includes('\0') && !isLeftToRows(column, each),
          );
          const found = await inDuckDB(column, cells);
          for (const [i, each] of cells.entries()) {
            const expected = inJavaScript(column, each);
            // -0 and 0 are one number.
            const same = Object.is(found[i], expected) || (found[i] === 0 && expected === 0);
            if (!same)
              throw new Error(
                `${column.name} ${JSON.stringify(each)}: ${String(found[i])} ≠ ${String(expected)}`,
              );
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});

function quote(cell: string, delimiter: string, always: boolean): string {
  // Blanks around a cell need no quotes; a lone carriage return would end the line.
  const needs = /["\r\n]/.test(cell) || cell.includes(delimiter);
  return needs || always ? `"${cell.replaceAll('"', '""')}"` : cell;
}

describe('whole tables', () => {
  test('of generated cells, delimiters, line ends and quotes', async () => {
    const cells = NASTY.filter((cell) => !cell.includes('\0'));
    const table = fc.record({
      rows: fc.array(fc.array(fc.constantFrom(...cells), { minLength: 3, maxLength: 3 }), {
        minLength: 1,
        maxLength: 30,
      }),
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      end: fc.constantFrom('\n', '\r\n'),
      always: fc.boolean(),
      last: fc.boolean(),
      mark: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, async ({ rows, delimiter, end, always, last, mark }) => {
        const lines = [['a', 'b c', 'ü'], ...rows].map((row) =>
          row.map((cell) => quote(cell, delimiter, always)).join(delimiter),
        );
        const text = `${mark ? '\ufeff' : ''}${lines.join(end)}${last ? end : ''}`;
        const { collected, streamed } = await bothWays(text);
        expect(collected).toEqual(streamed);
        expect(collected.length).toBe(rows.length);
      }),
      { numRuns: 60 },
    );
  });

  test('with line breaks in the header that are, or are not, those that end the rows', async () => {
    const table = fc.record({
      header: fc.array(fc.constantFrom('a', '"x\ny"', '"x\r\ny"', '"x\n"', '"\r\nz"', '"p\rq"'), {
        minLength: 2,
        maxLength: 3,
      }),
      cells: fc.array(fc.constantFrom('1', '2.5', 'u', '"line\nbreak"', '"cr\r\nlf"', ''), {
        minLength: 1,
        maxLength: 20,
      }),
      headerEnd: fc.constantFrom('\n', '\r\n', '\r'),
      ends: fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 1, maxLength: 3 }),
      last: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, async ({ header, cells, headerEnd, ends, last }) => {
        const rows = cells.map((cell, i) => [`${i}`, cell, 'v'].slice(0, header.length).join(','));
        const end = (i: number): string => (i < rows.length - 1 || last ? (ends[i % ends.length] ?? '') : '');
        const text = `${header.join(',')}${headerEnd}${rows.map((row, i) => `${row}${end(i)}`).join('')}`;
        const { collected, streamed } = await bothWays(text);
        expect(collected).toEqual(streamed);
        expect(collected.length).toBe(rows.length);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['\n', '\r\n'])(
    'of many rows that end in %j below a header with the other line break',
    async (end) => {
      const other = end === '\n' ? '\r\n' : '\n';
      const lines = [`n,"in${other}two lines"`];
      for (let i = 0; i < 300_000; i++) lines.push(`${i},${i % 11}`);
      const path = await place.file('many.csv', `${lines.join(end)}${end}`);
      const { result, schema } = await place.rows(path, { sample: 5 });
      expect(result.columns.map(({ name }) => name)).toEqual(['n', `in${other}two lines`]);
      let rows = 0;
      for await (const table of openRows([path], { schema })) rows += table.rows;
      expect(rows).toBe(300_000);
    },
  );

  test('in which DuckDB splits the work: many rows with line breaks in quotes keep their order', async () => {
    const lines = ['n,text'];
    for (let i = 0; i < 300_000; i++)
      lines.push(i % 7 === 0 ? `${i},"line\n""${i}"", x"` : `${i},plain ${i}`);
    const path = await place.file('long.csv', `${lines.join('\n')}\n`);
    const schema: DataSchema = {
      columns: [
        { name: 'n', kind: 'number', reason: '', dataType: 'integer' },
        { name: 'text', kind: 'text', reason: '', dataType: 'string' },
      ],
      target: null,
    };
    const source = await inspect({ location: path, path }, {});
    let row = 0;
    for await (const table of bulkRows(source, { schema })) {
      for (const each of plainRows([table])) {
        if (each['n'] !== row) throw new Error(`row ${row} has ${String(each['n'])}`);
        row++;
      }
    }
    expect(row).toBe(300_000);
  });
});
