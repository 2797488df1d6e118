import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { withLock } from '../../../src/workspace/lock.js';
import { temporaryFolder } from '../../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

const LOCK_MODULE = new URL('../../../dist/workspace/lock.js', import.meta.url).href;

/** A process of its own that runs `body` while it holds the lock. */
function otherProcess(lock: string, body: string): ReturnType<typeof spawn> {
  const script = `
    import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(LOCK_MODULE)};
    const reporter = { info() {}, warn() {}, debug() {} };
    await withLock(${JSON.stringify(lock)}, { reporter, what: 'the counter' }, async () => { ${body} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function readyLine(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.stdout === null) throw new Error('the process has no stdout');
  await once(child.stdout, 'data');
}

describe('withLock', () => {
  test('processes take turns: none of their counts is lost', async () => {
    const counter = join(folder.path, 'counter');
    const lock = join(folder.path, 'locks', 'counter.lock');
    await writeFile(counter, '0');
    const body = `
      const before = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
      await sleep(30);
      writeFileSync(${JSON.stringify(counter)}, String(before + 1));`;
    const children = Array.from({ length: 4 }, () => otherProcess(lock, body));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0] as number));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(await readFile(counter, 'utf8')).toBe('4');
  });

  test('of many that find the lock of a dead process, one at a time takes it over', async () => {
    const lock = join(folder.path, 'dead.lock');
    const owners = join(folder.path, 'owners');
    const dead = otherProcess(lock, `console.log('held'); await sleep(60_000);`);
    await readyLine(dead);
    const closed = once(dead, 'close');
    dead.kill('SIGKILL');
    await closed;
    const abandoned = await readFile(lock, 'utf8');
    for (let round = 0; round < 6; round++) {
      await writeFile(lock, abandoned);
      // As a process leaves it that is killed while it takes a lock over.
      if (round % 2 === 1) await writeFile(`${lock}.abandoned`, abandoned);
      let inside = 0;
      const most: number[] = [];
      const options = { reporter: silentReporter, what: 'the lock' };
      const attempts = Array.from({ length: 4 }, () =>
        withLock(lock, options, async () => {
          most.push(++inside);
          await writeFile(owners, String(inside));
          inside--;
        }),
      );
      await Promise.all(attempts);
      expect(most).toEqual(Array.from({ length: 4 }, () => 1));
    }
    expect(await readdir(folder.path)).toEqual(['owners']);
  });

  test('a second one waits, says for whom, and gives up after its timeout', async () => {
    const lock = join(folder.path, 'x.lock');
    const child = otherProcess(lock, `console.log('held'); await sleep(60_000);`);
    try {
      await readyLine(child);
      const said: string[] = [];
      const reporter = { ...silentReporter, info: (message: string) => void said.push(message) };
      const attempt = withLock(lock, { reporter, timeout: 250, what: 'run 12ab' }, () => Promise.resolve());
      await expect(attempt).rejects.toMatchObject({ code: 'ARTIFACT_IN_USE', exitCode: 4 });
      expect(said).toEqual([
        `Waiting for another process (pid ${child.pid ?? 0}) that is writing run 12ab …`,
      ]);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  test('a lock whose owner was killed is taken over', async () => {
    const lock = join(folder.path, 'x.lock');
    const child = otherProcess(lock, `console.log('held'); await sleep(60_000);`);
    await readyLine(child);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: child.pid });
    const options = { reporter: silentReporter, timeout: 5000, what: 'x' };
    expect(await withLock(lock, options, () => Promise.resolve('mine'))).toBe('mine');
  });

  test('a folder that cannot be made is an error, not a lock to wait for', async () => {
    await writeFile(join(folder.path, 'locks'), 'a file');
    const options = { reporter: silentReporter, what: 'x' };
    const attempt = withLock(join(folder.path, 'locks', 'x.lock'), options, () => Promise.resolve());
    await expect(attempt).rejects.toMatchObject({ code: 'STORAGE', exitCode: 4 });
  });

  test('is free again after an error, and an interruption ends the waiting', async () => {
    const lock = join(folder.path, 'x.lock');
    const options = { reporter: silentReporter, what: 'x' };
    await expect(withLock(lock, options, () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    const controller = new AbortController();
    await withLock(lock, options, async () => {
      const waiting = withLock(lock, { ...options, signal: controller.signal }, () => Promise.resolve());
      const outcome = expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await sleep(20);
      controller.abort();
      await outcome;
    });
  });
});
