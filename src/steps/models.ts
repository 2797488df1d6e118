import type { BundleManifest } from '../core/bundle.js';
import type { Metrics } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import { ModelRegistry } from '../workspace/registry.js';
import { Workspace } from '../workspace/workspace.js';
import { remember } from './audit.js';
import { warnOfDamage } from './warn-of-damage.js';

export type ModelSummary = {
  readonly name: string;
  readonly version: number;
  readonly createdAt: string;
  /** Set aliases; the highest version also answers to `latest`. */
  readonly aliases: readonly string[];
  readonly latest: boolean;
  readonly run: string;
  readonly task: BundleManifest['task'];
  readonly family: string;
  readonly formats: readonly string[];
  readonly bytes: number;
  readonly validation: Metrics;
  readonly test: Metrics | null;
};

export type ListModelsResult = { readonly schemaVersion: 1; readonly models: readonly ModelSummary[] };

export type ShowModelResult = {
  readonly schemaVersion: 1;
  readonly folder: string;
  readonly aliases: readonly string[];
  readonly latest: boolean;
  readonly manifest: BundleManifest;
};

export type AliasModelResult = {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly alias: string;
  /** null: the alias was removed. */
  readonly version: number | null;
  /** What it pointed at before. */
  readonly previous: number | null;
};

export type DeleteModelsResult = {
  readonly schemaVersion: 1;
  readonly deleted: readonly { readonly name: string; readonly version: number }[];
  readonly removedAliases: readonly string[];
};

function registryOf(context: Pick<StepContext, 'workspace'>): ModelRegistry {
  return new ModelRegistry(new Workspace(context.workspace));
}

/** "penguins", "penguins@champion" or "penguins/3" as a name and what comes after it. */
function splitReference(text: string): { readonly name: string; readonly reference: string | undefined } {
  const [, name = text, reference] = /^(.*?)(?:[@/](.*))?$/su.exec(text) ?? [];
  return { name: name.normalize('NFC'), reference };
}

async function aliasesOf(registry: ModelRegistry, name: string, version: number): Promise<string[]> {
  const aliases = Object.entries(await registry.aliases(name));
  return aliases.flatMap(([alias, target]) => (target === version ? [alias] : [])).sort();
}

/**
 * All versions of all models, or of one, newest first.
 * @throws AimaasError ARTIFACT_NOT_FOUND for a name that there is not.
 */
export async function listModels(
  options: { readonly name?: string | undefined },
  context: StepContext,
): Promise<ListModelsResult> {
  const registry = registryOf(context);
  const name = options.name?.normalize('NFC');
  if (name !== undefined) await registry.resolve(name);
  const models: ModelSummary[] = [];
  for (const manifest of await registry.list(name, warnOfDamage(context))) {
    const { version, createdAt, lineage, task, model, formats, files, metrics } = manifest;
    models.push({
      name: manifest.name,
      version,
      createdAt,
      aliases: await aliasesOf(registry, manifest.name, version),
      latest: (await registry.versions(manifest.name)).at(-1) === version,
      run: lineage.run,
      task,
      family: model.family,
      formats: Object.keys(formats),
      bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
      validation: metrics.validation,
      test: metrics.test,
    });
  }
  return { schemaVersion: 1, models };
}

/** One version: `model` is a name (its latest), name@alias or name/version; without it, the newest of all. */
export async function showModel(
  options: { readonly model?: string | undefined },
  context: StepContext,
): Promise<ShowModelResult> {
  const registry = registryOf(context);
  const { name, version } = await versionOf(registry, options.model);
  const manifest = await registry.read(name, version);
  const folder = registry.folder(name, version);
  if (manifest === undefined) {
    throw new AimaasError('ARTIFACT_CORRUPT', `The model version in ${folder} has no manifest.`, {
      hint: `aimaas models delete ${name}/${version}, then aimaas export`,
    });
  }
  const latest = (await registry.versions(name)).at(-1) === version;
  return { schemaVersion: 1, folder, aliases: await aliasesOf(registry, name, version), latest, manifest };
}

async function versionOf(
  registry: ModelRegistry,
  model: string | undefined,
): Promise<{ readonly name: string; readonly version: number }> {
  if (model !== undefined) {
    const { name, reference } = splitReference(model);
    return { name, version: await registry.resolve(name, reference) };
  }
  const [newest] = await registry.list();
  if (newest !== undefined) return { name: newest.name, version: newest.version };
  throw new AimaasError('ARTIFACT_NOT_FOUND', 'No model has been exported yet.', { hint: 'aimaas export' });
}

/** Points an alias at a version: a number, "latest" or another alias of the same model. */
export async function aliasModel(
  options: { readonly name: string; readonly version: string; readonly alias: string },
  context: StepContext,
): Promise<AliasModelResult> {
  const registry = registryOf(context);
  const name = options.name.normalize('NFC');
  const version = await registry.resolve(name, options.version);
  const { reporter, signal } = context;
  const previous = await registry.setAlias(name, options.alias, version, { reporter, signal });
  const alias = options.alias.normalize('NFC');
  await remember(context, {
    action: 'models.alias',
    target: `${name}@${alias}`,
    details: { version, previous },
  });
  return { schemaVersion: 1, name, alias, version, previous };
}

export async function removeAlias(
  options: { readonly name: string; readonly alias: string },
  context: StepContext,
): Promise<AliasModelResult> {
  const { reporter, signal } = context;
  const name = options.name.normalize('NFC');
  const previous = await registryOf(context).removeAlias(name, options.alias, { reporter, signal });
  const alias = options.alias.normalize('NFC');
  await remember(context, { action: 'models.unalias', target: `${name}@${alias}`, details: { previous } });
  return { schemaVersion: 1, name, alias, version: null, previous };
}

/**
 * Deletes versions (name/version, name@alias), or with `all` every version of the named models. Nothing is deleted when
 * one of them does not exist or, without `force`, is what an alias points at.
 */
export async function deleteModels(
  options: {
    readonly models: readonly string[];
    readonly all?: boolean | undefined;
    readonly force?: boolean | undefined;
  },
  context: StepContext,
): Promise<DeleteModelsResult> {
  const registry = registryOf(context);
  const force = options.force === true;
  const doomed = new Map<string, { readonly name: string; readonly version: number }>();
  for (const text of options.models) {
    const { name, reference } = splitReference(text);
    const newest = await registry.resolve(name, reference);
    if (reference === undefined && options.all !== true) {
      throw new AimaasError('USAGE', `Which version of ${name} is to be deleted?`, {
        hint: `aimaas models delete ${name}/${newest}, or all of them with --all`,
      });
    }
    const versions = reference === undefined ? await registry.versions(name) : [newest];
    for (const version of versions) doomed.set(`${name}/${version}`, { name, version });
  }
  for (const { name, version } of doomed.values()) {
    if (!force) await registry.requireUnaliased(name, version);
  }
  const removedAliases: string[] = [];
  const { reporter, signal } = context;
  for (const { name, version } of doomed.values()) {
    const aliases = await registry.delete(name, version, { reporter, signal, force });
    removedAliases.push(...aliases.map((alias) => `${name}@${alias}`));
    await remember(context, { action: 'models.delete', target: `${name}/${version}`, details: { aliases } });
  }
  return { schemaVersion: 1, deleted: [...doomed.values()], removedAliases };
}
