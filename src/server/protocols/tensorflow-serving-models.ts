import type { Client } from './inference/inference.js';
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

/** All versions of a name that are served, or the one that is named. @throws RequestError 404 when there is none. */
export function versionsOf(models: ModelSet, wanted: ModelName, client: Client): readonly Serving[] {
  const { name, version, label } = wanted;
  const versions = models.versions(name);
  if (versions.length === 0) throw notFound(`Could not find any versions of model ${name}`);
  if (label !== undefined) return [servedVersion(models, wanted, client, 'read')];
  const found = versions.filter(({ model }) => version === undefined || versionNumber(model) === version);
  if (found.length === 0) throw notFound(`Could not find version ${String(version)} of model ${name}`);
  return found;
}
