import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { didYouMean } from '../core/suggest.js';
import { readBundle } from '../workspace/bundle.js';
import { ENCRYPTED } from '../workspace/encryption.js';
import type { Manifest } from '../workspace/manifest.js';
import { modelNameFrom } from '../workspace/model-name.js';
import { ModelRegistry } from '../workspace/registry.js';
import { exists, Workspace } from '../workspace/workspace.js';
import { asItStands, wayOn } from './run-state.js';

/** A model that can answer: `folder` holds predictor.json and network.onnx. */
export type ResolvedModel = {
  readonly folder: string;
  readonly name: string;
  /** null for a run that was not exported. */
  readonly version: number | null;
  /** The run it comes from. */
  readonly run: string | null;
};

/**
 * What a MODEL argument means: a name (its latest version), name@alias, name/version, a run id or the beginning of one,
 * or a path to a bundle or run folder. Without one: the newest exported model, else the current run.
 * @throws AimaasError ARTIFACT_NOT_FOUND with the nearest name, ARTIFACT_INCOMPATIBLE for a run without weights yet.
 */
export async function resolveModel(
  context: Pick<StepContext, 'workspace'>,
  model?: string,
): Promise<ResolvedModel> {
  const workspace = new Workspace(context.workspace);
  const registry = new ModelRegistry(workspace);
  if (model === undefined) return newest(workspace, registry);
  if (/^(\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:\\)/.test(model)) return atPath(model);

  const [, name = '', separator, reference = ''] = /^(.*?)(?:([@/])([^@/]*))?$/su.exec(model) ?? [];
  if ((await registry.versions(name.normalize('NFC'))).length > 0) {
    return inRegistry(registry, name.normalize('NFC'), separator, reference);
  }
  const run =
    separator === undefined && /^[0-9a-f]+$/.test(model) ? await runOf(workspace, model) : undefined;
  if (run !== undefined) return fromRun(workspace, run);
  if (model !== '' && (await exists(model))) return atPath(model);
  throw await notFound(workspace, registry, model, name);
}

async function newest(workspace: Workspace, registry: ModelRegistry): Promise<ResolvedModel> {
  const [bundle] = await registry.list();
  if (bundle !== undefined) {
    return ofBundle(registry.folder(bundle.name, bundle.version), bundle);
  }
  const id = await workspace.current('run');
  const run = id === undefined ? undefined : await workspace.read<RunContent>('run', id);
  if (run !== undefined) return fromRun(workspace, run);
  throw new AimaasError(
    'ARTIFACT_NOT_FOUND',
    `The workspace ${workspace.root} has no model and no run yet.`,
    {
      hint: 'aimaas run data.csv --target COLUMN',
    },
  );
}

function ofBundle(
  folder: string,
  bundle: { readonly name: string; readonly version: number; readonly lineage: { readonly run: string } },
): ResolvedModel {
  return { folder, name: bundle.name, version: bundle.version, run: bundle.lineage.run };
}

async function inRegistry(
  registry: ModelRegistry,
  name: string,
  separator: string | undefined,
  reference: string,
): Promise<ResolvedModel> {
  if (separator === '/' && !/^(v?\d+|latest)$/i.test(reference)) {
    throw new AimaasError('ARTIFACT_NOT_FOUND', `"${reference}" is not a version number of model ${name}.`, {
      hint: reference === '' ? `${name}/1` : `An alias is written ${name}@${reference}.`,
    });
  }
  const version = await registry.resolve(name, separator === undefined ? 'latest' : reference);
  const bundle = await registry.read(name, version);
  const folder = registry.folder(name, version);
  if (bundle === undefined) throw unreadable(folder);
  return ofBundle(folder, bundle);
}

async function runOf(workspace: Workspace, prefix: string): Promise<Manifest<RunContent> | undefined> {
  const runs = (await workspace.list<RunContent>('run')).filter(({ id }) => id.startsWith(prefix));
  const exact = runs.find(({ id }) => id === prefix);
  if (exact === undefined && runs.length > 1) {
    throw new AimaasError(
      'ARTIFACT_NOT_FOUND',
      `"${prefix}" fits more than one run: ${runs.map(({ id }) => id).join(', ')}.`,
      { hint: 'Give more characters of the id.' },
    );
  }
  return exact ?? runs[0];
}

async function fromRun(workspace: Workspace, found: Manifest<RunContent>): Promise<ResolvedModel> {
  const run = await asItStands(workspace, found);
  const folder = workspace.folder('run', run.id);
  await requireWeights(folder, `Run ${run.id} is ${run.content.state} and`, wayOn(run));
  return { folder, name: modelNameFrom(run.content.dataName), version: null, run: run.id };
}

async function requireWeights(folder: string, who: string, hint: string): Promise<void> {
  for (const file of ['predictor.json', 'network.onnx']) {
    const path = join(folder, file);
    if (!(await exists(path)) && !(await exists(`${path}${ENCRYPTED}`))) {
      throw new AimaasError('ARTIFACT_INCOMPATIBLE', `${who} cannot answer yet: it has no ${file}.`, {
        hint,
      });
    }
  }
}

async function atPath(path: string): Promise<ResolvedModel> {
  const folder = resolve(path);
  if (!(await exists(folder))) {
    throw new AimaasError(
      'ARTIFACT_NOT_FOUND',
      `There is no model at ${folder}: the folder does not exist.`,
      {
        hint: 'aimaas models list',
      },
    );
  }
  const bundle = await readBundle(folder);
  if (bundle !== undefined) {
    await requireWeights(folder, `The model in ${folder}`, 'Copy the whole folder, or export it again.');
    return ofBundle(folder, bundle);
  }
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8')
    .then((text) => JSON.parse(text) as Json)
    .catch(() => undefined);
  if (!isJsonObject(manifest) || manifest.kind !== 'run') throw unreadable(folder);
  const run = manifest as unknown as Manifest<RunContent>;
  await requireWeights(folder, `The run in ${folder}`, wayOn(run));
  return { folder, name: modelNameFrom(run.content.dataName), version: null, run: run.id };
}

function unreadable(folder: string): AimaasError {
  return new AimaasError(
    'ARTIFACT_NOT_FOUND',
    `${folder} is not an exported model: expected a folder with manifest.json, predictor.json and network.onnx.`,
    { hint: 'aimaas export --output DIR' },
  );
}

async function notFound(
  workspace: Workspace,
  registry: ModelRegistry,
  model: string,
  name: string,
): Promise<AimaasError> {
  const names = await registry.names();
  const runs = (await workspace.list('run')).map(({ id }) => id);
  const known =
    names.length + runs.length === 0
      ? 'It has no models and no runs yet.'
      : didYouMean(name === '' ? model : name, [...names, ...runs]);
  return new AimaasError(
    'ARTIFACT_NOT_FOUND',
    `The workspace ${workspace.root} has no model or run "${model}", and there is no such folder. ${known}`,
    { hint: names.length + runs.length === 0 ? 'aimaas run data.csv --target COLUMN' : 'aimaas models list' },
  );
}
