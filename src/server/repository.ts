/** A model version by its name. */
export type VersionName = {
  readonly name: string;
  /** null for a model that has no versions. */
  readonly version: number | null;
};

/** A model version as the repository API lists it. */
export type RepositoryEntry = VersionName & {
  /** Whether it answers requests; UNAVAILABLE versions can be loaded. */
  readonly state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  /** Why it is not ready; empty if nothing went wrong. */
  readonly reason: string;
};

/** A reference that is followed, but whose version could not be put in its place; what served before still does. */
export type LoadProblem = {
  /** As it was given: penguins@champion. */
  readonly reference: string;
  /** The version that could not be loaded, if the reference could be resolved to one. */
  readonly wanted: VersionName | null;
  /** What answers instead; null if nothing does. */
  readonly serving: VersionName | null;
  readonly message: string;
};

/** Which versions are served, seen from outside, and how to change it while serving. */
export interface ModelRepository {
  /** Every version that is served or lies in the registry. */
  index(): Promise<readonly RepositoryEntry[]>;
  /**
   * Serves a model from now on: one version, or without it the newest, followed as newer ones appear. Resolves when it
   * takes traffic. What is served already is looked at again.
   * @throws RequestError 404 when there is no such model, 409 when it cannot be loaded; what served before still does.
   */
  load(name: string, version?: number): Promise<void>;
  /**
   * Stops serving a version, or all of a model; what they have been given is answered.
   * @throws RequestError 404 when it is not served.
   */
  unload(name: string, version?: number): Promise<void>;
  /** What could not be loaded. */
  problems(): Promise<readonly LoadProblem[]>;
}
