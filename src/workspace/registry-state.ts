import { readFile } from 'node:fs/promises';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import { readError, writeJsonAtomic } from './atomic.js';

/** models/<name>/registry.json: what is true of a model beside its versions. */
export type RegistryState = {
  /** Alias → version. */
  readonly aliases: Readonly<Record<string, number>>;
  /** The highest version that was ever deleted, since a number that clients may have kept is not given twice. */
  readonly deletedUpTo: number;
};

/** @throws AimaasError ARTIFACT_CORRUPT when the file is there but is not such a state. */
export async function readRegistryState(path: string): Promise<RegistryState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { aliases: {}, deletedUpTo: 0 };
    throw readError(error, path);
  }
  try {
    const stored = JSON.parse(text) as Json;
    if (isJsonObject(stored) && isJsonObject(stored.aliases) && typeof stored.deletedUpTo === 'number') {
      return stored as unknown as RegistryState;
    }
  } catch {
    // Reported below, like any other content that is not a state.
  }
  throw new AimaasError('ARTIFACT_CORRUPT', `The aliases of a model cannot be read: ${path}`, {
    hint: 'Remove the file and set the aliases again: aimaas models alias NAME VERSION ALIAS',
  });
}

export async function writeRegistryState(path: string, state: RegistryState): Promise<void> {
  await writeJsonAtomic(path, { schemaVersion: 1, ...state });
}
