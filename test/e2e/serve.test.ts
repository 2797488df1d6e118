import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServeResult } from '../../src/steps/serve/serve.js';
import { spawnCli, temporaryFolder } from '../helpers/cli.js';
import { publishPenguinRun } from '../helpers/penguin-run.js';
import { PENGUIN } from '../helpers/penguins.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

let cwd: string;
let dispose: () => Promise<void>;
let run: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  const folder = await temporaryFolder();
  cwd = folder.path;
  dispose = () => folder.dispose();
  run = await publishPenguinRun(join(cwd, '.aimaas'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => dispose());

/** Starts the real server on a free port and waits for the line that says where it is. */
async function start(args: readonly string[], flag = '--json') {
  const child = spawn(process.execPath, [EXECUTABLE, 'serve', '--port', '0', flag, ...args], { cwd });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`serve ended with ${String(code)}: ${stderr}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return { child, line };
}

async function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body) });
}

describe('aimaas serve', () => {
  it('says where it is, answers its own example, and ends well on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, line } = await start([]);
      const ready = JSON.parse(line) as ServeResult;
      expect(ready).toMatchObject({
        schemaVersion: 1,
        host: '127.0.0.1',
        pid: child.pid,
        models: [{ name: 'penguins', version: null, aliases: [], folder: join(cwd, '.aimaas', 'runs', run) }],
      });
      const answer = await post(`${ready.url}/predict`, ready.example);
      expect(answer.status).toBe(200);
      expect((await fetch(`${ready.url}/readyz`)).status).toBe(200);
      const exit = once(child, 'exit');
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      await expect(fetch(`${ready.url}/healthz`)).rejects.toThrow();
    }
  });

  it('says how to ask it, in a line that a shell understands', async () => {
    const child = spawn(process.execPath, [EXECUTABLE, 'serve', '--port', '0'], { cwd });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stderr }), 'line')) as [string];
    expect(line).toMatch(/Serving penguins at http:\/\/127\.0\.0\.1:\d+ /);
    const command = /Try: (curl .*)$/.exec(line)?.[1] ?? '';
    // A curl that tells what it was given, so that the test needs none.
    const curl = `curl() { ${process.execPath} -p 'JSON.stringify(process.argv.slice(1))' -- "$@"; }`;
    const { stdout } = spawnSync('bash', ['-c', `${curl}; ${command}`], { encoding: 'utf8' });
    const [url = '', , header, , body = ''] = JSON.parse(stdout) as string[];
    expect(header).toBe('Content-Type: application/json');
    expect((await post(url, JSON.parse(body))).status).toBe(200);
  });

  it('answers the same as predict', async () => {
    const { line: url } = await start([run], '-q');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const served = (await (await post(`${url}/predict`, { records: [PENGUIN] })).json()) as {
      predictions: unknown[];
    };
    const { stdout } = await spawnCli(['predict', '-'], { cwd, stdin: JSON.stringify(PENGUIN) });
    expect(served.predictions).toEqual([JSON.parse(stdout)]);
  });

  it('answers what has arrived when it is told to stop', async () => {
    const { child, line: url } = await start([], '-q');
    const records = Array.from({ length: 3000 }, () => PENGUIN);
    let refused = 0;
    const clients = Array.from({ length: 8 }, async () => {
      for (;;) {
        try {
          const response = await post(`${url}/predict`, { records });
          const { predictions } = (await response.json()) as { predictions: unknown[] };
          expect(predictions).toHaveLength(records.length);
        } catch (error) {
          const cause = (error as { cause?: { code?: string; errors?: { code: string }[] } }).cause;
          // Refused; or reset, where the system had taken the connection and the server had not yet.
          expect(cause?.code ?? cause?.errors?.[0]?.code).toMatch(/^ECONNRE(FUSED|SET)$/);
          refused++;
          return;
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.all(clients);
    expect(refused).toBe(8);
    expect(await exit).toEqual([0, null]);
  });

  it.each([
    [['nothing'], 4, 'nothing'],
    [['--port', '99999'], 2, '99999'],
    [['--host', '192.0.2.1', '--insecure'], 2, '192.0.2.1 is not an address of this machine'],
  ])('refuses %j with exit code %i', async (args, code, words) => {
    const result = await spawnCli(['serve', ...args], { cwd });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(words);
    expect(result.stdout).toBe('');
  });
});
