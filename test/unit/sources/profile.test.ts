import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../../../src/sources/duckdb.js';
import { describeNumbers, numberColumns } from '../../../src/sources/profile/number-columns.js';
import { makeProfile, type Profile } from '../../../src/sources/profile/profile.js';
import { openProfile } from '../../../src/sources/profile/profile-source.js';
import { findWarnings } from '../../../src/sources/profile/warnings.js';
import { schemaOf } from '../../helpers/tables.js';
import { Playground } from './helpers.js';

let place: Playground;

beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

const schema = schemaOf(
  { a: 'number', b: 'number', word: 'category', day: 'date', flag: 'boolean', line: 'number', y: 'number' },
  'y',
);

/** A snapshot of so many rows that all of them are not looked at closely. */
async function snapshot(rows: number): Promise<string> {
  const path = join(place.path, `rows-${rows}.parquet`);
  const cells = [
    'hash(i) / 1e19 AS a',
    'CASE WHEN i % 11 > 0 THEN (i % 17)::DOUBLE END AS b',
    "CASE WHEN i % 5 > 0 THEN 'w' || (i % 21) END AS word",
    "TIMESTAMP '2020-01-01' + INTERVAL (i % 700) HOUR AS day",
    'i % 3 = 0 AS flag',
    '7 - 2 * (hash(i + 5) / 1e19) AS line',
    'hash(i + 5) / 1e19 AS y',
  ];
  await withDatabase(undefined, undefined, (database) =>
    database.run(
      `COPY (SELECT ${cells.join(', ')} FROM range(${rows}) AS r(i)) TO '${path}' (FORMAT parquet)`,
    ),
  );
  return path;
}

async function described(path: string, threads: number) {
  return withDatabase(undefined, undefined, async (database) => {
    await database.run(`SET threads = ${threads}`);
    const source = await openProfile(database, path, schema.columns.length);
    const numbers = await describeNumbers(database, source, numberColumns(schema.columns));
    const profile = await makeProfile(database, source, schema, numbers);
    return { profile, warnings: await findWarnings(database, source, profile, schema) };
  });
}

describe('the profile of 1.3 million rows', () => {
  test('is the same to the bit with one thread and with four, and true', async () => {
    const rows = 1_300_000;
    const path = await snapshot(rows);
    const one = await described(path, 1);
    expect(JSON.stringify(await described(path, 4))).toBe(JSON.stringify(one));
    const { profile, warnings } = one;
    const [a, b, word, day, flag] = profile.columns;
    expect(profile).toMatchObject({ rows, sampledRows: rows / 2, duplicateRows: 0, classes: null });
    expect(a).toMatchObject({ missing: 0, distinct: rows / 2, top: [] });
    expect(b).toMatchObject({
      missing: Math.ceil(rows / 11),
      distinct: 17,
      numbers: { minimum: 0, maximum: 16 },
    });
    expect(b?.numbers?.mean).toBeCloseTo(8, 4);
    expect(b?.numbers?.quantiles['0.5']).toBe(8);
    expect(b?.top).toHaveLength(10);
    expect(word).toMatchObject({ missing: rows / 5, distinct: 21, numbers: null });
    expect(day).toMatchObject({ distinct: 350, numbers: { minimum: Date.UTC(2020, 0, 1) }, top: [] });
    expect(flag?.top.map(({ value }) => value)).toEqual(['false', 'true']);
    expect(flag?.top.reduce((sum, each) => sum + each.rows, 0)).toBe(rows);
    expect(warnings.map(({ code, column }) => [code, column])).toEqual([['TARGET_LEAK', 'line']]);
    expect(warnings[0]?.message).toContain('-1.00000');
  });
});

test('columns that give classes away are found in many rows, in whatever order these are', async () => {
  const rows = 9000;
  const lines = Array.from({ length: rows }, (_, i) => {
    const y = i % 3;
    return `${['x', 'y', 'z'][y]},${i % 50},${y * 10 + ((i * 7) % 1000) / 1001},${(i * 31) % 997},c${y}`;
  });
  const header = 'code,other,apart,noise,target';
  const found = async (name: string, body: readonly string[]) => {
    const path = await place.file(name, [header, ...body].join('\n'));
    const result = await place.collect(path, { target: 'target' });
    const profile = JSON.parse(await readFile(join(result.path, 'profile.json'), 'utf8')) as Profile;
    expect(profile.classes?.map((each) => each.rows)).toEqual([3000, 3000, 3000]);
    return result.warnings.filter(({ code }) => code === 'TARGET_LEAK').map(({ column }) => column);
  };
  expect(await found('mixed.csv', lines)).toEqual(['code', 'apart']);
  const sorted = [0, 1, 2].flatMap((y) => lines.filter((_, i) => i % 3 === y));
  expect(await found('sorted.csv', sorted)).toEqual(['code', 'apart']);
});
