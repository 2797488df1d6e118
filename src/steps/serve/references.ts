import { resolve } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { quote } from '../../server/json-body.js';
import type { Target } from '../../server/plan.js';
import { ModelRegistry } from '../../workspace/registry.js';
import { Workspace } from '../../workspace/workspace.js';
import { resolveModel } from '../resolve-model.js';
import { findSavedModel } from './saved-model-folder.js';
import { isOnnxFile, nameOfFile } from './served-onnx.js';

type Place = Pick<StepContext, 'workspace'>;

/**
 * What a MODEL argument means now, with the aliases that point at it. A name means its newest version and name@alias
 * what the alias points at, so both may mean another version later; name/version, a run and a path never do.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is none.
 */
export async function resolveTarget(context: Place, reference?: string): Promise<Target> {
  const foreign = reference === undefined ? undefined : await foreignModel(context, reference);
  if (foreign !== undefined) return foreign;
  const { folder, name, version } = await resolveModel(context, reference);
  const labels = version === null ? [] : await labelsOf(context, folder, name, version);
  return { folder, name, version, labels };
}

/**
 * What a reference means that came over the network: a model of the registry by NAME, NAME/VERSION or NAME@ALIAS. Runs,
 * files and folders are for whoever starts the server: no client may open them, nor learn from an error which there are.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is none, ARTIFACT_CORRUPT when it cannot be read.
 */
export async function findTarget({ workspace }: Place, reference: string): Promise<Target> {
  const registry = new ModelRegistry(new Workspace(workspace));
  const [, name = '', wanted] = /^([^/@]*)(?:[/@]([^/@]*))?$/s.exec(reference) ?? [];
  const unknown = (): AimaasError =>
    new AimaasError('ARTIFACT_NOT_FOUND', `There is no model ${quote(reference)} to load.`);
  if ((await registry.versions(name)).length === 0) throw unknown();
  const version = await registry.resolve(name, wanted);
  const folder = registry.folder(name, version);
  const bundle = await registry.read(name, version).catch((error: unknown) => {
    throw error instanceof AimaasError ? withoutPath(error, folder, `${name}/${version}`) : error;
  });
  // Where the disk takes capital letters for small ones, a model must still be asked for by its own name.
  if (bundle?.name !== name) throw unknown();
  return { folder, name, version, labels: await labelsOf({ workspace }, folder, name, version) };
}

function withoutPath({ code, message }: AimaasError, folder: string, title: string): AimaasError {
  return new AimaasError(code, message.replaceAll(folder, title));
}

/** A file or folder that someone else made, which is a model by itself; a model of the registry goes before a folder. */
async function foreignModel({ workspace }: Place, reference: string): Promise<Target | undefined> {
  if (isOnnxFile(reference)) {
    const folder = resolve(reference);
    return { folder, name: nameOfFile(folder), version: null, labels: [] };
  }
  const found = await findSavedModel(reference);
  if (found === undefined) return undefined;
  const isRegistered = (await new ModelRegistry(new Workspace(workspace)).versions(reference)).length > 0;
  return isRegistered ? undefined : { ...found, labels: [] };
}

/** What the MODEL arguments are; without any, the newest model, by a name under which it can be followed. */
export async function givenReferences(context: Place, given: readonly string[]): Promise<readonly string[]> {
  if (given.length > 0) return given;
  const { name, version, folder } = await resolveModel(context);
  return [version === null ? folder : name];
}

/** Every version in the registry. */
export async function registryVersions({
  workspace,
}: Place): Promise<{ readonly name: string; readonly version: number }[]> {
  const registry = new ModelRegistry(new Workspace(workspace));
  const names = await registry.names();
  const versions = await Promise.all(names.map((name) => registry.versions(name)));
  return names.flatMap((name, i) => (versions[i] ?? []).map((version) => ({ name, version })));
}

/** Aliases of the registry that point at a version; none for a bundle that lies elsewhere. */
async function labelsOf(
  { workspace }: Place,
  folder: string,
  name: string,
  version: number,
): Promise<string[]> {
  const registry = new ModelRegistry(new Workspace(workspace));
  if (registry.folder(name, version) !== folder) return [];
  const aliases = Object.entries(await registry.aliases(name));
  return aliases.flatMap(([alias, target]) => (target === version ? [alias] : [])).sort();
}
