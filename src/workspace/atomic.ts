import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';
import { makeFolder } from '../core/make-folder.js';
import { HOST_MARK } from './owner.js';

const STORAGE_ERRORS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EFBIG: 'the file is larger than is allowed here',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'the name is too long',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ENOTDIR: 'a parent of the path is a file, not a folder',
  EEXIST: 'a file is where a folder should be',
  EISDIR: 'the path is a folder, not a file',
  ENOTSUP: 'no folder can be made there',
};

const ELSEWHERE = 'choose another place with --workspace DIR';

function reasonOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === undefined ? undefined : STORAGE_ERRORS[code];
}

/** Turns a failure to write into a STORAGE error that names the path; anything else is passed on as it is. */
export function storageError(error: unknown, path: string, place = ELSEWHERE): unknown {
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new AimaasError('STORAGE', `Cannot write ${path}: ${reason}.`, {
    hint: `Free space or fix the permissions, or ${place}.`,
    cause: error,
  });
}

/** Turns a failure to read into a STORAGE error that names the path; anything else is passed on as it is. */
export function readError(error: unknown, path: string): unknown {
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new AimaasError('STORAGE', `Cannot read ${path}: ${reason}.`, {
    hint: `Fix the permissions, or ${ELSEWHERE}.`,
    cause: error,
  });
}

/** What a folder holds; nothing where there is none. @throws AimaasError STORAGE where it may not be looked into. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw readError(error, folder);
  }
}

/** Begins the names of what is not finished yet. The dot makes listings skip it. */
export const TEMPORARY = '.tmp-';

/** A sibling name for something that is not finished yet. It tells who is at it; see leftovers.ts. */
export function temporaryName(path: string): string {
  return join(dirname(path), `${TEMPORARY}${process.pid}-${HOST_MARK}-${randomBytes(6).toString('hex')}`);
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: temporary name, fsync, rename.
 * Several chunks are written one after another. `mode` is the file's permissions; without it the system's default.
 * @throws AimaasError STORAGE when the disk is full or the path may not be written.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'wx', options.mode);
    try {
      // Every call writes from where the one before ended.
      const chunks = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageError(error, path);
  }
}

/** How JSON is written to files. */
export function jsonFile(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export async function writeJsonAtomic(
  path: string,
  value: Json,
  options: { readonly mode?: number } = {},
): Promise<void> {
  await writeFileAtomic(path, jsonFile(value), options);
}
