import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataSchema } from '../../../src/core/table.js';
import { alignedPieces, alignedText } from '../../../src/sources/text/aligned.js';
import { openRows } from '../../../src/sources/open.js';
import fc from '../../helpers/property.js';
import { all, errorOf, plainRows, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

const ROWS = [
  { a: 1, 'b c': 'x' },
  { a: 2, 'b c': 'y"z' },
];
const SPLIT = { columns: ['a', 'b c'], index: [0, 1], data: ROWS.map((row) => Object.values(row)) };
const COLUMNS = { a: { '0': 1, '1': 2 }, 'b c': { '0': 'x', '1': 'y"z' } };
const LISTS = { a: [1, 2], 'b c': ['x', 'y"z'] };
const hasJq = spawnSync('jq', ['--version']).status === 0;

describe('JSON that is no table as it stands', () => {
  test.each<[string, unknown, string]>([
    ['an object with the rows in it', { data: ROWS }, '"data" holds the rows'],
    [
      'rows beside other members',
      { meta: { n: 2 }, 'my rows': ROWS, rows: ROWS },
      '"my rows" holds the rows',
    ],
    ['columns and data', SPLIT, 'columns and data'],
    ['columns of cells by row', COLUMNS, 'columns, each with its cells by row'],
    ['columns as lists', LISTS, 'columns, each a list'],
    ['rows by number', { '0': ROWS[0], '1': ROWS[1] }, 'rows by name'],
  ])('%s: the error has the command that mends it', async (_, value, said) => {
    for (const [name, text] of [
      ['line.json', JSON.stringify(value)],
      ['pretty.json', JSON.stringify(value, null, 2)],
    ] as const) {
      if (name === 'line.json' && said.includes('my rows')) continue;
      const path = await place.file(name, text);
      const error = await errorOf(place.collect(path));
      expect(error.code).toBe('SOURCE_FORMAT');
      expect(error.message).toContain(said);
      const [, program] = /jq -c (?:'(.*)'|\.) /.exec(error.hint ?? '') ?? [];
      if (!hasJq) continue;
      const lines = spawnSync('jq', ['-c', program ?? '.', path]).stdout.toString('utf8');
      expect(
        lines
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(ROWS);
    }
  });

  test('objects that span lines, one after another', async () => {
    const text = ROWS.map((row) => JSON.stringify(row, null, 2)).join('\n');
    const error = await errorOf(place.collect(await place.file('spread.jsonl', text)));
    expect(error.message).toContain('spans several lines');
    expect(error.hint).toContain('jq -c . ');
  });

  test('a large one, a gzipped one, and one from stdin', async () => {
    const text = JSON.stringify({ data: Array.from({ length: 30_000 }, () => ROWS[0]) });
    const large = await errorOf(place.collect(await place.file('large.json', text)));
    expect(large.hint).toMatch(/jq -c '\.data\[\]' \S*large\.json > rows\.jsonl/);
    const packed = await errorOf(place.collect(await place.file('large.json.gz', gzipSync(text))));
    expect(packed.hint).toMatch(/gzip -dc \S*large\.json\.gz \| jq -c '\.data\[\]' > rows\.jsonl/);
    const piped = await errorOf(place.collect('-', { stdin: Readable.from([Buffer.from(text)]) }));
    expect(piped.message).toMatch(/^stdin is one JSON object/);
  });

  test.each([
    ['one row', '{"a": 1, "b": 2}'],
    ['one row with lists in it', '{"a": 1, "items": [{"b": 2}]}'],
    ['rows with an object each', '{"data": {"a": 1}}\n{"data": {"a": 2}}\n'],
    ['rows of one list each', '{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}\n'],
  ])('%s: JSON Lines are read as before', async (_, text) => {
    const { rows } = await place.collect(await place.file('fine.jsonl', text));
    expect(rows).toBe(text.trimEnd().split('\n').length);
  });

  test('a broken first line is a bad row', async () => {
    const error = await errorOf(place.collect(await place.file('broken.jsonl', '{"a": 1,\n{"a": 2}\n')));
    expect(error).toMatchObject({ code: 'BAD_ROW', details: { line: 1 } });
    const skipped = await place.collect(await place.file('broken.jsonl', '{"a": 1,\n{"a": 2}\n'), {
      onBadRow: 'skip',
    });
    expect(skipped).toMatchObject({ rows: 1, rejectedRows: 1 });
  });
});

const CARS = [
  'mpg  cylinders   weight   name',
  '18.0   8         3504.\t"chevrolet chevelle ""malibu"""',
  '  25.0   4         ?\t"ford pinto"  ',
  '16.5   8         3433.\t"amc rebel sst"',
  '',
].join('\n');
const READ = [
  { mpg: 18, cylinders: 8, weight: 3504, name: 'chevrolet chevelle "malibu"' },
  { mpg: 25, cylinders: 4, weight: null, name: 'ford pinto' },
  { mpg: 16.5, cylinders: 8, weight: 3433, name: 'amc rebel sst' },
];

describe('tables whose cells blanks set apart', () => {
  test('are recognised, and the error says how to read them', async () => {
    const error = await errorOf(place.collect(await place.file('cars.data', CARS)));
    expect(error.code).toBe('SOURCE_FORMAT');
    expect(error.message).toContain('4 columns that are set apart by blanks');
    expect(error.hint).toContain('--delimiter whitespace');
    expect(error.hint).not.toContain('first line');
    const bare = CARS.slice(CARS.indexOf('\n') + 1);
    const headless = await errorOf(place.collect(await place.file('bare.data', bare)));
    expect(headless.hint).toContain('put the names above it');
  });

  test('are read with --delimiter whitespace, by collect and from a stream', async () => {
    const path = await place.file('cars.data', CARS);
    const { rows, schema } = await place.rows(path, { delimiter: 'whitespace', missing: ['?'] });
    expect(rows).toEqual(READ);
    const wanted: DataSchema = { ...schema, target: null };
    for (const location of [path, '-']) {
      const pieces = Array.from(CARS, (character) => Buffer.from(character));
      const stdin = Readable.from(pieces);
      const read = all(openRows([location], { schema: wanted, delimiter: 'whitespace', stdin }));
      expect(plainRows(await read)).toEqual(READ);
    }
  });

  test('are the same however they come in pieces', async () => {
    const characters = fc.constantFrom('a', ' ', '\t', '"', '\n', ',');
    const pieces = fc.array(
      fc.array(characters, { minLength: 1, maxLength: 6 }).map((some) => some.join('')),
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (some) => {
        expect((await all(alignedPieces(Readable.from(some)))).join('')).toBe(alignedText(some.join('')));
      }),
    );
  });

  test.each([
    ['one column of words', 'text\nthe quick fox\nall is well\nthree words here\n'],
    [
      'times beside numbers',
      'when\tx\ty\n2020-01-01 10:00\t1\t2\n2020-01-01 11:00\t1\t2\n2020-01-01 12:00\t3\t2\n',
    ],
    ['blanks after commas', 'a, b, c\n1, 2, 3\n4, 5, 6\n7, 8, 9\n'],
    ['blanks around commas', 'a  ,  b  ,  c\n1  ,  2  ,  3\n4  ,  5  ,  6\n7  ,  8  ,  9\n'],
    ['blanks between thousands', 'amount\n1 000\n2 000\n12 000\n'],
  ])('are not seen in %s', async (_, text) => {
    const { rows } = await place.collect(await place.file('other.txt', text));
    expect(rows).toBe(3);
  });

  test('a column of blanks and numbers is read as one where --delimiter says so', async () => {
    const path = await place.file('pairs.txt', '1 2\n3 4\n5 6\n');
    expect((await errorOf(place.collect(path))).hint).toContain('--delimiter ,');
    expect((await place.collect(path, { delimiter: ',' })).columns).toHaveLength(1);
  });
});
