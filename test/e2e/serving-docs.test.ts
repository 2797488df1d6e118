import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnCli, temporaryFolder } from '../helpers/cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));
const CURL = fileURLToPath(new URL('../helpers/curl.mjs', import.meta.url));
const DOCUMENT = readFileSync(new URL('../../docs/serving.md', import.meta.url), 'utf8');

/** The examples that ask a server, and the answer that is shown behind them. */
const EXAMPLES = [...DOCUMENT.matchAll(/```sh\n(.*?)```\n(?:\n```json\n(.*?)```)?/gs)]
  .map(([, command = '', answer]) => ({ command, answer }))
  .filter(({ command }) => command.includes('curl '));

let url: string;
let server: ChildProcess | undefined;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const folder = await temporaryFolder();
  const cwd = folder.path;
  dispose = () => folder.dispose();
  const source = `${ROOT}/examples/penguins/penguins.csv`;
  const settings = ['train.model=linear', 'train.epochs=30', 'export.format=onnx'];
  const words = ['run', source, '--target', 'species', ...settings.flatMap((one) => ['--set', one])];
  const { code, stderr } = await spawnCli(words, { cwd });
  if (code !== 0) throw new Error(stderr);
  server = spawn(process.execPath, [EXECUTABLE, 'serve', 'penguins', '--port', '0', '-q'], { cwd });
  const ended = once(server, 'exit').then(() => Promise.reject(new Error('The server ended.')));
  ended.catch(() => undefined);
  const { stdout } = server;
  if (stdout === null) throw new Error('The server has no stdout.');
  [url = ''] = (await Promise.race([once(createInterface({ input: stdout }), 'line'), ended])) as string[];
}, 60_000);

afterAll(async () => {
  server?.kill('SIGKILL');
  await dispose();
});

/** Runs a command of the document against the server of the test. */
async function run(command: string): Promise<string> {
  const curl = `set -eo pipefail; curl() { '${process.execPath}' '${CURL}' "$@"; };`;
  const child = spawn('bash', ['-c', `${curl} ${command.replaceAll('http://127.0.0.1:8080', url)}`], {
    cwd: ROOT,
    timeout: 30_000,
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(errors).toBe('');
  expect(code).toBe(0);
  return output;
}

/** A JSON document, or one a line, with every number 0: those depend on the training. */
function shapeOf(text: string): unknown[] {
  const parse = (json: string): unknown =>
    JSON.parse(json, (_, value: unknown) => (typeof value === 'number' ? 0 : value));
  try {
    return [parse(text)];
  } catch {
    return text.trim().split('\n').map(parse);
  }
}

describe('docs/serving.md', () => {
  it('has examples of every protocol', () => {
    const commands = EXAMPLES.map(({ command }) => command).join('\n');
    for (const path of ['/predict', '/v1/models/', '/v2/models/', '/v2/repository/']) {
      expect(commands).toContain(path);
    }
  });

  it.each(EXAMPLES)('shows what the server answers to $command', async ({ command, answer }) => {
    const answered = await run(command);
    if (answer !== undefined) expect(shapeOf(answered)).toEqual(shapeOf(answer));
  });
});
