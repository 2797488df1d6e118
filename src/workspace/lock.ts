import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { Reporter } from '../core/reporter.js';
import { storageError } from './atomic.js';

type Owner = { readonly pid: number; readonly host: string };

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Who holds the lock file, or undefined when its owner is gone or it is unreadable and old. */
async function holder(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner;
    return isAlive(owner) ? owner : undefined;
  } catch {
    // Between its creation and the writing of its content a lock is empty; a killed process may leave it so.
    const age = await stat(path).then(
      (file) => Date.now() - file.mtimeMs,
      () => Infinity,
    );
    return age < 5_000 ? { pid: 0, host: hostname() } : undefined;
  }
}

async function tryAcquire(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw storageError(error, path);
  }
}

export interface LockOptions {
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for another process before giving up. */
  readonly timeout?: number | undefined;
  /** What the lock protects, for the message: "run 3fa2". */
  readonly what: string;
}

/**
 * Runs `work` while holding the lock file at `path`. A second process waits and says so; a lock whose owner has died
 * is taken over.
 * @throws AimaasError ARTIFACT_IN_USE when the lock is not free within the timeout.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + (options.timeout ?? 60_000);
  let told = false;
  while (!(await tryAcquire(path))) {
    const owner = await holder(path);
    if (owner === undefined) {
      await rm(path, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new AimaasError(
        'ARTIFACT_IN_USE',
        `Another process (pid ${owner.pid} on ${owner.host}) is still writing ${options.what}.`,
        { hint: `Wait for it to end, or remove ${path} if that process is gone.` },
      );
    }
    if (!told) {
      options.reporter.info(
        `Waiting for another process (pid ${owner.pid}) that is writing ${options.what} …`,
      );
      told = true;
    }
    await sleep(100);
    throwIfAborted(options.signal);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
