import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AimaasError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import type { StepContext } from '../../core/step.js';
import { type Fingerprint, Fingerprints } from '../../sources/fingerprint.js';
import { expandLocations } from '../../sources/locations/locations.js';
import { isPipe } from '../../sources/stream.js';
import { storageError } from '../../workspace/atomic.js';
import { isAlive } from '../../workspace/owner.js';
import type { Workspace } from '../../workspace/workspace.js';
import type { CollectOptions } from './options.js';

/** A file to be read, and its fingerprint. */
export type Input = { readonly location: string; readonly path: string; readonly print: Fingerprint };

/**
 * The folder for what is read, without what killed processes have left in it.
 * @throws AimaasError STORAGE before anything is read, where the workspace cannot be written.
 */
export async function makeCache(workspace: Workspace): Promise<string> {
  const cache = workspace.path('cache');
  try {
    await makeFolder(cache);
    await access(cache, constants.W_OK);
  } catch (error) {
    throw storageError(error, cache);
  }
  await removeStale(cache);
  return cache;
}

/** Removes what killed processes have left in the cache. */
async function removeStale(cache: string): Promise<void> {
  for (const name of await readdir(cache).catch(() => [] as string[])) {
    const pid = /^collect-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** Of what cannot be read. */
const UNREAD: Fingerprint = { bytes: 0, sha256: '', plain: false, plainNumbers: false };

/** Everything to be read as local files with their fingerprints. What stdin and pipes give is kept in `scratch`. */
export async function openInputs(
  options: CollectOptions,
  context: StepContext,
  cache: string,
  scratch: string,
): Promise<Input[]> {
  const { reporter, signal } = context;
  const prints = new Fingerprints(cache);
  const inputs: Input[] = [];
  const keep = async (location: string, stream: Readable): Promise<void> => {
    const path = join(scratch, `stream-${inputs.length}`);
    await makeFolder(scratch);
    await pipeline(stream, createWriteStream(path), { signal });
    inputs.push({ location, path, print: await prints.of(path, signal) });
  };
  for (const location of options.sources) {
    if (location === '-') {
      await keep(location, options.stdin ?? process.stdin);
      continue;
    }
    for (const file of await expandLocations([location], { cache, reporter, signal })) {
      if (await isPipe(file.path)) {
        await keep(location, createReadStream(file.path));
        continue;
      }
      const print = await prints.of(file.path, signal).catch((error: unknown) => {
        // Folders and files that may not be read: looking into them says what is wrong.
        if (error instanceof AimaasError) throw error;
        return undefined;
      });
      inputs.push({ ...file, print: print ?? UNREAD });
    }
  }
  return inputs;
}

/** sales.csv.gz → sales; part-1.csv and part-2.csv → part; stdin → stdin. */
export function nameOf(locations: readonly string[]): string {
  const stems = locations.map((location) =>
    location === '-' || location.startsWith('/dev/')
      ? 'stdin'
      : basename(location.replace(/[?#].*$/, '')).replace(/(?<=.)\.\w+(?:\.gz)?$/, ''),
  );
  let common = stems[0] ?? '';
  for (const stem of stems) while (!stem.startsWith(common)) common = common.slice(0, -1);
  const name = stems.length > 1 ? common.replace(/[-_.\s\d]+$/, '') : common;
  return name === '' ? 'data' : name;
}
