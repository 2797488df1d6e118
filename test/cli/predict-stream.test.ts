import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishPenguinRun } from '../helpers/penguin-run.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

let cwd: string;
beforeAll(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'aimaas-stream-')));
  await publishPenguinRun(join(cwd, '.aimaas'), 'multiclass');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const HEADER = 'island,bill_length_mm,"body mass, g",male,observed';
const CSV_ROWS = ['Dream,44.5,4100,true,1970-11-01', ',NA,,,', '"No\nwhere",1e2,5000,no,1972-01-05'];
const JSON_ROWS = [
  '{"island": "Dream", "bill_length_mm": 44.5, "body mass, g": 4100, "male": true, "observed": "1970-11-01"}',
  '{"island": null, "bill_length_mm": null, "body mass, g": null, "male": null, "observed": null}',
  '{"island": "No\\nwhere", "bill_length_mm": 100, "body mass, g": 5000, "male": "no", "observed": "1972-01-05"}',
];

/** `aimaas predict` as a process of its own, to whose stdin one writes as it runs. */
class Conversation {
  readonly child: ChildProcessWithoutNullStreams;
  private output = '';
  private read = 0;
  private wake: () => void = () => undefined;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [EXECUTABLE, 'predict', ...args], { cwd });
    this.child.stdout.on('data', (piece: Buffer) => {
      this.output += piece.toString('utf8');
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        resolve(code);
        this.wake();
      });
    });
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** The next line that is answered, whenever that is. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.output.indexOf('\n', this.read);
      if (end >= 0) {
        const line = this.output.slice(this.read, end);
        this.read = end + 1;
        return line;
      }
      if (this.child.exitCode !== null) throw new Error('It ended without an answer.');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Ends the input; gives what is still answered. */
  async end(): Promise<string> {
    this.child.stdin.end();
    expect(await this.ended).toBe(0);
    return this.output.slice(this.read);
  }
}

/** The answers to rows that are all there from the start. */
async function answersAtOnce(name: string, text: string): Promise<string[]> {
  await writeFile(join(cwd, name), text);
  const whole = new Conversation([name, '--output', `answers-${name}`]);
  await whole.end();
  return (await readFile(join(cwd, `answers-${name}`), 'utf8')).trimEnd().split('\n');
}

describe('rows that come one by one are answered one by one', () => {
  test.each([
    ['CSV', ','],
    ['CSV with semicolons', ';'],
  ])('%s', async (_, delimiter) => {
    const inRows = (row: string): string => row.replaceAll(/,(?! g)/g, delimiter);
    const [head, ...wanted] = await answersAtOnce('rows.csv', [HEADER, ...CSV_ROWS, ''].join('\n'));
    const talk = new Conversation(['-']);
    talk.write(`${inRows(HEADER)}\n`);
    for (const [i, row] of CSV_ROWS.entries()) {
      talk.write(`${inRows(row)}\n`);
      if (i === 0) expect(await talk.line()).toBe(head);
      expect(await talk.line()).toBe(wanted[i]);
    }
    expect(await talk.end()).toBe('');
  });

  test('JSON Lines', async () => {
    const wanted = await answersAtOnce('rows.jsonl', JSON_ROWS.join('\n'));
    const talk = new Conversation(['-']);
    for (const [i, row] of JSON_ROWS.entries()) {
      talk.write(`${row}\n`);
      expect(await talk.line()).toBe(wanted[i]);
    }
    expect(await talk.end()).toBe('');
  });

  test('a JSON array', async () => {
    const wanted = await answersAtOnce('rows.jsonl', JSON_ROWS.join('\n'));
    const talk = new Conversation(['-']);
    for (const [i, row] of JSON_ROWS.entries()) {
      talk.write(`${i === 0 ? '[' : ','}\n${row}`);
      expect(await talk.line()).toBe(wanted[i]);
    }
    talk.write(']');
    expect(await talk.end()).toBe('');
  });

  test('gzipped CSV', async () => {
    const [head, ...wanted] = await answersAtOnce('rows.csv', [HEADER, ...CSV_ROWS, ''].join('\n'));
    const talk = new Conversation(['-']);
    const gzip = createGzip();
    gzip.pipe(talk.child.stdin);
    gzip.write(`${HEADER}\n`);
    for (const [i, row] of CSV_ROWS.entries()) {
      gzip.write(`${row}\n`);
      gzip.flush();
      if (i === 0) expect(await talk.line()).toBe(head);
      expect(await talk.line()).toBe(wanted[i]);
    }
    gzip.end();
    expect(await talk.ended).toBe(0);
  });
});

test('a row that has come in part is waited for', async () => {
  const [, wanted] = await answersAtOnce('rows.csv', `${HEADER}\n${CSV_ROWS[2] ?? ''}\n`);
  const talk = new Conversation(['-']);
  const text = `${HEADER}\nDream,1,1,no,\n${CSV_ROWS[2] ?? ''}\n`;
  // The quoted cell of the second row holds a line end; the pauses fall after it and inside a number.
  const cuts = [HEADER.length - 4, text.indexOf('where'), text.indexOf('e2,5000'), text.length];
  for (const [i, cut] of cuts.entries()) {
    talk.write(text.slice(cuts[i - 1] ?? 0, cut));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await talk.line();
  await talk.line();
  expect(await talk.line()).toBe(wanted);
  expect(await talk.end()).toBe('');
});

test('a bad row is told of by its line, or keeps its place', async () => {
  const talk = new Conversation(['-', '--on-bad-row', 'null']);
  talk.write(`${HEADER}\n${CSV_ROWS[0] ?? ''}\n`);
  await talk.line();
  await talk.line();
  for (const bad of ['Dream,many,1,no,', '"Dream" Island,1,1,no,', 'Dream,1']) {
    talk.write(`${bad}\n`);
    expect(await talk.line()).toMatch(/^,+$/);
  }
  expect(await talk.end()).toBe('');

  const strict = new Conversation(['-']);
  let said = '';
  strict.child.stderr.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
  strict.write(`${HEADER}\n${CSV_ROWS[0] ?? ''}\n`);
  await strict.line();
  await strict.line();
  strict.write('Dream,many,1,no,\n');
  expect(await strict.ended).toBe(3);
  expect(said).toContain('stdin, line 3, column "bill_length_mm": "many" is not a number');
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the wait for rows', async (signal) => {
  const talk = new Conversation(['-']);
  talk.write(`${HEADER}\n${CSV_ROWS[0] ?? ''}\n`);
  await talk.line();
  await talk.line();
  talk.child.kill(signal);
  expect(await talk.ended).toBe(130);
});

test('a named pipe is read like stdin', async () => {
  const wanted = await answersAtOnce('rows.csv', [HEADER, ...CSV_ROWS, ''].join('\n'));
  const child = spawn('bash', ['-c', `"$0" "$1" predict <(cat rows.csv)`, process.execPath, EXECUTABLE], {
    cwd,
  });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString('utf8')));
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  expect(output.trimEnd().split('\n')).toEqual(wanted);
});
