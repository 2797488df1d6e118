import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

describe('what cannot be read', () => {
  const cases: [string, string | Uint8Array, string, RegExp][] = [
    ['nothing.csv', '', 'SOURCE_FORMAT', /is empty/],
    ['blank.csv', ' \n\n ', 'SOURCE_FORMAT', /is empty/],
    ['header-only.csv', 'a,b', 'TOO_FEW_ROWS', /header but no rows/],
    ['header-only-with-end.csv', 'a,b\n', 'TOO_FEW_ROWS', /header but no rows/],
    ['binary.csv', Buffer.from([1, 2, 0, 4, 5]), 'SOURCE_FORMAT', /line 1 has a NUL byte/],
    ['table.feather', Buffer.from('ARROW1\u0000\u0000rest'), 'SOURCE_FORMAT', /Arrow or Feather/],
    ['plot.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), 'SOURCE_FORMAT', /PNG image/],
    ['sheet.csv', Buffer.from('PK\u0003\u0004rest'), 'SOURCE_FORMAT', /ZIP or Excel/],
    [
      'latin.csv',
      Buffer.from('a,b\n1,x\n2,caf\xe9\n', 'latin1'),
      'SOURCE_FORMAT',
      /line 3: the bytes are not utf-8 text, from byte 13 \(0xE9\) on/,
    ],
    [
      'cut.csv.gz',
      gzipSync('a,b\n1,2\n'.repeat(1000)).subarray(0, 40),
      'SOURCE_FORMAT',
      /not a whole gzip file/,
    ],
    ['fake.parquet', 'PAR1 and then nothing of the kind', 'SOURCE_FORMAT', /cannot be read as Parquet/],
    ['cut.json', '[{"a": 1}, {"a": 2}', 'BAD_ROW', /line 1 is not JSON/],
    ['numbers.json', '[1, 2]', 'SOURCE_FORMAT', /no JSON object/],
    ['bad-line.jsonl', '{"a": 1}\n{"a": 2\n{"a": 3}\n', 'BAD_ROW', /line 2 is not JSON/],
    ['short.csv', 'a,b\n1,2\n3\n', 'BAD_ROW', /line 3 has 1 cell, the header 2 \("3"\)/],
    ['long.csv', 'a,b\n1,2\n\n3,4,5\n', 'BAD_ROW', /line 4 has 3 cells, the header 2/],
    ['nul.csv', 'a,b\n1,2\n3,x\0y\n', 'SOURCE_FORMAT', /line 3 has a NUL byte/],
    ['open-quote.csv', 'a,b\n1,2\n3,"x\n4,5\n', 'BAD_ROW', /line 3 has a quote that is never closed/],
    [
      'after-quote.csv',
      'a,b\r\n"x\r\ny",2\r\n3,"x"y\r\n',
      'BAD_ROW',
      /line 4 has text after a closing quote/,
    ],
  ];
  for (const [name, content, code, message] of cases) {
    test(name, async () => {
      const error = await errorOf(place.collect(await place.file(name, content)));
      expect(error.message).toMatch(message);
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
      expect(error.hint).toBeTruthy();
    });
  }

  test('a NUL far into the file names its line', async () => {
    const path = await place.file(
      'late-nul.csv',
      `a,b\n${'1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'.repeat(20_000)}2,\0\n`,
    );
    const error = await errorOf(place.collect(path));
    expect(error).toMatchObject({ code: 'BAD_ROW' });
    expect(error.message).toMatch(/line 20002 has a NUL character/);
    expect((await place.collect(path, { onBadRow: 'skip' })).rejectedRows).toBe(1);
  });

  test('a folder', async () => {
    await mkdir(join(place.path, 'folder.csv'), { recursive: true });
    const error = await errorOf(place.collect(join(place.path, 'folder.csv')));
    expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(error.hint).toContain('*.csv');
  });

  test('a file that is not there, with the nearest name', async () => {
    await place.file('penguins.csv', 'a\n1\n');
    const error = await errorOf(place.collect(join(place.path, 'pengiuns.csv')));
    expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(error.message).toContain('penguins.csv');
  });

  test('a glob that matches nothing, an unknown scheme', async () => {
    expect((await errorOf(place.collect(join(place.path, '*.none')))).code).toBe('SOURCE_NOT_FOUND');
    expect((await errorOf(place.collect('s3://bucket/key.csv'))).message).toContain('s3://');
  });

  test('files with different columns: the file and the column are named', async () => {
    const one = await place.file('one.csv', 'a,b\n1,2\n');
    const two = await place.file('two.csv', 'a,c\n1,2\n');
    const error = await errorOf(place.collect([one, two]));
    expect(error.code).toBe('SOURCE_FORMAT');
    expect(error.message).toMatch(/two\.csv has no column "b", which .*one\.csv has \(and 1 more differ\)/);
  });
});

describe('a value that does not fit', () => {
  const numbers = Array.from({ length: 60 }, (_, i) => `${i * 1.5},x`).join('\n');

  test('names file, line, column and value', async () => {
    const path = await place.file('value.csv', `price,b\n${numbers}\n12abc,"two\nlines"\n1,y\n`);
    const error = await errorOf(place.collect(path));
    expect(error).toMatchObject({
      code: 'BAD_ROW',
      details: { file: path, line: 62, column: 'price', value: '12abc' },
    });
    expect(error.message).toMatch(/value\.csv, line 62, column "price": "12abc" is not a number/);
    expect(error.hint).toContain('--on-bad-row skip');
  });

  test('is skipped, called missing, or accepted as a category', async () => {
    const path = await place.file('skipped.csv', `price,b\n${numbers}\n?,y\n1,y\n`);
    const skipped = await place.collect(path, { onBadRow: 'skip' });
    expect(skipped).toMatchObject({ rows: 61, rejectedRows: 1 });
    const missing = await place.rows(path, { missing: ['?'] });
    expect(missing.result).toMatchObject({ rows: 62, rejectedRows: 0 });
    expect(missing.rows[60]?.['price']).toBeNull();
    const category = await place.collect(path, { type: ['price=category'] });
    expect(category.columns[0]).toMatchObject({
      kind: 'category',
      distinct: 62,
      reason: 'chosen with --type',
    });
  });

  test('far behind the rows that kinds are inferred from', async () => {
    const many = Array.from({ length: 120_000 }, (_, i) => `${i % 1000},${i % 2 === 0 ? 'yes' : 'no'}`);
    const path = await place.file('far.csv', `n,flag\n${many.join('\n')}\n1,maybe\n`);
    const error = await errorOf(place.collect(path, { type: ['flag=boolean'] }));
    expect(error).toMatchObject({
      code: 'BAD_ROW',
      details: { line: 120_002, column: 'flag', value: 'maybe' },
    });
    // Not told what it is, the column is taken for what all of its cells are.
    expect((await place.collect(path)).columns[1]).toMatchObject({ kind: 'category', distinct: 3 });
  });

  test('no-break spaces around numbers do not matter', async () => {
    const path = await place.file('nbsp.csv', `a,b\n${numbers}\n\u00a07.25\u00a0,y\n`);
    const { rows, schema } = await place.rows(path);
    expect(schema.columns[0]?.kind).toBe('number');
    expect(rows[60]?.['a']).toBe(7.25);
  });

  test('all rows bad', async () => {
    const path = await place.file('all-bad.csv', 'a,b\n1\n2\n');
    const error = await errorOf(place.collect(path, { onBadRow: 'skip' }));
    expect(error.code).toBe('TOO_FEW_ROWS');
    expect(error.message).toMatch(/All 2 rows .* bad/);
  });
});

describe('options that make no sense', () => {
  let path: string;
  beforeAll(async () => {
    path = await place.file('options.csv', 'species,mass\nadelie,3\ngentoo,5\n');
  });

  test('a misspelt column gets the nearest name', async () => {
    for (const options of [
      { target: 'spieces' },
      { drop: ['spieces'] },
      { only: ['spieces'] },
      { type: ['spieces=text'] },
    ]) {
      const error = await errorOf(place.collect(path, options));
      expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND' });
      expect(error.message).toContain('Did you mean "species"?');
    }
  });

  test('usage', async () => {
    const cases: [Parameters<Playground['collect']>[1], RegExp][] = [
      [{ type: ['mass=nubmer'] }, /Unknown kind "nubmer".*Did you mean "number"/],
      [{ type: ['mass'] }, /COLUMN=KIND/],
      [{ delimiter: 'ab' }, /--delimiter takes one character/],
      [{ encoding: 'latin11' }, /Unknown encoding "latin11".*latin1/],
      [{ sample: -1 }, /--sample/],
      [{ sample: 1.5 }, /--sample/],
      [{ target: 'species', drop: ['species'] }, /target and cannot be dropped/],
      [{ drop: ['species', 'mass'] }, /No column is left/],
      [{ name: ' ' }, /--name/],
    ];
    for (const [options, message] of cases) {
      const error = await errorOf(place.collect(path, options));
      expect(error.message).toMatch(message);
      expect(error.code).toBe('USAGE');
    }
    expect((await errorOf(place.collect([]))).code).toBe('USAGE');
    expect((await errorOf(place.collect(['-', '-']))).code).toBe('USAGE');
  });
});

test('dates of far years are read, and warned of', async () => {
  const days = Array.from(
    { length: 40 },
    (_, i) => `${i / 3},2021-03-${String((i % 28) + 1).padStart(2, '0')}`,
  );
  const path = await place.file('far.csv', `n,until\n${days.join('\n')}\n0.5,9999-12-31\n0.7,0001-01-01\n`);
  const { rows, result } = await place.rows(path);
  expect(rows.slice(-2).map((row) => row['until'])).toEqual([
    Date.parse('9999-12-31'),
    Date.parse('0001-01-01'),
  ]);
  expect(result.warnings).toContainEqual({
    code: 'FAR_DATES',
    column: 'until',
    message:
      'has dates as far away as 0001-01-01 and 9999-12-31; if that means "none", name the text of such cells with --missing',
  });
  const { result: named } = await place.rows(path, { missing: ['9999-12-31', '0001-01-01'] });
  expect(named.warnings.map(({ code }) => code)).not.toContain('FAR_DATES');
});

test('a day that does not exist is said to be one', async () => {
  const days = Array.from(
    { length: 40 },
    (_, i) => `${i / 3},2021-03-${String((i % 28) + 1).padStart(2, '0')}`,
  );
  const path = await place.file('no-day.csv', `n,day\n${days.join('\n')}\n1,2020-02-30\n`);
  const error = await errorOf(place.collect(path));
  expect(error.message).toContain('"2020-02-30" names a day or time that does not exist (iso)');
  const soon = await place.file('soon.csv', `n,day\n${days.join('\n')}\n1,soon\n`);
  expect((await errorOf(place.collect(soon))).message).toContain('"soon" is not a date (iso)');
});

test('what the first rows showed is not said of all', async () => {
  const rows = Array.from({ length: 20_500 }, (_, i) => `${i === 20_400 ? 1.5 : (i * 7) % 1000},x${i % 3}`);
  const { columns } = await place.collect(await place.file('late.csv', `a,b\n${rows.join('\n')}\n`));
  expect(columns[0]?.reason).toBe('all 20,000 values are numbers, in the first 20,000 rows');
});

test('UTF-16 with the high byte first is read by its mark', async () => {
  const text = Buffer.from('\ufeffa,b\n1,\u00fc\n2,y\n', 'utf16le').swap16();
  const { rows } = await place.rows(await place.file('big-endian.csv', text));
  expect(rows).toEqual([
    { a: 1, b: '\u00fc' },
    { a: 2, b: 'y' },
  ]);
});

test('columns that nearly name the rows are warned of', async () => {
  const rows = Array.from(
    { length: 1200 },
    (_, i) => `${10_000 + i * 37},N-${i - (i % 30 === 0 ? 1 : 0)},${i % 7}.5`,
  );
  const path = await place.file('nearly.csv', `zip,name,size\n${rows.join('\n')}\n`);
  const { warnings } = await place.collect(path, { target: 'size', type: ['name=category'] });
  expect(warnings.filter(({ code }) => code === 'ID_LIKE')).toEqual([
    {
      code: 'ID_LIKE',
      column: 'zip',
      message:
        'has a different whole number in every row; if it names rows and measures nothing, leave it out with --drop',
    },
    {
      code: 'ID_LIKE',
      column: 'name',
      message:
        'has 1,161 different values in 1,200 rows: hardly anything can be learned from it; leave it out with --drop',
    },
  ]);
});
