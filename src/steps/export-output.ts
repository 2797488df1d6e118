import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AimaasError } from '../core/errors.js';
import { storageError, temporaryName } from '../workspace/atomic.js';
import { readBundle } from '../workspace/bundle.js';
import { exists } from '../workspace/workspace.js';

/**
 * Copies a bundle to a folder of the user's choice, whole or not at all. An empty folder or an earlier bundle is
 * replaced; a bundle with the same content stays as it is.
 * @throws AimaasError USAGE when the folder holds anything else, unless `force`.
 */
export async function copyBundle(bundle: string, output: string, force: boolean): Promise<string> {
  const target = resolve(output);
  const [ours, theirs] = [await readBundle(bundle), await readBundle(target)];
  if (ours !== undefined && JSON.stringify(ours) === JSON.stringify(theirs)) return target;
  if (theirs === undefined && !force && !(await isVacant(target))) {
    throw new AimaasError('USAGE', `--output ${output} holds files that are no exported model.`, {
      hint: 'Name an empty or new folder, or replace what is there with --force.',
    });
  }
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
