import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import type { Reporter } from '../core/reporter.js';
import { storageError } from './atomic.js';
import { isAlive } from './owner.js';

type Owner = { readonly pid: number; readonly host: string };

/** Who holds the lock file, or undefined when its owner is gone or it is unreadable and old. */
async function holder(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner;
    return owner.host !== hostname() || isAlive(owner.pid) ? owner : undefined;
  } catch {
    // Between its creation and the writing of its content a lock is empty; a killed process may leave it so.
    const age = await stat(path).then(
      (file) => Date.now() - file.mtimeMs,
      () => Infinity,
    );
    return age < 5_000 ? { pid: 0, host: hostname() } : undefined;
  }
}

/** Whether a process holds the lock at `path`. */
export async function isLocked(path: string): Promise<boolean> {
  return (await holder(path)) !== undefined;
}

/** Makes the lock file; gives what stands in it, or undefined where there is one already. */
async function tryAcquire(path: string): Promise<string | undefined> {
  const owner: Owner = { pid: process.pid, host: hostname() };
  const content = JSON.stringify({ ...owner, nonce: randomBytes(6).toString('hex') });
  const file = await create(path);
  if (file === undefined) return undefined;
  try {
    await file.writeFile(content).finally(() => file.close());
  } catch (error) {
    // A full disk: the empty lock must not stand in anybody's way.
    await rm(path, { force: true });
    throw storageError(error, path);
  }
  return content;
}

/** The file newly made, or undefined where there is one. */
async function create(path: string): Promise<FileHandle | undefined> {
  try {
    await makeFolder(dirname(path));
  } catch (error) {
    throw storageError(error, dirname(path));
  }
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw storageError(error, path);
  }
}

async function release(path: string, content: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === content) await rm(path, { force: true });
}

/**
 * Removes the lock of an owner that died. Of several that wait only one may: otherwise the second would remove the lock
 * that the first has taken meanwhile. So whoever removes holds a lock for that, and looks once more.
 */
async function removeAbandoned(path: string): Promise<void> {
  const guard = `${path}.abandoned`;
  const content = await tryAcquire(guard);
  if (content === undefined) {
    if ((await holder(guard)) === undefined) await removeAbandoned(guard);
    else await sleep(20);
    return;
  }
  try {
    if ((await holder(path)) === undefined) await rm(path, { force: true });
  } finally {
    await release(guard, content);
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
  let content = await tryAcquire(path);
  for (; content === undefined; content = await tryAcquire(path)) {
    const owner = await holder(path);
    if (owner === undefined) {
      await removeAbandoned(path);
      throwIfAborted(options.signal);
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
    await release(path, content);
  }
}
