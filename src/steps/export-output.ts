import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AimaasError } from '../core/errors.js';
import { storageError, temporaryName } from '../workspace/atomic.js';
import { readBundle } from '../workspace/bundle.js';
import { exists } from '../workspace/workspace.js';

/**
 * Makes sure that a bundle may be copied to a folder: it is new, empty, or holds an earlier bundle.
 * @throws AimaasError USAGE when it holds anything else.
 */
export async function requireReplaceable(output: string): Promise<void> {
  const target = resolve(output);
  if ((await readBundle(target)) !== undefined || (await isVacant(target))) return;
  throw new AimaasError('USAGE', `--output ${output} holds files that are no exported model.`, {
    hint: 'Name an empty or new folder, or replace what is there with --force.',
  });
}

/** Copies a bundle to a folder, whole or not at all, in the place of what is there; the same bundle stays as it is. */
export async function copyBundle(bundle: string, output: string): Promise<string> {
  const target = resolve(output);
  const [ours, theirs] = [await readBundle(bundle), await readBundle(target)];
  if (ours !== undefined && JSON.stringify(ours) === JSON.stringify(theirs)) return target;
  const copy = temporaryName(target);
  const old = temporaryName(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await cp(bundle, copy, { recursive: true });
    if (await exists(target)) await rename(target, old);
    await rename(copy, target);
  } catch (error) {
    throw storageError(error, target);
  } finally {
    await rm(copy, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return target;
}

async function isVacant(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw storageError(error, folder);
  }
}
