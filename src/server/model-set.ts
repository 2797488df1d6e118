import type { IncomingHttpHeaders } from 'node:http';
import type { Batcher } from './batcher.js';
import type { ServedModel } from './served-model.js';
import { type Canary, goesToCanary } from './traffic/canary.js';
import type { Onlooker } from './traffic/onlooker.js';

/** A served model version and the batcher in front of it. */
export interface Serving {
  readonly model: ServedModel;
  readonly batcher: Batcher;
  /** Sees what comes of its requests, where a traffic rule wants to know. */
  readonly onlooker?: Onlooker | undefined;
}

/** The number by which protocols with numeric versions know a model that has none. */
export function versionNumber(model: ServedModel): number {
  return model.version ?? 1;
}

/**
 * Everything a server serves at this moment, by name, version and label. It changes as a whole: whoever has looked
 * something up may use it until its request is answered.
 */
export class ModelSet {
  private servings: readonly Serving[] = [];
  private byName: ReadonlyMap<string, readonly Serving[]> = new Map();
  private canaries: ReadonlyMap<string, Canary> = new Map();
  private readonly listeners: (() => void)[] = [];

  /** Of each name the first is its default version, and of all the first answers when a request names no model. */
  constructor(servings: readonly Serving[] = []) {
    this.replace(servings);
  }

  get all(): readonly Serving[] {
    return this.servings;
  }

  /** What answers when a request names no model. */
  get first(): Serving | undefined {
    return this.servings[0];
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

  /**
   * What answers a request for predictions that leaves the version to the server: the default version of the name (or
   * of the first model), or its canary.
   */
  choose(name: string | undefined, headers: IncomingHttpHeaders): Serving | undefined {
    const chosen = name === undefined ? this.first : this.named(name);
    if (chosen === undefined || this.canaries.size === 0) return chosen;
    const canary = this.canaries.get(chosen.model.name);
    if (canary === undefined || !goesToCanary(canary, headers)) return chosen;
    return this.version(chosen.model.name, canary.version) ?? chosen;
  }

  /** The headers whose values decide which requests go to canaries. */
  get chosenBy(): readonly string[] {
    return [...this.canaries.values()].flatMap(({ header }) => header ?? []);
  }

  /** From now on these are served, and these canaries by name get part of the requests. */
  replace(servings: readonly Serving[], canaries: ReadonlyMap<string, Canary> = new Map()): void {
    const byName = new Map<string, Serving[]>();
    for (const serving of servings) {
      const versions = byName.get(serving.model.name) ?? [];
      versions.push(serving);
      byName.set(serving.model.name, versions);
    }
    this.servings = servings;
    this.byName = byName;
    this.canaries = canaries;
    for (const listener of this.listeners) listener();
  }

  /** Calls back after every change, for what is made from the models, such as documentation. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }
}
