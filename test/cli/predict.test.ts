import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/sources/duckdb.js';
import { openPredictor } from '../../src/steps/predictor.js';
import { tableFromRecords } from '../../src/sources/records.js';
import { type CliResult, runCli, spawnCli, temporaryFolder } from '../helpers/cli.js';
import { publishPenguinRun } from '../helpers/penguin-run.js';
import { SPECIES } from '../helpers/penguins.js';

let cwd: string;
let dispose: () => Promise<void>;
let run: string;
let regression: string;

const CSV = [
  'id,island,bill_length_mm,"body mass, g",male,observed,species',
  '007,Dream,44.5,4100,true,1970-11-01,Adelie',
  '008,,NA,,,,',
  '009,"Nowhere, ""far"" away",1e2,5000,no,1972-01-05,Gentoo',
  '',
].join('\n');

/** The rows of CSV as the server would be given them. */
const RECORDS = [
  { island: 'Dream', bill_length_mm: 44.5, 'body mass, g': 4100, male: true, observed: '1970-11-01' },
  { island: null, bill_length_mm: null, 'body mass, g': null, male: null, observed: null },
  { island: 'Nowhere', bill_length_mm: 100, 'body mass, g': 5000, male: false, observed: '1972-01-05' },
];

beforeAll(async () => {
  const folder = await temporaryFolder();
  cwd = folder.path;
  dispose = () => folder.dispose();
  regression = await publishPenguinRun(join(cwd, '.aimaas'), 'regression');
  run = await publishPenguinRun(join(cwd, '.aimaas'), 'multiclass');
  await writeFile(join(cwd, 'new.csv'), CSV);
});
afterAll(() => dispose());

function predict(args: readonly string[], stdin?: string | Uint8Array): Promise<CliResult> {
  return runCli(['predict', ...args], { cwd, stdin });
}

async function expected(id = run) {
  const predictor = await openPredictor(join(cwd, '.aimaas', 'runs', id));
  try {
    return await predictor.predict(tableFromRecords(predictor.schema, RECORDS));
  } finally {
    await predictor.dispose();
  }
}

function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}

describe('predict', () => {
  it('writes a CSV with a row for every row, in order, by the newest model', async () => {
    const { code, stdout, stderr } = await predict(['new.csv']);
    expect([code, stderr]).toEqual([0, '']);
    const rows = (await expected()).map(({ prediction, probabilities = {} }) =>
      [prediction, ...SPECIES.map((name) => probabilities[name])].join(','),
    );
    expect(lines(stdout)).toEqual([
      `prediction,${SPECIES.map((name) => `probability_${name}`).join(',')}`,
      ...rows,
    ]);
  });

  it('writes the value alone for a regression', async () => {
    const { stdout } = await predict([regression, 'new.csv']);
    const values = (await expected(regression)).map(({ prediction }) => String(prediction));
    expect(lines(stdout)).toEqual(['prediction', ...values]);
  });

  it('gives the same predictions for the same rows in every format', async () => {
    const wanted = await expected();
    const objects = RECORDS.map((record) => JSON.stringify(record));
    await writeFile(join(cwd, 'rows.jsonl'), objects.join('\n'));
    await writeFile(join(cwd, 'rows.json'), `[${objects.join(',\n')}]`);
    await writeFile(join(cwd, 'rows.csv.gz'), gzipSync(CSV));
    await writeFile(
      join(cwd, 'rows.tsv'),
      CSV.replace('"Nowhere, ""far"" away"', 'Nowhere').replaceAll(/,(?! g)/g, '\t'),
    );
    for (const file of ['rows.jsonl', 'rows.json', 'rows.csv.gz', 'rows.tsv']) {
      const { code, stdout, stderr } = await predict([file, '--format', 'jsonl']);
      expect([file, code, stderr]).toEqual([file, 0, '']);
      expect(lines(stdout).map((line) => JSON.parse(line) as unknown)).toEqual(wanted);
    }
  });

  it.each([
    ['CSV', CSV, 'prediction,'],
    ['JSON Lines', RECORDS.map((record) => JSON.stringify(record)).join('\n'), '{"prediction":'],
    ['a JSON array', JSON.stringify(RECORDS), '{"prediction":'],
  ])('reads %s from stdin and answers in kind', async (_, stdin, start) => {
    for (const args of [[], ['-'], [run, '-'], [run]]) {
      const { code, stdout } = await predict(args, stdin);
      expect(code).toBe(0);
      expect(stdout.startsWith(start)).toBe(true);
      expect(lines(stdout)).toHaveLength(start.startsWith('{') ? 3 : 4);
    }
  });

  it('says that a file is not there, also where there is no model', async () => {
    const { code, stderr } = await predict(['nwe.csv', '--workspace', 'none']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/nwe\.csv does not exist/);
    expect(stderr).toMatch(/new\.csv/);
  });

  it('names the line of a stream of which no line can be read', async () => {
    const { code, stderr } = await predict(['-'], '\n{"island": Dream}\n');
    expect(code).toBe(3);
    expect(stderr).toMatch(/stdin has no JSON object in it: line 2 is not JSON/);
  });

  it('copies columns with --keep: ids as they are written, missing as empty', async () => {
    const csv = await predict(['new.csv', '--keep', 'id', '--keep', 'species', '--keep', 'island']);
    const rows = lines(csv.stdout);
    expect(rows[0]).toMatch(/^id,species,island,prediction,probability_Adelie/);
    expect(rows[1]).toMatch(/^007,Adelie,Dream,/);
    expect(rows[2]).toMatch(/^008,,,/);
    expect(rows[3]).toMatch(/^009,Gentoo,"Nowhere, ""far"" away",/);
    const jsonl = await predict(['new.csv', '--format', 'jsonl', '--keep', 'observed', '--keep', 'male']);
    expect(lines(jsonl.stdout).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { observed: '1970-11-01', male: 'true' },
      { observed: null, male: null },
      { observed: '1972-01-05', male: 'no' },
    ]);
    const given = await predict(['new.csv', '--keep', 'bill_length_mm', '--keep', 'male']);
    expect(lines(given.stdout).map((line) => line.split(',').slice(0, 2).join())).toEqual([
      'bill_length_mm,male',
      '44.5,true',
      'NA,',
      '1e2,no',
    ]);
  });

  it('copies the values of JSON as they are', async () => {
    const records = RECORDS.map((record, i) => ({ ...record, key: [{ n: i }, '01', 1.5][i] }));
    const stdin = records.map((record) => JSON.stringify(record)).join('\n');
    const { stdout } = await predict(['-', '--keep', 'key', '--keep', 'male'], stdin);
    expect(lines(stdout).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { key: { n: 0 }, male: true },
      { key: '01', male: null },
      { key: 1.5, male: false },
    ]);
  });

  it.each(['jsonl', 'json'])('copies every digit of numbers in %s', async (format) => {
    const kept = [
      '9007199254740993',
      '1.0',
      '-0.10e-2',
      '{"big":[12345678901234567890, 1.50]}',
      '"01"',
      'null',
    ];
    const objects = kept.map((value) =>
      JSON.stringify(RECORDS[0]).replace('{', `{"key":"}",\n"key":${value},`),
    );
    const text = format === 'json' ? `[${objects.join(',\n')}]` : objects.join('\n').replaceAll(',\n', ',');
    await writeFile(join(cwd, `digits.${format}`), text.replaceAll('}{', '}\n{'));
    const { stdout } = await predict([`digits.${format}`, '--keep', 'key', '--format', 'jsonl']);
    expect(lines(stdout).map((line) => line.slice('{"key":'.length, line.indexOf(',"prediction"')))).toEqual(
      kept,
    );
    const csv = await predict([`digits.${format}`, '--keep', 'key', '--format', 'csv']);
    expect(lines(csv.stdout)[1]).toMatch(/^9007199254740993,/);
  });

  it('copies numbers and truth values of Parquet as such', async () => {
    const database = await Database.open(undefined);
    const columns = `9007199254740993::BIGINT AS n, 1.50::DECIMAL(9,2) AS d, true AS t, '007' AS s, NULL::INTEGER AS m,
      DATE '2020-01-02' AS day, 'Dream' AS island, 44.5 AS bill_length_mm, 4100 AS "body mass, g", true AS male,
      DATE '1970-11-01' AS observed`;
    await database.run(`COPY (SELECT ${columns}) TO '${join(cwd, 'kept.parquet')}' (FORMAT parquet)`);
    database.close();
    const keep = ['n', 'd', 't', 's', 'm', 'day'].flatMap((name) => ['--keep', name]);
    const { stdout } = await predict(['kept.parquet', '--format', 'jsonl', ...keep]);
    expect(stdout).toMatch(
      /^\{"n":9007199254740993,"d":1\.50,"t":true,"s":"007","m":null,"day":"2020-01-02",/,
    );
  });

  it.each(['scored.parquet', 'scored.csv.gz', 'scored.xlsx'])(
    'does not write CSV under the name %s',
    async (name) => {
      const { code, stderr } = await predict(['new.csv', '--output', name]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/predictions are written as \.csv, \.json, \.jsonl, \.ndjson/);
      expect((await predict(['new.csv', '--output', name, '--format', 'csv'])).code).toBe(0);
    },
  );

  it('keeps the place of a row that cannot be read with --on-bad-row null', async () => {
    const [header = '', first = '', second = '', third = ''] = lines(CSV);
    const misfit = '010,Dream,many,4100,true,1970-11-01,Adelie';
    const stdin = [header, first, 'too,few', second, misfit, third].join('\n');
    const { code, stdout, stderr } = await predict(['-', '--keep', 'id', '--on-bad-row', 'null'], stdin);
    expect(code).toBe(0);
    expect(stderr).toMatch(/2 rows could not be read .* stdin, line 3 has 2 cells, the header 7/s);
    const whole = lines((await predict(['new.csv', '--keep', 'id'])).stdout);
    expect(lines(stdout)).toEqual([whole[0], whole[1], ',,,,', whole[2], '010,,,,', whole[3]]);

    const json = await predict(['-', '--on-bad-row', 'null', '--json'], stdin);
    const document = JSON.parse(json.stdout) as { predictions: unknown[]; emptyRows: number };
    expect(document).toMatchObject({ emptyRows: 2, skippedRows: 0 });
    expect(document.predictions[1]).toEqual({
      prediction: null,
      problem: expect.stringContaining('has 2 cells, the header 7') as string,
    });
    const objects = `[${JSON.stringify(RECORDS[0])}, 5, ${JSON.stringify(RECORDS[1])}]`;
    const array = await predict(['-', '--on-bad-row', 'null', '--format', 'csv'], objects);
    expect(lines(array.stdout)).toEqual(
      [whole[0], whole[1], '+,,,,', whole[2]].map((line) => line?.slice(line.indexOf(',') + 1)),
    );
  });

  it('treats a large file, which DuckDB reads, the same', async () => {
    const [header = '', ...rows] = lines(CSV);
    const body = `${rows.join('\n')}\n`.repeat(70_000);
    const bad = '010,Dream,many,4100,true,1970-11-01,Adelie\n';
    await writeFile(join(cwd, 'bulk.csv'), `${header}\n${body}${bad}`);
    const args = ['bulk.csv', '--keep', 'id', '--keep', 'bill_length_mm', '--output', 'bulk-scored.csv'];
    const { code, stderr } = await predict([...args, '--on-bad-row', 'null']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('One row could not be read')]);
    const scored = lines(await readFile(join(cwd, 'bulk-scored.csv'), 'utf8'));
    expect(scored.length).toBe(210_002);
    const whole = lines((await predict(['new.csv', '--keep', 'id', '--keep', 'bill_length_mm'])).stdout);
    expect(scored.slice(0, 4)).toEqual(whole);
    expect(scored.slice(-2)).toEqual([whole[3], '010,many,,,,']);
  });

  it('joins several files under one header', async () => {
    const { stdout } = await predict(['new.csv', 'new.csv']);
    const once = lines((await predict(['new.csv'])).stdout);
    expect(lines(stdout)).toEqual([...once, ...once.slice(1)]);
  });

  it('writes one JSON document with --json', async () => {
    const { stdout } = await predict(['new.csv', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      model: { name: 'penguins', version: null, run },
      predictions: await expected(),
      emptyRows: 0,
      skippedRows: 0,
    });
  });

  it('writes a file whole, in the form of its name, and says so', async () => {
    const { code, stdout } = await predict(['new.csv', '--output', 'out/scored.jsonl', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      model: { name: 'penguins', version: null, run },
      rows: 3,
      emptyRows: 0,
      skippedRows: 0,
      columns: ['prediction', ...SPECIES.map((name) => `probability_${name}`)],
      output: join(cwd, 'out', 'scored.jsonl'),
      format: 'jsonl',
    });
    const text = await readFile(join(cwd, 'out', 'scored.jsonl'), 'utf8');
    expect(lines(text).map((line) => JSON.parse(line) as unknown)).toEqual(await expected());
    expect((await predict(['new.csv', '--output', 'out/b.csv', '-q'])).stdout).toBe(
      `${join(cwd, 'out', 'b.csv')}\n`,
    );
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual(['b.csv', 'scored.jsonl']);
  });

  it('gives a header and no rows for a table without rows', async () => {
    const { code, stdout } = await predict([], lines(CSV)[0]);
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(1);
  });

  it('says that a file may not grow so large, and leaves none', async () => {
    const [header = '', row = ''] = lines(CSV);
    await writeFile(join(cwd, 'many.csv'), `${header}\n${`${row}\n`.repeat(500)}`);
    const { spawnSync } = await import('node:child_process');
    const executable = JSON.stringify(join(process.cwd(), 'bin/aimaas.js'));
    const script = `ulimit -f 4; node ${executable} predict many.csv --output limited/out.csv`;
    const { status, stderr } = spawnSync('bash', ['-c', script], { cwd, encoding: 'utf8' });
    expect([status, stderr]).toEqual([4, expect.stringContaining('is larger than is allowed here')]);
    expect(stderr).not.toContain('bug');
    expect(await readdir(join(cwd, 'limited'))).toEqual([]);
  });

  it('finishes quietly when its reader goes away', async () => {
    const rows = lines(CSV)[1] ?? '';
    const large = `${lines(CSV)[0] ?? ''}\n${`${rows}\n`.repeat(60_000)}`;
    await writeFile(join(cwd, 'large.csv'), large);
    const { spawn } = await import('node:child_process');
    const script = `node ${JSON.stringify(join(process.cwd(), 'bin/aimaas.js'))} predict large.csv | head -2; echo \${PIPESTATUS[0]}`;
    const shell = spawn('bash', ['-c', script], { cwd });
    let out = '';
    let err = '';
    shell.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    shell.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await new Promise((resolve) => shell.on('close', resolve));
    expect([lines(out).length, lines(out).at(-1), err]).toEqual([3, '0', '']);
  });

  it('reads what is typed at a terminal where - asks for it', async () => {
    const { main } = await import('../../src/main.js');
    const { PassThrough } = await import('node:stream');
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    terminal.end(CSV);
    const stdout = new PassThrough();
    const code = await main(['predict', '-', '--workspace', join(cwd, '.aimaas')], {
      stdin: terminal,
      stdout,
      stderr: new PassThrough(),
      env: {},
      signal: new AbortController().signal,
    });
    expect(code).toBe(0);
    expect(lines(String(stdout.read()))).toHaveLength(4);
  });
});

describe('predict refuses', () => {
  const header = lines(CSV)[0] ?? '';
  const good = lines(CSV)[1] ?? '';

  it('a value that does not fit, naming row and column, and leaves no file', async () => {
    const stdin = `${header}\n${good}\n${good.replace('44.5', 'long')}\n`;
    const { code, stderr } = await predict(['--output', 'bad/out.csv'], stdin);
    expect(code).toBe(3);
    expect(stderr).toContain('line 3, column "bill_length_mm": "long"');
    expect(stderr).toContain('--on-bad-row skip');
    expect(await readdir(join(cwd, 'bad'))).toEqual([]);
  });

  it('a header that has a column of the model twice, or a folder for a file', async () => {
    const twice = [header, good].map((line) => `${line},${line.split(',')[2] ?? ''}`).join('\n');
    const { code, stdout, stderr } = await predict([], `${twice}\n`);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('stdin has 2 columns "bill_length_mm" (columns 3 and 8)');
    const folder = await predict(['--output', '.'], `${header}\n${good}\n`);
    expect(folder.code).toBe(4);
    expect(folder.stderr).toContain('the path is a folder, not a file');
    expect(folder.stderr).not.toContain('--workspace');
  });

  it('no bad row when told to skip them, but says how many', async () => {
    const stdin = `${header}\n${good}\n${good.replace('44.5', 'long')}\n1,2\n${good}\n`;
    const { code, stdout, stderr } = await predict(['--on-bad-row', 'skip'], stdin);
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(3);
    expect(stderr).toContain('2 rows could not be read');
  });

  it.each<[string, readonly string[], string, number, string]>([
    ['a missing column', [], 'island,male\nDream,true\n', 3, 'bill_length_mm'],
    [
      'a column to keep that is not there',
      ['--keep', 'idd'],
      `${header}\n${good}\n`,
      3,
      'Did you mean "id"?',
    ],
    ['two columns of one name', ['--keep', 'id', '--keep', 'id'], CSV, 2, 'two columns called "id"'],
    ['nothing', [], '', 3, 'empty'],
    ['a model that is not there', ['pengins', '-'], CSV, 4, 'pengins'],
    ['a format that is none', ['--format', 'xlsx'], CSV, 2, 'xlsx'],
    ['a file that is not there', ['none.csv'], '', 3, 'none.csv'],
    [
      'to overwrite its input',
      ['new.csv', '--output', './new.csv'],
      '',
      2,
      'is the file that the rows are read from',
    ],
  ])('%s', async (_, args, stdin, code, words) => {
    const result = await predict(args, stdin);
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toContain(words);
    expect(result.stdout).toBe('');
  });

  it('to wait at a terminal for rows', async () => {
    const { main } = await import('../../src/main.js');
    const { PassThrough } = await import('node:stream');
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = new PassThrough();
    const code = await main(['predict', '--workspace', join(cwd, '.aimaas')], {
      stdin: terminal,
      stdout: new PassThrough(),
      stderr,
      env: {},
      signal: new AbortController().signal,
    });
    expect(code).toBe(2);
    expect(String(stderr.read())).toContain('nothing is piped in');
  });

  it.each([
    ['predictor.json', 'not json', 'ARTIFACT_CORRUPT'],
    ['predictor.json', '{"schemaVersion":2}', 'ARTIFACT_INCOMPATIBLE'],
    ['predictor.json', '{"schemaVersion":1}', 'ARTIFACT_CORRUPT'],
    ['network.onnx', 'garbage', 'ARTIFACT_CORRUPT'],
  ])('a model whose %s is %j', async (file, content, errorCode) => {
    const workspace = join(cwd, `ws-${file}-${errorCode}-${String(content.length)}`);
    await mkdir(workspace, { recursive: true });
    const id = await publishPenguinRun(workspace);
    await writeFile(join(workspace, 'runs', id, file), content);
    const { code, stderr } = await predict(['new.csv', '--workspace', workspace, '--json']);
    expect(code).toBe(4);
    expect(stderr).toContain(errorCode);
  });

  it('a network that was made for other features', async () => {
    const workspace = join(cwd, 'ws-mixed');
    const id = await publishPenguinRun(workspace);
    const other = join(cwd, '.aimaas', 'runs', regression, 'network.onnx');
    await writeFile(join(workspace, 'runs', id, 'network.onnx'), await readFile(other));
    const { code, stderr } = await predict(['new.csv', '--workspace', workspace]);
    expect(code).toBe(4);
    expect(stderr).toContain('gives 1 scores');
  });
});

it('loads no training library', async () => {
  const mark = '_tfengine';
  const script = `process.on('exit', () => process.stderr.write(String(globalThis.${mark})))`;
  const { stdout, stderr } = await spawnCli(['predict', 'new.csv'], {
    cwd,
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` },
  });
  expect(stdout).toContain('prediction');
  expect(stderr).toBe('undefined');
  await import('@tensorflow/tfjs-core');
  expect(mark in globalThis).toBe(true);
});
