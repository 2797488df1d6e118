import type { BundleManifest } from '../core/bundle.js';
import type { DeploymentFormat } from '../core/export-names.js';
import type { JsonObject } from '../core/json.js';

/** A bundle as deployments take it. */
export interface DeployedBundle {
  /** Holds manifest.json and the files it names. */
  readonly folder: string;
  readonly manifest: BundleManifest;
  /** A row the model answers for. */
  readonly example: JsonObject;
}

/**
 * A way to run a bundle elsewhere. Unlike an Exporter it does not hold the model in another form: it is made of a whole
 * bundle and of the server.
 */
export interface Deployer {
  /** Value of --format and name of the folder. */
  readonly format: DeploymentFormat;
  /** What it is for, in a few words. */
  readonly summary: string;
  /**
   * Writes the files into `dir`, which is empty.
   * @returns what to do with them: a command to run there.
   */
  write(bundle: DeployedBundle, dir: string): Promise<string>;
}
