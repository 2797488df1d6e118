import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServeResult } from '../../src/steps/serve/serve.js';
import { temporaryFolder } from '../helpers/cli.js';
import { PENGUIN } from '../helpers/penguins.js';
import { PenguinVersions } from '../helpers/penguin-versions.js';
import { until } from '../helpers/serving.js';

/**
 * AIMAAS_LOAD=50 sends 50 SIGTERMs to each kind of server, and makes the other tests minutes long; without it they show
 * the same in seconds.
 */
const FULL = process.env.AIMAAS_LOAD !== undefined;
const SIGTERMS = Number(process.env.AIMAAS_LOAD ?? 2);

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

let cwd: string;
let versions: PenguinVersions;
let dispose: () => Promise<void>;
const children: ChildProcess[] = [];

beforeAll(async () => {
  const folder = await temporaryFolder();
  cwd = folder.path;
  dispose = () => folder.dispose();
  versions = new PenguinVersions(join(cwd, '.aimaas'));
  await versions.publish('penguins');
  await versions.publish('penguins');
  await versions.alias('penguins', 'champion', 1);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
});
afterAll(() => dispose());

async function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [EXECUTABLE, 'serve', '--port', '0', '--json', ...args], { cwd });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`serve ended: ${stderr}`);
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [
    string,
  ];
  return { child, ready: JSON.parse(line) as ServeResult, stderr: () => stderr };
}

interface Outcomes {
  /** Requests that were handed to a connection. */
  sent: number;
  /** By status, or by the code of the error. */
  readonly ends: Map<string, number>;
  readonly milliseconds: number[];
  retryAfter: boolean;
}

/** Clients that ask one after the other on connections they keep, until they are stopped or cannot connect. */
function load(port: number, clients: number, rows = 1) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const body = JSON.stringify({ records: Array.from({ length: rows }, () => PENGUIN) });
  const outcomes: Outcomes = { sent: 0, ends: new Map(), milliseconds: [], retryAfter: true };
  let running = true;
  const once = (): Promise<string> =>
    new Promise((resolve) => {
      const started = performance.now();
      const call = request({ port, agent, path: '/predict', method: 'POST' }, (response) => {
        const { statusCode = 0, headers } = response;
        if (statusCode === 503 && headers['retry-after'] === undefined) outcomes.retryAfter = false;
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          if (!response.complete) return resolve('cut off');
          outcomes.milliseconds.push(performance.now() - started);
          resolve(String(statusCode));
        });
        response.resume();
      });
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      call.end(body);
      outcomes.sent++;
    });
  const client = async (): Promise<void> => {
    while (running) {
      const end = await once();
      outcomes.ends.set(end, (outcomes.ends.get(end) ?? 0) + 1);
      if (end === 'ECONNREFUSED') return;
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    outcomes,
    answered: () => outcomes.ends.get('200') ?? 0,
    finished: done,
    async stop(): Promise<Outcomes> {
      running = false;
      await done;
      agent.destroy();
      return outcomes;
    },
  };
}

/** The version that answers on a connection of its own. */
function versionOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/predict`, { method: 'POST', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve((JSON.parse(text) as { model: { version: number } }).model.version));
    });
    call.on('error', reject);
    call.end(JSON.stringify({ records: [PENGUIN] }));
  });
}

function total(ends: ReadonlyMap<string, number>): number {
  return [...ends.values()].reduce((sum, count) => sum + count, 0);
}

/** Resident memory of a process and its children in MiB. */
function memoryOf(pid: number): number {
  const pids = [pid, ...childrenOf(pid)];
  const kibibytes = pids.map((one) => {
    const status = readFileSync(`/proc/${one}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  });
  return kibibytes.reduce((sum, one) => sum + one, 0) / 1024;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function isRunning(pid: number): boolean {
  try {
    // One that has ended and that nobody has asked about yet is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A figure for those who read the log of a long run. */
function note(text: string): void {
  process.stdout.write(`${text}\n`);
}

function p99(milliseconds: readonly number[]): number {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}

describe('SIGTERM under load', () => {
  it.each([1, 2])(
    'loses no request with %i process(es): each one sent is answered',
    async (workers) => {
      const lost = new Map<string, number>();
      let sent = 0;
      for (let round = 0; round < SIGTERMS; round++) {
        const { child, ready } = await start('penguins/1', '--workers', String(workers));
        const clients = load(ready.port, 16);
        await until(() => clients.answered() > 50 + round * 3);
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        expect(await exit).toEqual([0, null]);
        await clients.finished;
        const { ends, sent: asked } = await clients.stop();
        expect(total(ends)).toBe(asked);
        sent += asked;
        // Each client ends with one connection that nobody takes: nothing of that request was sent.
        for (const [end, count] of ends) {
          if (end !== '200' && end !== 'ECONNREFUSED') lost.set(end, (lost.get(end) ?? 0) + count);
        }
      }
      if (FULL)
        note(`SIGTERM, ${workers} process(es): ${sent} requests sent, lost: ${JSON.stringify([...lost])}`);
      expect([...lost]).toEqual([]);
    },
    FULL ? 300_000 : 60_000,
  );
});

describe('overload', () => {
  it('refuses honestly what it cannot take, answers the rest, and does not grow', async () => {
    const { child, ready } = await start('penguins/1', '--max-queue', '128', '--max-batch-rows', '32');
    const clients = load(ready.port, 200, 16);
    await until(() => clients.answered() > 20);
    await sleep(FULL ? 10_000 : 1_500);
    const before = memoryOf(child.pid as number);
    await sleep(FULL ? 20_000 : 2_000);
    const after = memoryOf(child.pid as number);
    const { ends, retryAfter } = await clients.stop();
    const refused = ends.get('503') ?? 0;
    if (FULL) note(`Overload: ${JSON.stringify([...ends])}, ${before.toFixed(0)} → ${after.toFixed(0)} MiB`);
    expect([...ends.keys()].sort()).toEqual(['200', '503']);
    expect(refused).toBeGreaterThan(0);
    expect(retryAfter).toBe(true);
    expect(after).toBeLessThan(before * 1.3 + 64);
    expect((await fetch(`${ready.url}/readyz`)).status).toBe(200);
  }, 90_000);
});

describe('workers', () => {
  it('one that is killed under load takes only its own connections with it, and is replaced', async () => {
    const { child, ready, stderr } = await start('penguins/1', '--workers', '2');
    const clients = load(ready.port, 8);
    await until(() => clients.answered() > 100);
    const [victim = 0] = childrenOf(child.pid as number);
    process.kill(victim, 'SIGKILL');
    await until(() => stderr().includes(`(process ${victim}) ended by itself: SIGKILL`));
    const then = clients.answered();
    await until(() => clients.answered() > then + 100);
    await until(() => childrenOf(child.pid as number).length === 2);
    const { ends } = await clients.stop();
    const failed = total(ends) - (ends.get('200') ?? 0);
    // At most the one request that each client had under way.
    expect(failed).toBeLessThanOrEqual(8);
    await until(async () => {
      const text = await (await fetch(`${ready.url}/metrics`)).text();
      return text.includes('aimaas_worker_restarts_total 1') && /^aimaas_workers 2$/m.test(text);
    });
    // Answers of both workers are in one sum.
    const again = load(ready.port, 8);
    await until(() => again.answered() > 50);
    await again.stop();
  }, 60_000);

  it('get the connections that were on their way to one that was killed', async () => {
    const { child, ready } = await start('penguins/1', '--workers', '2');
    const [victim = 0] = childrenOf(child.pid as number);
    // Stopped, it takes none of the connections it is handed: they are on their way when it is killed.
    process.kill(victim, 'SIGSTOP');
    const ends: string[] = [];
    const asked = Array.from({ length: 16 }, () =>
      versionOf(ready.url).then(
        () => ends.push('answered'),
        () => ends.push('cut off'),
      ),
    );
    await until(() => ends.length >= 8);
    process.kill(victim, 'SIGKILL');
    await Promise.all(asked);
    // The one that had left for the process is lost with it.
    expect(ends.filter((end) => end === 'cut off').length).toBeLessThanOrEqual(1);
  }, 60_000);

  it('end with the server even when it is killed, those that are still starting among them', async () => {
    const { child } = await start('penguins/1', '--workers', '2');
    const first = childrenOf(child.pid as number);
    expect(first).toHaveLength(2);
    process.kill(first[0] as number, 'SIGKILL');
    let now: number[] = [];
    await until(() => {
      now = childrenOf(child.pid as number);
      return now.some((pid) => !first.includes(pid));
    });
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    await until(() => now.every((pid) => !isRunning(pid)));
  }, 60_000);

  it('all change the version when an alias moves, without failing a request', async () => {
    const { ready } = await start('penguins@champion', '--workers', '2');
    const clients = load(ready.port, 16);
    await until(() => clients.answered() > (FULL ? 3_000 : 300));
    const before = p99(clients.outcomes.milliseconds.splice(0));
    const rounds = FULL ? 6 : 2;
    for (let round = 0; round < rounds; round++) {
      const version = 2 - (round % 2);
      await versions.alias('penguins', 'champion', version);
      // Fresh connections reach every process in turn.
      await until(async () => {
        const seen = await Promise.all(Array.from({ length: 8 }, () => versionOf(ready.url)));
        return seen.every((one) => one === version);
      });
    }
    const { ends, milliseconds } = await clients.stop();
    if (FULL)
      note(`Swaps: p99 ${before.toFixed(1)} ms before, ${p99(milliseconds).toFixed(1)} ms while swapping`);
    expect([...ends.keys()]).toEqual(['200']);
  }, 240_000);
});
