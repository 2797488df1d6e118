import type { Access } from '../../access/access.js';
import { type ModelSet, type Serving, versionNumber } from '../../model-set.js';
import type { ModelRepository } from '../../repository.js';
import { RequestError } from '../../request-error.js';

/** A model version and its state, as the model repository extension lists it. */
export type IndexEntry = {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  readonly reason: string;
};

export interface RepositoryView {
  readonly models: ModelSet;
  /** Without it, what is served stays as it is. */
  readonly repository: ModelRepository | undefined;
  readonly draining: () => boolean;
}

/** Whether a model's next request will be answered, as far as anyone knows. */
export function isReady({ draining }: Pick<RepositoryView, 'draining'>, { batcher }: Serving): boolean {
  return !draining() && batcher.failure === undefined;
}

/** Every model version that this client may know of; with `onlyReady`, those that answer. */
export async function repositoryIndex(
  view: RepositoryView,
  access: Access,
  onlyReady: boolean,
): Promise<IndexEntry[]> {
  const served = new Map<string, IndexEntry>();
  for (const serving of view.models.all) {
    const entry = entryOf(view, serving);
    served.set(`${entry.name}/${entry.version}`, entry);
  }
  for (const { name, version, state, reason } of (await view.repository?.index()) ?? []) {
    const key = `${name}/${version ?? 1}`;
    // Of what is served, its engine knows best how it does.
    if (!served.has(key)) served.set(key, { name, version: String(version ?? 1), state, reason });
  }
  return [...served.values()].filter(
    ({ name, state }) => access.may('read', name) && (!onlyReady || state === 'READY'),
  );
}

function entryOf(view: RepositoryView, serving: Serving): IndexEntry {
  const { model } = serving;
  const ready = isReady(view, serving);
  return {
    name: model.name,
    version: String(versionNumber(model)),
    state: ready ? 'READY' : 'UNAVAILABLE',
    reason: ready
      ? ''
      : view.draining()
        ? 'The server is stopping.'
        : 'Its engine failed on the last request.',
  };
}

/**
 * Loads or unloads a model, or one version of it.
 * @throws RequestError 403 for a key without the scope, 404 and 409 as ModelRepository, 501 where models cannot change.
 */
export async function changeRepository(
  { repository }: RepositoryView,
  access: Access,
  change: 'load' | 'unload',
  given: string,
  version: number | undefined,
): Promise<void> {
  // As names are stored: what is asked for and what the key is looked at for must be one and the same.
  const name = given.normalize('NFC');
  access.require('manage', name);
  if (repository === undefined) {
    throw new RequestError(501, 'UNSUPPORTED', 'The models of this server cannot be changed while it runs.');
  }
  await repository[change](name, version);
}
