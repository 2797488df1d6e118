import { chmod } from 'node:fs/promises';
import { makeFolder } from '../core/make-folder.js';
import { storageError } from './atomic.js';

/** Makes a folder that only its owner may enter, and everything above it that is missing; also of one that was wider. */
export async function privateFolder(path: string): Promise<void> {
  try {
    await makeFolder(path, { mode: 0o700 });
    await chmod(path, 0o700);
  } catch (error) {
    throw storageError(error, path);
  }
}
