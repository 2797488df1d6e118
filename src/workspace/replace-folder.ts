import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { makeFolder } from '../core/make-folder.js';
import { removeLeftovers, replacedName } from './leftovers.js';

/** Everything in a folder that is not a folder itself, as slash-separated paths relative to it; nothing if it is not there. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The files of a folder that are not among those aimaas wrote there. */
export async function foreignFiles(folder: string, ours: Iterable<string>): Promise<string[]> {
  const known = new Set(ours);
  return (await filesIn(folder)).filter((file) => !known.has(file));
}

/**
 * Puts the finished folder `finished` (a sibling of `target`) in the place of the files `ours` of `target`. A target that
 * holds nothing else is replaced as a whole; in any other, what somebody else put there stays, and ours are replaced one
 * by one, `last` after all others, because it says what the rest is.
 */
export async function replaceFolder(
  finished: string,
  target: string,
  ours: readonly string[],
  last: string,
): Promise<void> {
  await removeLeftovers(dirname(target));
  if ((await foreignFiles(target, ours)).length > 0) return mergeInto(finished, target, ours, last);
  const old = replacedName(target);
  await rename(target, old).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rename(finished, target);
  await rm(old, { recursive: true, force: true });
}

async function mergeInto(
  finished: string,
  target: string,
  ours: readonly string[],
  last: string,
): Promise<void> {
  const files = await filesIn(finished);
  const ordered = [...files.filter((file) => file !== last), ...files.filter((file) => file === last)];
  for (const file of ordered) {
    await makeFolder(dirname(join(target, file)));
    await rename(join(finished, file), join(target, file));
  }
  const kept = new Set(files);
  // Only what lies within: the list may come from a file that anybody could have written.
  const within = ours.filter((file) => !file.split(/[/\\]/).includes('..'));
  for (const file of within.filter((file) => !kept.has(file))) {
    await rm(join(target, file), { force: true });
    await removeEmpty(target, dirname(file));
  }
  await rm(finished, { recursive: true, force: true });
}

/** Removes a folder below `root`, and those it lies in, as far as they are empty. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let path = folder; path !== '.' && path !== '/'; path = dirname(path)) {
    const isGone = await rmdir(join(root, path)).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}
