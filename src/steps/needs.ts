import type { FeaturesContent, RunContent } from '../core/artifacts.js';
import type { BundleManifest } from '../core/bundle.js';
import type { ArtifactKind } from '../workspace/manifest.js';
import { ModelRegistry } from '../workspace/registry.js';
import type { Workspace } from '../workspace/workspace.js';

/** What refers to an artifact, in words: "model penguins/3 (alias champion)", "run 12ab". */
export class Needs {
  private readonly reasons = new Map<string, string[]>();

  add(kind: ArtifactKind, id: string, reason: string): void {
    const key = `${kind} ${id}`;
    this.reasons.set(key, [...(this.reasons.get(key) ?? []), reason]);
  }

  of(kind: ArtifactKind, id: string): readonly string[] {
    return this.reasons.get(`${kind} ${id}`) ?? [];
  }
}

/** "model penguins/3 (alias champion)" */
export async function modelLabel(registry: ModelRegistry, model: BundleManifest): Promise<string> {
  const aliases = Object.entries(await registry.aliases(model.name))
    .filter(([, version]) => version === model.version)
    .map(([alias]) => alias);
  const suffix = aliases.length === 0 ? '' : ` (alias ${aliases.join(', ')})`;
  return `model ${model.name}/${model.version}${suffix}`;
}

/** Which runs, feature sets and data sets the exported models were made of. */
export async function needsOfModels(workspace: Workspace, models: readonly BundleManifest[]): Promise<Needs> {
  const registry = new ModelRegistry(workspace);
  const needs = new Needs();
  for (const model of models) {
    const label = await modelLabel(registry, model);
    needs.add('run', model.lineage.run, label);
    needs.add('features', model.lineage.features, label);
    needs.add('data', model.lineage.data, label);
  }
  return needs;
}

/** Adds what the current data set, feature set and run are, and what they in turn were made of. */
export async function addCurrentNeeds(workspace: Workspace, needs: Needs): Promise<void> {
  const [data, features, run] = await Promise.all([
    workspace.current('data'),
    workspace.current('features'),
    workspace.current('run'),
  ]);
  if (data !== undefined) needs.add('data', data, 'current data set');
  if (features !== undefined) {
    needs.add('features', features, 'current feature set');
    const manifest = await workspace.read<FeaturesContent>('features', features);
    if (manifest !== undefined) needs.add('data', manifest.content.data, 'current feature set');
  }
  if (run !== undefined) {
    needs.add('run', run, 'current run');
    const manifest = await workspace.read<RunContent>('run', run);
    if (manifest !== undefined) addRunNeeds(needs, manifest.id, manifest.content);
  }
}

/** Adds the feature set and data set that a run was made of. */
export function addRunNeeds(needs: Needs, id: string, run: RunContent): void {
  needs.add('features', run.features, `run ${id}`);
  needs.add('data', run.data, `run ${id}`);
}
