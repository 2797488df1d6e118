import { readFile } from 'node:fs/promises';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { RungResult } from '../../search/asha.js';
import type { Point, Space } from '../../search/space.js';
import type { Origin } from '../../search/suggest.js';
import { namesIn, writeJsonAtomic } from '../../workspace/atomic.js';
import type { Workspace } from '../../workspace/workspace.js';

/**
 * running: begun, and not known to have ended. stopped: by ASHA, too weak to go on. interrupted: by the user or the time
 * limit, and goes on when the search does.
 */
export type TrialState = 'running' | 'complete' | 'stopped' | 'interrupted' | 'failed';

export type Trial = {
  /** From 1, in the order they were begun. */
  readonly number: number;
  readonly point: Point;
  readonly origin: Origin;
  readonly state: TrialState;
  readonly run: string | null;
  /** The metric on validation rows, of the best weights so far; null before the first validation. */
  readonly value: number | null;
  /** The lowest validation loss so far. */
  readonly loss: number | null;
  readonly rungs: readonly RungResult[];
  readonly epochs: number;
  readonly plannedEpochs: number;
  readonly seconds: number;
  /** Why it failed. */
  readonly error: string | null;
};

/** The model that was the current one when the search began. */
export type PreviousModel = { readonly run: string; readonly family: string; readonly value: number };

/** searches/<id>/search.json: everything needed to go on with a search. */
export type SearchFile = {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly createdAt: string;
  /** What the id is the hash of. */
  readonly key: JsonObject;
  readonly features: string;
  readonly metric: string;
  readonly families: readonly string[];
  readonly space: Space;
  readonly defaults: readonly Point[];
  /** Training options that every trial has. */
  readonly base: JsonObject;
  readonly seed: number;
  /** Model file among `families` → hash of its content. */
  readonly sources: Readonly<Record<string, string>>;
  /** The last limits given; null for none. */
  readonly limits: { readonly trials: number | null; readonly seconds: number | null };
  /** Seconds searched so far, pauses not counted. */
  readonly seconds: number;
  readonly previous: PreviousModel | null;
  readonly trials: readonly Trial[];
};

const FOLDER = 'searches';
const FILE = 'search.json';

export function searchFolder(workspace: Workspace, id: string): string {
  return workspace.path(FOLDER, id);
}

export async function writeSearch(workspace: Workspace, search: SearchFile): Promise<void> {
  await writeJsonAtomic(workspace.path(FOLDER, search.id, FILE), search);
}

/** @throws AimaasError ARTIFACT_CORRUPT when the file cannot be read, ARTIFACT_INCOMPATIBLE when a newer aimaas wrote it. */
export async function readSearch(workspace: Workspace, id: string): Promise<SearchFile | undefined> {
  const path = workspace.path(FOLDER, id, FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let search: SearchFile;
  try {
    search = JSON.parse(text) as SearchFile;
  } catch (error) {
    throw new AimaasError('ARTIFACT_CORRUPT', `The state of search ${id} is not valid JSON: ${path}`, {
      hint: 'aimaas optimize --force',
      cause: error,
    });
  }
  const version: number = search.schemaVersion;
  if (version === 1) return search;
  throw new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `The search ${id} has format version ${version}; this aimaas reads version 1.`,
    { hint: 'Use a newer aimaas, or search again: aimaas optimize --force' },
  );
}

/**
 * The search with this id or unambiguous prefix; for "latest" the one begun last.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is none.
 */
export async function findSearch(workspace: Workspace, wanted: string): Promise<SearchFile> {
  const names = (await namesIn(workspace.path(FOLDER))).sort();
  const latest = wanted === 'latest';
  const matches = names.filter((name) => !name.startsWith('.') && (latest || name.startsWith(wanted)));
  const found: SearchFile[] = [];
  for (const name of matches) {
    const search = await readSearch(workspace, name);
    if (search !== undefined) found.push(search);
  }
  found.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const exact = found.find((search) => search.id === wanted);
  const [first] = found;
  if (exact !== undefined) return exact;
  if (first !== undefined && (latest || found.length === 1)) return first;
  const what = latest
    ? 'The workspace has no search yet.'
    : first === undefined
      ? `The workspace has no search "${wanted}".`
      : `"${wanted}" fits more than one search: ${found.map((search) => search.id).join(', ')}.`;
  throw new AimaasError('ARTIFACT_NOT_FOUND', what, { hint: 'aimaas optimize' });
}
