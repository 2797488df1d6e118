import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Profile } from '../../../src/sources/profile/profile.js';
import { readSnapshot } from '../../../src/sources/snapshot.js';
import { withDatabase } from '../../../src/sources/duckdb.js';
import { all, errorOf, Playground } from '../sources/helpers.js';

let place: Playground;
beforeEach(async () => {
  place = await Playground.make();
});
afterEach(() => place.dispose());

const lines = (n: number, f: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => f(i)).join('\n');

describe('a data set', () => {
  const csv = `id,height,colour,late,y\n${lines(100, (i) => `k${i},${i % 10 === 0 ? '' : i / 4},${i % 3 === 0 ? 'red' : 'blue'},2020-01-${10 + (i % 20)},${i % 4 === 0 ? 'no' : 'yes'}`)}\n`;

  test('has a typed snapshot, a profile and its lineage, each file with its hash', async () => {
    const path = await place.file('things.csv', csv);
    const result = await place.collect(path, { target: 'y' });
    expect(result).toMatchObject({
      schemaVersion: 1,
      name: 'things',
      upToDate: false,
      rows: 100,
      rejectedRows: 0,
      target: 'y',
      task: 'binary',
      classes: [
        { value: 'yes', rows: 75 },
        { value: 'no', rows: 25 },
      ],
    });
    const manifest = await place.workspace.find('data', result.id);
    expect(Object.keys(manifest.files).sort()).toEqual(['data.parquet', 'profile.json']);
    const types = await withDatabase(undefined, undefined, (database) =>
      database.rows(
        `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${join(result.path, 'data.parquet')}'))`,
      ),
    );
    expect(types).toEqual([
      ['id', 'VARCHAR'],
      ['height', 'DOUBLE'],
      ['colour', 'VARCHAR'],
      ['late', 'TIMESTAMP'],
      ['y', 'VARCHAR'],
    ]);
    const profile = JSON.parse(await readFile(join(result.path, 'profile.json'), 'utf8')) as Profile;
    const height = profile.columns[1];
    const values = Array.from({ length: 100 }, (_, i) => i / 4).filter((_, i) => i % 10 !== 0);
    const mean = values.reduce((a, b) => a + b) / 90;
    expect(height).toMatchObject({ missing: 10, distinct: 90 });
    expect(height?.numbers?.mean).toBeCloseTo(mean, 10);
    expect(height?.numbers?.standardDeviation).toBeCloseTo(
      Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 89),
      10,
    );
    expect(height?.numbers).toMatchObject({ minimum: 0.25, maximum: 24.75, zeros: 0 });
    expect(height?.numbers?.quantiles['0.5']).toBeCloseTo(
      ((values[44] as number) + (values[45] as number)) / 2,
      10,
    );
    expect(profile.columns[2]?.top).toEqual([
      { value: 'blue', rows: 66 },
      { value: 'red', rows: 34 },
    ]);
    expect(profile.columns[3]?.numbers?.minimum).toBe(Date.UTC(2020, 0, 10));
  });

  test('is found again by content and options, whatever the time stamp; force makes it anew', async () => {
    const path = await place.file('same.csv', csv);
    const first = await place.collect(path, { target: 'y' });
    await utimes(path, new Date(), new Date(Date.now() + 60_000));
    expect(await place.collect(path, { target: 'y' })).toEqual({ ...first, upToDate: true });
    expect(await place.collect(path, { target: 'y', force: true })).toEqual(first);
    expect((await place.collect(path)).id).not.toBe(first.id);
    expect((await place.collect(path, { target: 'y', missing: ['red'] })).id).not.toBe(first.id);
    await writeFile(path, csv.replace('red', 'rot'));
    const changed = await place.collect(path, { target: 'y' });
    expect(changed.id).not.toBe(first.id);
    await writeFile(path, csv);
    expect(await place.collect(path, { target: 'y' })).toEqual({ ...first, upToDate: true });
    expect(await place.workspace.current('data')).toBe(first.id);
  });

  test('leaves nothing behind but itself, also when it fails or a process before was killed', async () => {
    const path = await place.file('clean.csv', csv);
    const cache = place.workspace.path('cache');
    await mkdir(join(cache, 'collect-999999999-dead'), { recursive: true });
    await place.collect(path, { target: 'y', encoding: 'latin1' });
    await errorOf(place.collect(path, { target: 'nope' }));
    await errorOf(place.collect(path, { type: ['colour=number'] }));
    expect((await readdir(cache)).filter((name) => name.startsWith('collect-'))).toEqual([]);
    expect(await readdir(place.workspace.path('data'))).toHaveLength(1);
  });

  test('keeps chosen columns, and the target with them', async () => {
    const path = await place.file('chosen.csv', csv);
    const names = async (options: object) =>
      (await place.collect(path, options)).columns.map((column) => column.name);
    expect(await names({ only: ['late', 'height'], target: 'y' })).toEqual(['height', 'late', 'y']);
    expect(await names({ drop: ['id', 'late'] })).toEqual(['height', 'colour', 'y']);
  });

  test('keeps a seeded sample in the order of the file', async () => {
    const path = await place.file('sample.csv', `n,m\n${lines(1000, (i) => `${i},${i * 2.5}`)}\n`);
    const sample = async (options: object) =>
      (await place.rows(path, options)).rows.map((row) => row['n'] as number);
    const first = await sample({ sample: 100, seed: 1 });
    expect(first).toHaveLength(100);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(await sample({ sample: 100, seed: 1, force: true })).toEqual(first);
    expect(await sample({ sample: 100, seed: 2 })).not.toEqual(first);
    expect(await sample({ sample: 0.25 })).toHaveLength(250);
    expect(await sample({ sample: 5000 })).toHaveLength(1000);
  });
});

describe('warnings', () => {
  async function codes(csv: string, target?: string): Promise<string[]> {
    const path = await place.file(`w${Math.random()}.csv`, csv);
    const { warnings } = await place.collect(path, target === undefined ? {} : { target });
    return warnings.map(({ code, column }) => (column === null ? code : `${code} ${column}`)).sort();
  }

  test('name what is odd about columns', async () => {
    const csv = `key,constant,empty,sparse,fine\n${lines(100, (i) => `k${i},7,NA,${i % 3 === 0 ? i : ''},${i * 1.1}`)}\n`;
    expect(await codes(csv)).toEqual([
      'CONSTANT_COLUMN constant',
      'EMPTY_COLUMN empty',
      'ID_COLUMN key',
      'MOSTLY_MISSING sparse',
    ]);
  });

  test('infinite numbers, which are taken as missing and counted, by either way of reading', async () => {
    const cell = (i: number) => ['inf', '-1e400', ' Infinity', 'NA'][i] ?? `${i}.5`;
    const csv = `a,b,y\n${lines(60, (i) => `${cell(i)},${i % 7},${i === 59 ? '1e999' : i * 3}`)}\n`;
    for (const [name, options] of [
      ['inf.csv', {}],
      ['inf-spooled.csv', { encoding: 'latin1' }],
    ] as const) {
      const path = await place.file(name, csv);
      const result = await place.collect(path, { target: 'y', ...options });
      expect(result.warnings.filter(({ code }) => code === 'INFINITE_VALUES')).toEqual([
        { code: 'INFINITE_VALUES', column: 'a', message: '3 infinite values are taken as missing' },
        { code: 'INFINITE_VALUES', column: 'y', message: 'One infinite value is taken as missing' },
      ]);
      const profile = JSON.parse(await readFile(join(result.path, 'profile.json'), 'utf8')) as Profile;
      expect(profile.columns.map(({ missing, infinite }) => [missing, infinite])).toEqual([
        [4, 3],
        [0, 0],
        [1, 1],
      ]);
      expect(profile.columns[0]?.numbers).toMatchObject({ minimum: 4.5, maximum: 59.5 });
    }
  });

  test('duplicate rows', async () => {
    expect(await codes(`a,b\n${lines(50, (i) => `${i % 25},x${i % 5}`)}\n`)).toEqual(['DUPLICATE_ROWS']);
  });

  test('columns that give the target away', async () => {
    // code determines y; score's ranges do not overlap; noise does neither.
    const classes = `code,score,noise,y\n${lines(200, (i) => `${['a', 'b', 'c'][i % 3]},${(i % 3 === 1 ? 100 : 0) + ((i * 13) % 50) / 7},${(i * 37) % 101},${i % 3 === 1 ? 'up' : 'down'}`)}\n`;
    expect(await codes(classes, 'y')).toEqual(['TARGET_LEAK code', 'TARGET_LEAK score']);
    const quantity = `euros,noise,y\n${lines(200, (i) => `${i * 2.2 + 1},${(i * 37) % 101},${i * 1.1}`)}\n`;
    expect(await codes(quantity, 'y')).toEqual(['TARGET_LEAK euros']);
  });

  test('of the target', async () => {
    const csv = `x,y\n${lines(100, (i) => `${(i * 37) % 101},${i < 5 ? '' : i < 8 ? 'rare' : i % 2 === 0 ? 'a' : 'b'}`)}\n`;
    expect(await codes(csv, 'y')).toEqual(['RARE_CLASS y', 'TARGET_MISSING y']);
    expect(await codes(`x,y\n${lines(30, (i) => `${i * 1.5},same`)}\n`, 'y')).toEqual(['TARGET_CONSTANT y']);
  });

  test('day and month that could be exchanged; numbers with a foreign word', async () => {
    expect(
      await codes(`d,x\n${lines(40, (i) => `${(i % 12) + 1}/${((i * 5) % 12) + 1}/2020,${i / 3}`)}\n`),
    ).toEqual(['AMBIGUOUS_DATE d']);
    expect(await codes(`n,x\n${lines(40, (i) => `${i % 5 === 0 ? '?' : i},${i / 3}`)}\n`)).toEqual([
      'MIXED_NUMBERS n',
    ]);
  });

  test('numbers near the limits of a double break nothing', async () => {
    const csv = `a,b,y\n${lines(60, (i) => `${i % 2 === 0 ? '1.7e308' : '-1.7e308'},${i}e-320,${i * 1e300}`)}\n`;
    await expect(codes(csv, 'y')).resolves.toBeDefined();
  });
});

describe('readSnapshot', () => {
  test('gives columns asked for, in tables of a size, with one dictionary a column', async () => {
    const path = await place.file(
      'many.csv',
      `n,s,b\n${lines(10_000, (i) => `${i * 2},v${i % 300},${i % 2 === 0}`)}\n`,
    );
    const { schema, result } = await place.rows(path);
    const file = join(result.path, 'data.parquet');
    const tables = await all(readSnapshot(file, { schema, columns: ['s', 'n'], chunkRows: 3000 }));
    expect(tables.map((table) => table.rows)).toEqual([3000, 3000, 3000, 1000]);
    expect([...(tables[0]?.columns.keys() ?? [])]).toEqual(['s', 'n']);
    const dictionaries = new Set(
      tables.map((table) => (table.columns.get('s') as { dictionary?: unknown }).dictionary),
    );
    expect(dictionaries.size).toBe(1);
    expect((tables[3]?.columns.get('n') as { values?: Float64Array }).values?.[999]).toBe(19_998);
  });

  test('a column of very many strings', async () => {
    const path = await place.file('ids.csv', `s,n\n${lines(70_000, (i) => `name ${i},${i}`)}\n`);
    const { rows } = await place.rows(path);
    expect(rows.every((row, i) => row['s'] === `name ${i}`)).toBe(true);
  });

  test('a damaged file is an error, never fewer rows', async () => {
    const path = await place.file('damage.csv', `n,s\n${lines(300_000, (i) => `${Math.sin(i)},t${i}`)}\n`);
    const { schema, result } = await place.rows(path);
    const file = join(result.path, 'data.parquet');
    const bytes = await readFile(file);
    bytes.fill(0xa5, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.6) + 50_000);
    await writeFile(file, bytes);
    expect(await errorOf(all(readSnapshot(file, { schema })))).toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    await writeFile(file, bytes.subarray(0, 1000));
    expect((await errorOf(all(readSnapshot(file, { schema })))).message).toContain('Parquet');
  });
});
