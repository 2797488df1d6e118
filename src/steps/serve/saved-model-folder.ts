import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { exists } from '../../workspace/workspace.js';

const FILE = 'saved_model.pb';

/** A SavedModel that someone else made, as it is to be served. */
export interface FoundSavedModel {
  readonly folder: string;
  readonly name: string;
  /** The folder's, where it is called by a number as TensorFlow Serving wants it; else null. */
  readonly version: number | null;
}

/** Whether a folder is a SavedModel. A bundle or run is none, whatever else lies in its folder. */
export async function isSavedModel(folder: string): Promise<boolean> {
  return (await exists(join(folder, FILE))) && !(await exists(join(folder, 'manifest.json')));
}

/**
 * The SavedModel that a path means: its folder, its saved_model.pb, or a folder of versions as TensorFlow Serving wants
 * it, of which the newest counts.
 * @throws AimaasError ARTIFACT_NOT_FOUND for a saved_model.pb that there is not.
 */
export async function findSavedModel(path: string): Promise<FoundSavedModel | undefined> {
  const place = resolve(path);
  if (basename(place) === FILE) {
    if (await exists(place)) return named(dirname(place));
    throw new AimaasError('ARTIFACT_NOT_FOUND', `There is no model at ${place}: the file does not exist.`, {
      hint: 'aimaas models list',
    });
  }
  if (await isSavedModel(place)) return named(place);
  const entries = await readdir(place).catch(() => []);
  const versions = entries.filter((name) => versionOf(name) !== null).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    if (await isSavedModel(join(place, version))) return named(join(place, version));
  }
  return undefined;
}

function named(folder: string): FoundSavedModel {
  const version = versionOf(basename(folder));
  return { folder, name: basename(version === null ? folder : dirname(folder)), version };
}

function versionOf(name: string): number | null {
  return /^\d{1,15}$/.test(name) ? Number(name) : null;
}
