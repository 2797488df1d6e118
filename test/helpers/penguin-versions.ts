import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentReporter } from '../../src/core/reporter.js';
import { ModelRegistry } from '../../src/workspace/registry.js';
import { Workspace } from '../../src/workspace/workspace.js';
import { bundleManifest } from './bundle.js';
import { writePenguinModel } from './penguins.js';

/** Exported models that answer for penguins (see writePenguinModel), as versions of a registry. */
export class PenguinVersions {
  private readonly workspace: Workspace;
  private readonly registry: ModelRegistry;
  private count = 0;

  constructor(workspace: string) {
    this.workspace = new Workspace(workspace);
    this.registry = new ModelRegistry(this.workspace);
  }

  /** Publishes the next version; one that is broken has a network that cannot be read. */
  async publish(name: string, options: { readonly broken?: boolean } = {}): Promise<number> {
    const seed = ++this.count;
    const folder = this.workspace.path('models', `.tmp-test-${seed}`);
    await mkdir(folder, { recursive: true });
    await writePenguinModel(folder, 'multiclass', seed);
    if (options.broken === true) await writeFile(join(folder, 'network.onnx'), 'not a network');
    const manifest = bundleManifest({ name, key: String(seed), task: 'multiclass' });
    const { version } = await this.registry.publish(folder, manifest, { reporter: silentReporter });
    return version;
  }

  alias(name: string, alias: string, version: number): Promise<unknown> {
    return this.registry.setAlias(name, alias, version, { reporter: silentReporter });
  }
}
