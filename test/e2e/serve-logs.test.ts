import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSchema } from '../../src/server/grpc/schema.js';
import type { ShowAuditResult, VerifyAuditResult } from '../../src/steps/audit.js';
import type { CreateKeyResult } from '../../src/steps/keys.js';
import type { ServeResult } from '../../src/steps/serve/serve.js';
import { runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';
import { publishPenguinRun } from '../helpers/penguin-run.js';
import { PENGUIN } from '../helpers/penguins.js';
import { tlsFile } from '../helpers/tls.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
let created: CreateKeyResult;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  await publishPenguinRun(join(cwd, '.aimaas'));
  created = await runJson<CreateKeyResult>(['keys', 'create', 'acme'], { cwd });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder.dispose());

async function start(...args: readonly string[]): Promise<{ child: ChildProcess; ready: ServeResult }> {
  const argv = [EXECUTABLE, 'serve', '--port', '0', '--json', '-q', ...args];
  const child = spawn(process.execPath, argv, { cwd });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`serve ended with ${String(code)}: ${stderr}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return { child, ready: JSON.parse(line) as ServeResult };
}

async function ask(url: string, id: string, rows: number, key?: string): Promise<number> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    body: JSON.stringify({ records: Array.from({ length: rows }, () => PENGUIN) }),
    headers: { 'x-request-id': id, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
  });
  await response.text();
  return response.status;
}

const inputs = Object.entries(PENGUIN).map(([name, value]) =>
  typeof value === 'number'
    ? { name, datatype: 'FP64', shape: [1], contents: { fp64_contents: [value] } }
    : { name, datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from(String(value))] } },
);

/** Asks the model by gRPC. @returns the status of the call. */
async function infer(
  port: number | null,
  credentials: grpc.ChannelCredentials,
  id: string,
  key?: string,
): Promise<grpc.status> {
  const type = loadSchema().root.lookupType('inference.ModelInferRequest');
  const client = new grpc.Client(`127.0.0.1:${String(port)}`, credentials);
  const metadata = new grpc.Metadata();
  metadata.set('x-request-id', id);
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/inference.GRPCInferenceService/ModelInfer',
      (value: object) => Buffer.from(type.encode(type.fromObject(value)).finish()),
      (bytes: Buffer) => bytes,
      { model_name: 'penguins', inputs },
      metadata,
      { deadline: Date.now() + 10_000 },
      (error) => {
        client.close();
        resolve(error?.code ?? grpc.status.OK);
      },
    );
  });
}

async function logged(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(cwd, file), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  for (const secret of [created.key, ...Object.values(PENGUIN)]) {
    if (typeof secret === 'string') expect(text).not.toContain(secret);
  }
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the logs of a server', () => {
  it.each([
    ['one process', []],
    ['two workers', ['--workers', '2']],
  ])('hold every request, by HTTP and by gRPC: %s', async (name, args) => {
    const { key, info } = created;
    const file = `${name.replace(' ', '-')}.jsonl`;
    const logs = ['--access-log', file, '--log-format', 'json', '--audit-predictions'];
    const { child, ready } = await start('--grpc-port', '0', ...logs, ...args);
    const many = Array.from({ length: 8 }, (_, i) => `${name.slice(0, 3)}-${i}`);
    const statuses = await Promise.all(many.map((id) => ask(ready.url, id, 2, key)));
    expect(statuses).toEqual(many.map(() => 200));
    expect(await ask(ready.url, 'nobody', 1)).toBe(401);
    const clear = grpc.credentials.createInsecure();
    expect(await infer(ready.grpcPort, clear, 'by-grpc', key)).toBe(grpc.status.OK);
    expect(await infer(ready.grpcPort, clear, 'nobody-by-grpc')).toBe(grpc.status.UNAUTHENTICATED);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);

    const lines = new Map((await logged(file)).map((line) => [line['request_id'], line]));
    expect([...lines.keys()].sort()).toEqual([...many, 'nobody', 'by-grpc', 'nobody-by-grpc'].sort());
    const answered = {
      level: 'info',
      status: 200,
      error: null,
      model: 'penguins',
      version: null,
      key: info.id,
    };
    const common = { method: 'POST', remote: expect.stringContaining('127.0.0.1') as string };
    for (const id of many) {
      const line = { ...answered, ...common, protocol: 'http', path: '/predict', rows: 2 };
      expect(lines.get(id)).toMatchObject(line);
    }
    expect(lines.get('by-grpc')).toMatchObject({ ...answered, ...common, protocol: 'grpc', rows: 1 });
    for (const id of ['nobody', 'nobody-by-grpc']) {
      expect(lines.get(id)).toMatchObject({ status: 401, error: 'UNAUTHENTICATED', key: null, model: null });
    }

    const shown = await runJson<ShowAuditResult>(['audit', 'show', '--limit', '9'], { cwd });
    expect(shown.entries.map(({ action }) => action)).toEqual(
      Array.from({ length: 9 }, () => 'server.predict'),
    );
    expect(shown.entries.map(({ details }) => details['requestId']).sort()).toEqual(
      [...many, 'by-grpc'].sort(),
    );
    for (const { actor, target, result } of shown.entries) {
      expect(actor).toContain(info.id);
      expect([target, result]).toEqual(['penguins', 'ok']);
    }
    const { code, stdout } = await runCli(['audit', 'verify'], { cwd });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\d/)]);
  });

  it('are checked, and name the line that was changed', async () => {
    const all = await runJson<ShowAuditResult>(['audit', 'show', '--action', 'keys'], { cwd });
    expect(all.entries).toMatchObject([{ seq: 1, action: 'keys.create', result: 'ok' }]);
    const verified = await runJson<VerifyAuditResult>(['audit', 'verify'], { cwd });
    expect(verified).toMatchObject({ sealed: true });
    expect(verified.entries).toBeGreaterThan(18);
    const { stdout: place } = await runCli(['audit', 'verify', '-q'], { cwd });
    expect(place.trim()).toBe(verified.head);
    expect((await runCli(['audit', 'verify', '--holds', place.trim()], { cwd })).code).toBe(0);

    const path = join(cwd, '.aimaas', 'audit', 'log.jsonl');
    await copyFile(path, `${path}.kept`);
    const [first = ''] = (await readFile(path, 'utf8')).split('\n');
    await appendFile(path, `${first}\n`);
    for (const argv of [
      ['audit', 'verify'],
      ['audit', 'show'],
    ]) {
      const { code, stderr } = await runCli(argv, { cwd });
      expect([argv, code]).toEqual([argv, 4]);
      expect(stderr).toContain(`line ${verified.entries + 1}`);
    }
    await copyFile(`${path}.kept`, path);
    expect((await runCli(['audit', 'verify'], { cwd })).code).toBe(0);
  });
});

describe('the gRPC port', () => {
  it.each([[[]], [['--workers', '2']]])(
    'has the certificate, client authority and keys of the server: %j',
    async (args) => {
      const tls = ['--tls-cert', tlsFile('server.pem'), '--tls-key', tlsFile('server.key')];
      const authority = ['--tls-client-ca', tlsFile('authority.pem')];
      const { ready } = await start('--host', '0.0.0.0', '--grpc-port', '0', ...tls, ...authority, ...args);
      const [ca, clientKey, clientCert] = await Promise.all(
        ['authority.pem', 'client.key', 'client.pem'].map((file) => readFile(tlsFile(file))),
      );
      const known = grpc.credentials.createSsl(ca, clientKey, clientCert);
      expect(await infer(ready.grpcPort, known, 'known', created.key)).toBe(grpc.status.OK);
      expect(await infer(ready.grpcPort, known, 'no-key')).toBe(grpc.status.UNAUTHENTICATED);
      const stranger = grpc.credentials.createSsl(ca);
      expect(await infer(ready.grpcPort, stranger, 'stranger', created.key)).not.toBe(grpc.status.OK);
    },
  );

  it.each([[[]], [['--workers', '2']]])(
    'is not opened to everybody without being told to: %j',
    async (args) => {
      const argv = ['serve', '--no-keys', '--host', '0.0.0.0', '--port', '0', '--grpc-port', '0', ...args];
      const { code, stderr, stdout } = await spawnCli(argv, { cwd });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('there are no API keys and no TLS');
    },
  );
});
