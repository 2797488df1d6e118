import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest } from '../core/bundle.js';
import { AimaasError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import type { Reporter } from '../core/reporter.js';
import { didYouMean } from '../core/suggest.js';
import { namesIn, storageError, temporaryName, writeJsonAtomic } from './atomic.js';
import { readBundle } from './bundle.js';
import { withLock } from './lock.js';
import { checkAlias, checkModelName, isModelName, LATEST } from './model-name.js';
import { readRegistryState, type RegistryState, writeRegistryState } from './registry-state.js';
import { type OnDamaged, readable, type Workspace } from './workspace.js';

/** What a writing operation needs to wait for another process in a way the user can follow. */
export interface RegistryAccess {
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** What makes a rename onto an existing folder fail, by operating system. */
const TAKEN: readonly (string | undefined)[] = ['ENOTEMPTY', 'EEXIST', 'EPERM'];

/**
 * The exported models of a workspace: `models/<name>/<version>/` bundles, and `models/<name>/registry.json` for the
 * aliases. Versions count 1, 2, 3 …; none is written twice. Readers need no lock: a bundle appears by one rename and
 * registry.json is replaced whole. Writers of one name take turns.
 */
export class ModelRegistry {
  private readonly workspace: Workspace;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  folder(name: string, version: number): string {
    return this.workspace.path('models', name, String(version));
  }

  /** Names of models with at least one version, in alphabetical order. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for (const entry of await namesIn(this.workspace.path('models'))) {
      if ((await this.versions(entry)).length > 0) names.push(entry);
    }
    return names.sort();
  }

  /** Versions of a model, ascending; empty if there is no such model. */
  async versions(name: string): Promise<number[]> {
    if (!isModelName(name)) return [];
    const entries = await namesIn(this.workspace.path('models', name));
    return entries
      .filter((entry) => /^[1-9]\d*$/.test(entry))
      .map(Number)
      .sort((a, b) => a - b);
  }

  async read(name: string, version: number): Promise<BundleManifest | undefined> {
    return readBundle(this.folder(name, version));
  }

  /** Every version of every model (or of one), newest first. */
  async list(name?: string, onDamaged?: OnDamaged): Promise<BundleManifest[]> {
    const found: BundleManifest[] = [];
    for (const model of name === undefined ? await this.names() : [name]) {
      for (const version of await this.versions(model)) {
        const manifest = await readable(() => this.read(model, version), onDamaged);
        if (manifest !== undefined) found.push(manifest);
      }
    }
    return found.sort(
      (a, b) =>
        b.createdAt.localeCompare(a.createdAt) || a.name.localeCompare(b.name) || b.version - a.version,
    );
  }

  /** Alias → version, of the aliases that were set; `latest` is not among them. */
  async aliases(name: string): Promise<RegistryState['aliases']> {
    return (await readRegistryState(this.statePath(name))).aliases;
  }

  /**
   * The version that a text means: a number ("3" or "v3"), an alias, or "latest".
   * @throws AimaasError ARTIFACT_NOT_FOUND naming what there is.
   */
  async resolve(name: string, reference: string = LATEST): Promise<number> {
    const versions = await this.versions(name);
    const newest = versions.at(-1);
    if (newest === undefined) throw await this.unknownModel(name);
    if (reference === LATEST) return newest;
    const aliases = await this.aliases(name);
    const number = /^v?(\d+)$/i.exec(reference)?.[1];
    const version = number === undefined ? aliases[reference.normalize('NFC')] : Number(number);
    if (version !== undefined && versions.includes(version)) return version;
    const problem =
      version === undefined
        ? `no alias "${reference}". ${didYouMean(reference, [...Object.keys(aliases), LATEST])}`
        : `no version ${version}; it has ${versions.join(', ')}.`;
    throw new AimaasError('ARTIFACT_NOT_FOUND', `Model ${name} has ${problem}`, {
      hint: `aimaas models list ${name}`,
    });
  }

  /** The error for a model name that is not in the workspace, with the nearest one. */
  async unknownModel(name: string): Promise<AimaasError> {
    const names = await this.names();
    const known = names.length === 0 ? 'No model has been exported yet.' : didYouMean(name, names);
    return new AimaasError(
      'ARTIFACT_NOT_FOUND',
      `The workspace ${this.workspace.root} has no model "${name}". ${known}`,
      { hint: names.length === 0 ? 'aimaas export' : 'aimaas models list' },
    );
  }

  /**
   * Points an alias at a version, atomically, and returns the version it pointed at before, or null.
   * @throws AimaasError USAGE for an alias that cannot be one, ARTIFACT_NOT_FOUND for an unknown name or version.
   */
  async setAlias(
    name: string,
    alias: string,
    version: number,
    access: RegistryAccess,
  ): Promise<number | null> {
    const checked = checkAlias(alias);
    return this.locked(name, access, async () => {
      await this.resolve(name, String(version));
      const state = await readRegistryState(this.statePath(name));
      await this.writeState(name, { ...state, aliases: { ...state.aliases, [checked]: version } });
      return state.aliases[checked] ?? null;
    });
  }

  /**
   * Removes an alias and returns the version it pointed at.
   * @throws AimaasError ARTIFACT_NOT_FOUND when there is no such model or alias.
   */
  async removeAlias(name: string, alias: string, access: RegistryAccess): Promise<number> {
    return this.locked(name, access, async () => {
      if ((await this.versions(name)).length === 0) throw await this.unknownModel(name);
      const state = await readRegistryState(this.statePath(name));
      const { [alias.normalize('NFC')]: version, ...aliases } = state.aliases;
      if (version === undefined) {
        const known = Object.keys(state.aliases);
        throw new AimaasError(
          'ARTIFACT_NOT_FOUND',
          `Model ${name} has no alias "${alias}" to remove. ${known.length === 0 ? 'It has none.' : didYouMean(alias, known)}`,
          { hint: `aimaas models list ${name}` },
        );
      }
      await this.writeState(name, { ...state, aliases });
      return version;
    });
  }

  /** The newest version of a model that is what `matches` looks for. */
  async find(
    name: string,
    matches: (manifest: BundleManifest) => boolean,
  ): Promise<BundleManifest | undefined> {
    // A damaged version is as good as none.
    return (await this.list(name, () => undefined)).find(matches);
  }

  /**
   * Moves a finished folder into place as the next version of its name, after writing its manifest. A version for which
   * `reuse` holds, which another process may have published meanwhile, is returned instead, and the folder removed.
   */
  async publish(
    finished: string,
    manifest: Omit<BundleManifest, 'version' | 'createdAt'>,
    access: RegistryAccess & {
      readonly reuse?: ((manifest: BundleManifest) => boolean) | undefined;
      /** What is to be done when the manifest is written, before anyone sees the version. */
      readonly finish?: ((folder: string) => Promise<void>) | undefined;
    },
  ): Promise<BundleManifest> {
    const name = checkModelName(manifest.name);
    return this.locked(name, access, async () => {
      const twin = access.reuse === undefined ? undefined : await this.find(name, access.reuse);
      if (twin !== undefined) {
        await rm(finished, { recursive: true, force: true });
        return twin;
      }
      await makeFolder(this.workspace.path('models', name));
      const { deletedUpTo } = await readRegistryState(this.statePath(name));
      const existing = (await this.versions(name)).at(-1) ?? 0;
      const first = Math.max(existing, deletedUpTo) + 1;
      return this.moveIntoPlace(finished, { ...manifest, name }, first, access.finish);
    });
  }

  /** A version's folder is taken by the rename itself, so not even a writer that lost its lock can overwrite one. */
  private async moveIntoPlace(
    finished: string,
    manifest: Omit<BundleManifest, 'version' | 'createdAt'>,
    firstVersion: number,
    finish?: (folder: string) => Promise<void>,
  ): Promise<BundleManifest> {
    const { schemaVersion, kind, name, ...rest } = manifest;
    for (let version = firstVersion; ; version++) {
      const createdAt = new Date().toISOString();
      const whole: BundleManifest = { schemaVersion, kind, name, version, createdAt, ...rest };
      const target = this.folder(name, version);
      await writeJsonAtomic(join(finished, 'manifest.json'), whole);
      await finish?.(finished);
      try {
        await rename(finished, target);
        return whole;
      } catch (error) {
        const taken = TAKEN.includes((error as NodeJS.ErrnoException).code);
        if (!taken || !(await this.versions(name)).includes(version)) throw storageError(error, target);
      }
    }
  }

  /**
   * Removes a version and returns the aliases that went with it.
   * @throws AimaasError ARTIFACT_IN_USE when an alias points at the version, unless `force`.
   */
  async delete(
    name: string,
    version: number,
    access: RegistryAccess & { readonly force: boolean },
  ): Promise<string[]> {
    return this.locked(name, access, async () => {
      await this.resolve(name, String(version));
      if (!access.force) await this.requireUnaliased(name, version);
      const state = await readRegistryState(this.statePath(name));
      const pointing = Object.keys(state.aliases).filter((alias) => state.aliases[alias] === version);
      const kept = Object.entries(state.aliases).filter(([, target]) => target !== version);
      const deletedUpTo = Math.max(state.deletedUpTo, version);
      await this.writeState(name, { aliases: Object.fromEntries(kept), deletedUpTo });
      // Out of sight by one rename, so that a killed delete leaves no half bundle under a version's name.
      const folder = this.folder(name, version);
      const removed = temporaryName(folder);
      try {
        await rename(folder, removed);
        await rm(removed, { recursive: true, force: true });
      } catch (error) {
        throw storageError(error, folder);
      }
      return pointing;
    });
  }

  /** @throws AimaasError ARTIFACT_IN_USE when an alias points at the version. */
  async requireUnaliased(name: string, version: number): Promise<void> {
    const aliases = await this.aliases(name);
    const pointing = Object.keys(aliases).filter((alias) => aliases[alias] === version);
    if (pointing.length === 0) return;
    throw new AimaasError(
      'ARTIFACT_IN_USE',
      `Version ${version} of model ${name} is what the alias ${pointing.map((alias) => `"${alias}"`).join(' and ')} points at.`,
      {
        hint: `Move it first (aimaas models alias ${name} VERSION ${pointing[0] ?? 'ALIAS'}), or add --force.`,
      },
    );
  }

  private statePath(name: string): string {
    return this.workspace.path('models', name, 'registry.json');
  }

  private async writeState(name: string, state: RegistryState): Promise<void> {
    await writeRegistryState(this.statePath(name), state);
  }

  private async locked<T>(name: string, access: RegistryAccess, work: () => Promise<T>): Promise<T> {
    const path = this.workspace.path('locks', `model-${checkModelName(name)}.lock`);
    return withLock(path, { ...access, what: `model ${name}` }, work);
  }
}
