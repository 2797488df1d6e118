import type { ServedModel } from './served-model.js';
import type { Batcher } from './batcher.js';

/** A served model version and the batcher in front of it. */
export interface Serving {
  readonly model: ServedModel;
  readonly batcher: Batcher;
}

/** The number by which protocols with numeric versions know a model that has none. */
export function versionNumber(model: ServedModel): number {
  return model.version ?? 1;
}

/** Everything a server serves, by name, version and label. */
export class ModelSet {
  readonly all: readonly [Serving, ...Serving[]];
  private readonly byName = new Map<string, Serving[]>();

  /** The first is what answers when a request names no model; of each name, the first is its default version. */
  constructor(all: readonly [Serving, ...Serving[]]) {
    this.all = all;
    for (const serving of all) {
      const versions = this.byName.get(serving.model.name) ?? [];
      versions.push(serving);
      this.byName.set(serving.model.name, versions);
    }
  }

  get first(): Serving {
    return this.all[0];
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** The served versions of a name, its default first; none if there is no such model. */
  versions(name: string): readonly Serving[] {
    return this.byName.get(name) ?? [];
  }

  /** The default version of a name. */
  named(name: string): Serving | undefined {
    return this.versions(name)[0];
  }

  version(name: string, version: number): Serving | undefined {
    return this.versions(name).find(({ model }) => versionNumber(model) === version);
  }

  labelled(name: string, label: string): Serving | undefined {
    return this.versions(name).find(({ model }) => model.labels.includes(label));
  }
}
