import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { FeaturesContent, RunContent } from '../core/artifacts.js';
import type { BundleManifest } from '../core/bundle.js';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import { TEMPORARY } from '../workspace/atomic.js';
import { isAbandoned } from '../workspace/leftovers.js';
import type { ArtifactKind, Manifest } from '../workspace/manifest.js';
import { ModelRegistry } from '../workspace/registry.js';
import { removeArtifact } from '../workspace/remove.js';
import { Workspace } from '../workspace/workspace.js';
import { remember } from './audit.js';
import { addCurrentNeeds, addRunNeeds, modelLabel, type Needs, needsOfModels } from './needs.js';

export interface PruneOptions {
  /** Seconds: only what was made longer ago goes. */
  readonly olderThan?: number | undefined;
  /** How many of each kind (and versions of each model) stay at least, the newest. */
  readonly keep?: number | undefined;
  /** Model versions too, those no alias points at; the newest of each model stays. */
  readonly models?: boolean | undefined;
  /** Only say what would go. */
  readonly dryRun?: boolean | undefined;
}

export type PrunedItem = {
  readonly kind: ArtifactKind | 'model' | 'leftover';
  /** Id, name/version, or path in the workspace. */
  readonly name: string;
  readonly createdAt: string;
  readonly bytes: number;
};

export type PruneResult = {
  readonly schemaVersion: 1;
  readonly dryRun: boolean;
  /** What was (or would be) removed. */
  readonly removed: readonly PrunedItem[];
  /** What the rule would remove but something needs. */
  readonly kept: readonly {
    readonly kind: string;
    readonly name: string;
    readonly neededBy: readonly string[];
  }[];
  readonly bytes: number;
};

/** Temporary folders of commands that were killed: nothing writes to one for this long without renaming it. */
const LEFTOVER_SECONDS = 24 * 3600;

type Rule = (createdAt: string, rank: number) => boolean;

function ruleOf({ olderThan, keep }: PruneOptions): Rule {
  if (olderThan === undefined && keep === undefined) {
    throw new AimaasError('USAGE', 'prune needs to know what is old: an age, a number to keep, or both.', {
      hint: 'For example: aimaas prune --older-than 30d --keep 5 --dry-run',
    });
  }
  const now = Date.now();
  return (createdAt, rank) =>
    (olderThan === undefined || now - Date.parse(createdAt) > olderThan * 1000) &&
    (keep === undefined || rank >= keep);
}

const bytesOf = (files: Manifest['files']): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);

/** Everything that goes and everything that stays only because it is needed. */
class Plan {
  readonly removed: PrunedItem[] = [];
  readonly kept: { kind: string; name: string; neededBy: readonly string[] }[] = [];

  consider(item: PrunedItem, neededBy: readonly string[]): boolean {
    if (neededBy.length > 0)
      this.kept.push({ kind: item.kind, name: item.name, neededBy: [...new Set(neededBy)] });
    else this.removed.push(item);
    return neededBy.length === 0;
  }
}

/** Model versions that go; the others are given back. */
async function planModels(
  registry: ModelRegistry,
  rule: Rule,
  plan: Plan,
  include: boolean,
): Promise<BundleManifest[]> {
  const staying: BundleManifest[] = [];
  for (const name of await registry.names()) {
    const versions = await registry.list(name);
    const aliased = new Set(Object.values(await registry.aliases(name)));
    const newest = Math.max(...versions.map(({ version }) => version));
    for (const [rank, model] of versions.entries()) {
      const item: PrunedItem = {
        kind: 'model',
        name: `${name}/${model.version}`,
        createdAt: model.createdAt,
        bytes: bytesOf(model.files),
      };
      const reasons = [
        ...(aliased.has(model.version) ? [await modelLabel(registry, model)] : []),
        ...(model.version === newest ? [`newest version of ${name}`] : []),
      ];
      const goes = include && rule(model.createdAt, rank) && plan.consider(item, reasons);
      if (!goes) staying.push(model);
    }
  }
  return staying;
}

/** Artifacts of one kind that go; the others are given back. */
async function planKind<C extends RunContent | FeaturesContent | Manifest['content']>(
  workspace: Workspace,
  kind: ArtifactKind,
  rule: Rule,
  needs: Needs,
  plan: Plan,
): Promise<Manifest<C>[]> {
  const manifests = await workspace.list<C>(kind);
  return manifests.filter((manifest, rank) => {
    const { id, createdAt, files } = manifest;
    if (!rule(createdAt, rank)) return true;
    return !plan.consider({ kind, name: id, createdAt, bytes: bytesOf(files) }, needs.of(kind, id));
  });
}

/** Temporary names that a killed command left behind. */
async function planLeftovers(workspace: Workspace, plan: Plan): Promise<void> {
  const names = await readdir(workspace.root, { recursive: true }).catch(() => [] as string[]);
  const unfinished = names.filter(
    (name) => basename(name).startsWith(TEMPORARY) && !dirname(name).includes(TEMPORARY),
  );
  for (const name of unfinished) {
    const made = await stat(workspace.path(name)).then(
      ({ mtime }) => mtime,
      () => undefined,
    );
    if (made === undefined) continue;
    if (!isAbandoned(basename(name)) && Date.now() - made.getTime() < LEFTOVER_SECONDS * 1000) continue;
    plan.consider({ kind: 'leftover', name, createdAt: made.toISOString(), bytes: 0 }, []);
  }
}

async function remove(
  workspace: Workspace,
  registry: ModelRegistry,
  item: PrunedItem,
  context: StepContext,
): Promise<void> {
  switch (item.kind) {
    case 'leftover':
      return rm(workspace.path(item.name), { recursive: true, force: true });
    case 'model': {
      const slash = item.name.lastIndexOf('/');
      const { reporter, signal } = context;
      await registry.delete(item.name.slice(0, slash), Number(item.name.slice(slash + 1)), {
        reporter,
        signal,
        force: false,
      });
      return;
    }
    case 'data':
    case 'features':
    case 'run':
      return removeArtifact(workspace, item.kind, item.name);
  }
}

/**
 * Removes old artifacts by age, by count, or by both (then only what is old by both). What an alias, an exported
 * model, or the current run, feature set and data set are made of stays.
 * @throws AimaasError USAGE without a rule.
 */
export async function prune(options: PruneOptions, context: StepContext): Promise<PruneResult> {
  const rule = ruleOf(options);
  const workspace = new Workspace(context.workspace);
  const registry = new ModelRegistry(workspace);
  const plan = new Plan();
  const models = await planModels(registry, rule, plan, options.models === true);
  const needs = await needsOfModels(workspace, models);
  await addCurrentNeeds(workspace, needs);
  // From what is made to what it is made of, so that what stays keeps what it needs.
  for (const { id, content } of await planKind<RunContent>(workspace, 'run', rule, needs, plan)) {
    addRunNeeds(needs, id, content);
  }
  for (const { id, content } of await planKind<FeaturesContent>(workspace, 'features', rule, needs, plan)) {
    needs.add('data', content.data, `feature set ${id}`);
  }
  await planKind(workspace, 'data', rule, needs, plan);
  await planLeftovers(workspace, plan);

  const removed: PrunedItem[] = [];
  for (const item of plan.removed) {
    throwIfAborted(context.signal);
    try {
      if (options.dryRun !== true) await remove(workspace, registry, item, context);
      removed.push(item);
    } catch (error) {
      if (!(error instanceof AimaasError) || error.code !== 'ARTIFACT_IN_USE') throw error;
      context.reporter.warn(`${item.kind} ${item.name} stays: ${error.message}`);
    }
  }
  if (options.dryRun !== true) {
    const deeds = removed.map(({ kind, name }) => ({ action: 'prune', target: `${kind} ${name}` }));
    await remember(context, ...deeds);
  }
  return {
    schemaVersion: 1,
    dryRun: options.dryRun === true,
    removed,
    kept: plan.kept,
    bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
