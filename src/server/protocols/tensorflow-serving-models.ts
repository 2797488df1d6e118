import type { Client } from './inference/inference.js';
import { repositoryIndex, type RepositoryView } from './inference/repository.js';
import { type ModelSet, type Serving, versionNumber } from '../model-set.js';
import { badRequest, RequestError } from '../request-error.js';

/** A model as TensorFlow Serving's clients name it. */
export interface ModelName {
  readonly name: string;
  readonly version: number | undefined;
  readonly label: string | undefined;
}

function notFound(message: string): RequestError {
  return new RequestError(404, 'NOT_FOUND', message);
}

/**
 * The version a client means; of a name alone, the default or, to predict, its canary.
 * @throws RequestError in TensorFlow Serving's words.
 */
export function servedVersion(
  models: ModelSet,
  { name, version, label }: ModelName,
  { access, headers }: Client,
  purpose: 'predict' | 'read',
): Serving {
  if (label !== undefined) {
    const found = models.labelled(name, label);
    if (found !== undefined) return found;
    access.require(purpose, name);
    throw badRequest(`Unrecognized servable version label: ${label}`);
  }
  const unnamed = (): Serving | undefined =>
    purpose === 'predict' ? models.choose(name, headers) : models.named(name);
  const found = version === undefined ? unnamed() : models.version(name, version);
  if (found !== undefined) return found;
  access.require(purpose, name);
  const wanted = version === undefined ? `Latest(${name})` : `Specific(${name}, ${version})`;
  throw notFound(`Servable not found for request: ${wanted}`);
}

/** How a version is, as TensorFlow Serving tells it; `message` is empty unless something went wrong. */
export interface VersionStatus {
  readonly version: string;
  readonly state: 'LOADING' | 'AVAILABLE' | 'END';
  readonly message: string;
}

const STATES = { READY: 'AVAILABLE', LOADING: 'LOADING', UNAVAILABLE: 'END' } as const;

/**
 * All versions of a name that are served, being loaded, or could not be, or the one that is named. What lies in the registry
 * and nobody asked for is not told, as TensorFlow Serving does not know of it.
 * @throws RequestError 404 when there is none.
 */
export async function versionStates(
  view: RepositoryView,
  wanted: ModelName,
  client: Client,
): Promise<VersionStatus[]> {
  const { name, label } = wanted;
  client.access.require('read', name);
  const entries = (await repositoryIndex(view, client.access, false)).filter(
    (entry) => entry.name === name && (entry.state !== 'UNAVAILABLE' || entry.reason !== ''),
  );
  if (entries.length === 0) throw notFound(`Could not find any versions of model ${name}`);
  const version =
    label === undefined
      ? wanted.version
      : versionNumber(servedVersion(view.models, wanted, client, 'read').model);
  const found = entries.filter((entry) => version === undefined || entry.version === String(version));
  if (found.length === 0) throw notFound(`Could not find version ${String(version)} of model ${name}`);
  return found.map(({ version: number, state, reason }) => ({
    version: number,
    state: STATES[state],
    message: reason,
  }));
}
