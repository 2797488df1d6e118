import type { VersionName } from './repository.js';
import type { Canary } from './traffic/canary.js';

/** A model version that can be served, and where it lies. Plain data, so that it can be sent to other processes. */
export type Target = VersionName & {
  /** Aliases that point at the version. */
  readonly labels: readonly string[];
  readonly folder: string;
};

/** What is to be served from now on. */
export type Plan = {
  /** Of each name the first is the default version, and of all the first answers when a request names no model. */
  readonly targets: readonly Target[];
  /** By model name. */
  readonly canaries: Readonly<Record<string, Canary>>;
  /** The version, by model name, that gets copies of the requests its default version answers. */
  readonly shadows: Readonly<Record<string, number>>;
};

/** Targets with the same key are the same model version; their aliases may differ. */
export function keyOf({ name, version, folder }: Target): string {
  return JSON.stringify([name, version, folder]);
}

/** What a version is called in messages: name or name/version. */
export function titleOf({ name, version }: VersionName): string {
  return version === null ? name : `${name}/${version}`;
}

/** Whatever answers requests, in this process or in several. */
export interface Fleet {
  /**
   * Opens and warms a model version without giving it any request.
   * @throws AimaasError when it cannot be opened or cannot answer.
   */
  load(target: Target): Promise<void>;
  /** Serves exactly this, all of which was loaded; what leaves answers what it was given and is freed. */
  show(plan: Plan): Promise<void>;
}
