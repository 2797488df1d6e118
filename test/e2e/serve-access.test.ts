import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CreateKeyResult } from '../../src/steps/keys.js';
import type { ServeResult } from '../../src/steps/serve/serve.js';
import type { UsageResult } from '../../src/steps/usage.js';
import { runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';
import { publishPenguinRun } from '../helpers/penguin-run.js';
import { PENGUIN } from '../helpers/penguins.js';
import { tlsFile } from '../helpers/tls.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));
const TLS = ['--tls-cert', tlsFile('server.pem'), '--tls-key', tlsFile('server.key')];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  await publishPenguinRun(join(cwd, '.aimaas'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder.dispose());

interface Started {
  readonly child: ChildProcess;
  readonly ready: ServeResult;
  stderr(): string;
}

/** Starts the real server on a free port and waits for the line that says where it is. */
async function start(...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [EXECUTABLE, 'serve', '--port', '0', '--json', ...args], { cwd });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`serve ended with ${String(code)}: ${stderr}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return { child, ready: JSON.parse(line) as ServeResult, stderr: () => stderr };
}

async function ask({ ready }: Started, key?: string): Promise<number> {
  const response = await fetch(`${ready.url}/predict`, {
    method: 'POST',
    body: JSON.stringify({ records: [PENGUIN] }),
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  await response.text();
  return response.status;
}

/** Asks until the answer is as expected, for at most some seconds. */
async function becomes(status: number, server: Started, key?: string): Promise<void> {
  let seen = 0;
  for (let i = 0; i < 100; i++) {
    seen = await ask(server, key);
    if (seen === status) return;
    await sleep(100);
  }
  expect(seen).toBe(status);
}

describe('listening beyond this machine', () => {
  it('is refused without keys or TLS, and says what to do', async () => {
    const { code, stderr, stdout } = await spawnCli(['serve', '--host', '0.0.0.0', '--port', '0'], { cwd });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const words of ['aimaas keys create', '--tls-cert', '--insecure']) expect(stderr).toContain(words);
  });

  it.each([
    ['--insecure', ['--insecure'], /no API keys are demanded/],
    ['TLS', TLS, /no API keys are demanded/],
    ['keys', ['--keys'], /unencrypted, unless a proxy/],
    ['client certificates', [...TLS, '--tls-client-ca', tlsFile('authority.pem')], /^$/],
  ])('works with %s', async (_, args, warning) => {
    const server = await start('--host', '0.0.0.0', '-q', ...args);
    expect(server.ready.host).toBe('0.0.0.0');
    const exit = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(server.stderr()).toMatch(warning);
  });

  it.each([
    [['--tls-cert', tlsFile('server.pem')], '--tls-key is missing'],
    [['--tls-client-ca', tlsFile('authority.pem')], '--tls-cert and --tls-key is missing'],
    [['--tls-cert', tlsFile('expired.pem'), '--tls-key', tlsFile('expired.key')], 'expired at 2020-02-01'],
  ])('is refused with %j', async (args, words) => {
    const { code, stderr } = await spawnCli(['serve', '--port', '0', ...args], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('keys of the workspace', () => {
  it('are demanded as soon as there are any, and noticed while the server runs', async () => {
    const server = await start();
    expect(server.ready.keys).toBe(false);
    expect(await ask(server)).toBe(200);
    const { key, info } = await runJson<CreateKeyResult>(['keys', 'create', 'acme'], { cwd });
    await becomes(401, server);
    expect(await ask(server, key)).toBe(200);
    const second = await runJson<CreateKeyResult>(['keys', 'create', 'later'], { cwd });
    expect(await ask(server, second.key)).toBe(200);
    await runCli(['keys', 'revoke', info.id], { cwd });
    await becomes(401, server, key);
    expect(await ask(server, second.key)).toBe(200);

    const next = await start();
    expect(next.ready.keys).toBe(true);
    expect(await ask(next)).toBe(401);
    expect(await ask(next, second.key)).toBe(200);
    const open = await start('--no-keys');
    expect(await ask(open)).toBe(200);
  });

  it('can be a copy for a machine without the workspace', async () => {
    const { key } = await runJson<CreateKeyResult>(['keys', 'create', 'elsewhere'], { cwd });
    const copy = join(cwd, 'copy.json');
    await copyFile(join(cwd, '.aimaas', 'access', 'keys.json'), copy);
    await runCli(['keys', 'revoke', 'elsewhere'], { cwd });
    const server = await start('--keys-file', copy);
    expect(await ask(server, key)).toBe(200);
    const missing = await start('--keys-file', join(cwd, 'nothing.json'));
    expect(await ask(missing, key)).toBe(401);
  });
});

describe('usage', () => {
  it('is added up over servers and restarts, and quotas hold across them', async () => {
    const argv = ['keys', 'create', 'metered', '--quota', 'rows=5/month'];
    const { key, info } = await runJson<CreateKeyResult>(argv, { cwd });
    for (let round = 0; round < 2; round++) {
      const server = await start();
      for (let i = 0; i < 2; i++) expect(await ask(server, key)).toBe(200);
      const exit = once(server.child, 'exit');
      server.child.kill('SIGTERM');
      await exit;
    }
    const server = await start();
    expect(await ask(server, key)).toBe(200);
    expect(await ask(server, key)).toBe(429);
    const exit = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await exit;

    const result = await runJson<UsageResult>(['usage', '--key', 'metered'], { cwd });
    expect(result.lines).toMatchObject([
      { key: info.id, name: 'metered', model: 'penguins', day: null, requests: 6, errors: 1, rows: 5 },
    ]);
    expect(result.total.computeSeconds).toBeGreaterThan(0);
    const csv = await runCli(['usage', '--key', info.id, '--by', 'key', '--csv'], { cwd });
    expect(csv.stdout).toMatch(
      new RegExp(`^name,key,requests,errors,rows,computeSeconds\nmetered,${info.id},6,1,5,0\\.\\d+\n$`),
    );
    expect((await runCli(['usage', '--key', info.id, '-q'], { cwd })).stdout).toBe('5\n');
    expect((await runCli(['usage', '--by', 'day,model'], { cwd })).stdout).toMatch(/day +model +requests/);
  });

  it('and quotas are of all workers together', async () => {
    const argv = ['keys', 'create', 'shared', '--quota', 'rows=20/day'];
    const { key } = await runJson<CreateKeyResult>(argv, { cwd });
    const server = await start('--workers', '2');
    const statuses = await Promise.all(Array.from({ length: 30 }, () => ask(server, key)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const exit = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await exit;
    const { total } = await runJson<UsageResult>(['usage', '--key', 'shared'], { cwd });
    expect(total).toMatchObject({ requests: 30, errors: 10, rows: 20 });
  });

  it('survives a killed server but for some seconds', async () => {
    const { key } = await runJson<CreateKeyResult>(['keys', 'create', 'killed'], { cwd });
    const server = await start();
    expect(await ask(server, key)).toBe(200);
    let rows = 0;
    for (let i = 0; i < 100 && rows === 0; i++) {
      await sleep(100);
      rows = (await runJson<UsageResult>(['usage', '--key', 'killed'], { cwd })).total.rows;
    }
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    expect((await runJson<UsageResult>(['usage', '--key', 'killed'], { cwd })).total.rows).toBe(1);
  });

  it.each([
    [['--since', '2026-02-30'], 2, '--since must be a day such as'],
    [['--since', '2026-02-02', '--until', '2026-02-01'], 2, 'is after --until'],
    [['--key', 'nobody'], 4, 'There is no API key "nobody"'],
    [['--by', 'week'], 2, 'The choices are'],
  ])('refuses %j', async (args, code, words) => {
    const result = await runCli(['usage', ...args], { cwd });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(words);
  });
});

describe('TLS', () => {
  it('answers predictions to clients that know the authority', async () => {
    const server = await start('--no-keys', ...TLS);
    expect(server.ready.url).toMatch(/^https:/);
    const ca = await readFile(tlsFile('authority.pem'));
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${server.ready.url}/predict`, { method: 'POST', ca }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify({ records: [PENGUIN] }));
    });
    expect(status).toBe(200);
  });
});
