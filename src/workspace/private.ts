import { chmod, mkdir } from 'node:fs/promises';
import { storageError } from './atomic.js';

/** Makes a folder that only its owner may enter, and everything above it that is missing; also of one that was wider. */
export async function privateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } catch (error) {
    throw storageError(error, path);
  }
}
