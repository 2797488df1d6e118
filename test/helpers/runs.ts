import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContent, FeaturesContent, Metrics, RunContent } from '../../src/core/artifacts.js';
import type { JsonObject } from '../../src/core/json.js';
import { silentReporter } from '../../src/core/reporter.js';
import { idOf } from '../../src/workspace/hash.js';
import { ModelRegistry } from '../../src/workspace/registry.js';
import { bundleManifest } from './bundle.js';
import type { Workspace } from '../../src/workspace/workspace.js';

const TARGET = { task: 'binary', column: 'y', classes: ['no', 'yes'], counts: [60, 40] } as const;

/** Publishes an artifact with a small file in it, as a step would, and gives its id. */
async function publish(
  workspace: Workspace,
  kind: 'data' | 'features' | 'run',
  key: JsonObject,
  content: JsonObject,
): Promise<string> {
  const id = idOf(key);
  await workspace.publish({
    kind,
    id,
    key,
    reporter: silentReporter,
    async write(dir) {
      await writeFile(join(dir, 'content.txt'), JSON.stringify(content));
      return content;
    },
  });
  return id;
}

export async function publishData(workspace: Workspace, name: string): Promise<string> {
  const content: DataContent = {
    name,
    rows: 100,
    rejectedRows: 0,
    schema: { columns: [{ name: 'x', kind: 'number', reason: 'test', dataType: 'float' }], target: 'y' },
    sources: [],
    warnings: [],
  };
  return publish(workspace, 'data', { name }, content);
}

export async function publishFeatures(workspace: Workspace, data: string, seed = 0): Promise<string> {
  const split = { rows: 10, shards: [] };
  const content: FeaturesContent = {
    data,
    dataName: 'data',
    task: 'binary',
    target: TARGET,
    layout: [{ source: 'x', name: 'x', role: 'numeric', cardinality: 0 }],
    splits: { train: split, validation: split, test: split },
    hasWeights: false,
    seed,
    splitting: { method: 'random', column: null, given: [] },
    cleaning: {},
    leftOut: [],
    recipe: { columns: ['x'], choices: {}, weightColumn: null },
  };
  return publish(workspace, 'features', { data, seed }, content);
}

export interface RunOf {
  readonly data: string;
  readonly features: string;
  readonly validation?: Metrics;
  readonly options?: JsonObject;
  readonly family?: string;
  readonly state?: RunContent['state'];
}

export async function publishRun(workspace: Workspace, run: RunOf): Promise<string> {
  const { data, features, validation = { accuracy: 0.9, log_loss: 0.3 }, options = { epochs: 10 } } = run;
  const content: RunContent = {
    state: run.state ?? 'complete',
    features,
    data,
    dataName: 'data',
    task: 'binary',
    target: TARGET,
    model: { family: run.family ?? 'mlp', params: { units: [32] } },
    options,
    engine: { name: 'reference' },
    epochs: 10,
    bestEpoch: 7,
    parameters: 1234,
    seconds: 1.5,
    validation,
    baseline: { accuracy: 0.6, log_loss: 0.67 },
    from: null,
    search: null,
  };
  return publish(workspace, 'run', { features, options, family: run.family ?? 'mlp', validation }, content);
}

/** Publishes a version of a model made of a run, with an alias if one is given, and gives its version. */
export async function publishModel(
  workspace: Workspace,
  of: { readonly name: string; readonly run: string; readonly features: string; readonly data: string },
  alias?: string,
): Promise<number> {
  const registry = new ModelRegistry(workspace);
  const finished = workspace.path('models', `.tmp-test-${of.run}`);
  await mkdir(finished, { recursive: true });
  const { name, run, features, data } = of;
  const lineage = { run, features, data, dataName: 'data', sources: [] };
  const manifest = bundleManifest({ name, key: run, lineage });
  const { version } = await registry.publish(finished, manifest, { reporter: silentReporter });
  if (alias !== undefined) await registry.setAlias(name, alias, version, { reporter: silentReporter });
  return version;
}

/** Makes an artifact as old as a test needs it: rewrites the time in its manifest. */
export async function makeOlder(folder: string, days: number): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as JsonObject;
  const createdAt = new Date(Date.now() - days * 86_400_000).toISOString();
  await writeFile(path, JSON.stringify({ ...manifest, createdAt }));
}
