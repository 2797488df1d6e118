import { access, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TEMPORARY, temporaryName } from './atomic.js';
import { HOST_MARK, isAlive } from './owner.js';

const NAME = new RegExp(
  `^${TEMPORARY.replaceAll('.', String.raw`\.`)}(\\d+)-(${HOST_MARK})-[0-9a-f]+(?:\\.(.+))?$`,
);

/** Whether a temporary name is of a process of this machine that is gone. */
export function isAbandoned(name: string): boolean {
  const pid = NAME.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

/** The name under which something waits while another takes its place: from it the old can be put back. */
export function replacedName(path: string): string {
  return `${temporaryName(path)}.${basename(path)}`;
}

/**
 * Removes what killed commands left in a folder: what they had not finished. What one had moved away to put another in
 * its place, and had not yet done so, is put back.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names.filter(isAbandoned)) {
    const path = join(folder, name);
    const replaced = NAME.exec(name)?.[3];
    const isLost =
      replaced !== undefined &&
      (await access(join(folder, replaced)).then(
        () => false,
        () => true,
      ));
    // Another process may be at the same.
    if (isLost) await rename(path, join(folder, replaced)).catch(() => undefined);
    else await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
