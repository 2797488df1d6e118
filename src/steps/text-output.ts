import { once } from 'node:events';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { makeFolder } from '../core/make-folder.js';
import { storageError, temporaryName } from '../workspace/atomic.js';

/** Somewhere to write a text piece by piece, no faster than it is taken. */
export interface TextOutput {
  /** False: whoever read it has gone away, so that writing more is in vain. */
  write(text: string): Promise<boolean>;
  /** Makes what was written stand. */
  finish(): Promise<void>;
  /** Leaves nothing of a file behind. */
  abandon(): Promise<void>;
}

/** A stream that is already there, such as stdout; it is not closed. */
export function streamOutput(stream: Writable): TextOutput {
  let failure: NodeJS.ErrnoException | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    failure = error;
  };
  stream.on('error', onError);
  const settle = (): boolean => {
    if (failure === undefined) return !stream.destroyed;
    if (failure.code === 'EPIPE' || failure.code === 'ERR_STREAM_DESTROYED') return false;
    throw failure;
  };
  return {
    async write(text) {
      if (!settle()) return false;
      if (!stream.write(text)) {
        const gone = new AbortController();
        const { signal } = gone;
        await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(
          (error: unknown) => onError(error as NodeJS.ErrnoException),
        );
        gone.abort();
      }
      return settle();
    },
    finish() {
      stream.off('error', onError);
      return Promise.resolve();
    },
    abandon() {
      stream.off('error', onError);
      return Promise.resolve();
    },
  };
}

/**
 * A file that appears whole or not at all.
 * @throws AimaasError STORAGE when it cannot be written.
 */
export async function fileOutput(path: string): Promise<TextOutput> {
  const temporary = temporaryName(path);
  const file = await orStorageError(path, async () => {
    await makeFolder(dirname(path));
    // Else that would be found out by the rename, after all the work.
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw Object.assign(new Error(`EISDIR: ${path}`), { code: 'EISDIR' });
    return open(temporary, 'wx');
  });
  return {
    write: (text) =>
      orStorageError(path, async () => {
        await file.writeFile(text);
        return true;
      }),
    finish: () =>
      orStorageError(path, async () => {
        await file.sync().finally(() => file.close());
        await rename(temporary, path);
      }),
    async abandon() {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
    },
  };
}

async function orStorageError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, path, 'write to another file with --output');
  }
}
