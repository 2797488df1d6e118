import type { Metrics, SourceLineage } from './artifacts.js';
import type { BundleEncryption } from './bundle-encryption.js';
import type { JsonObject } from './json.js';
import type { ColumnKind, DataSchema } from './table.js';
import type { TaskKind } from './task-kind.js';

/** One raw column that a model takes. */
export type SignatureInput = {
  readonly name: string;
  readonly kind: ColumnKind;
  /** How a cell is given in JSON: a number, a text, true/false, or an ISO 8601 date. */
  readonly dtype: 'number' | 'string' | 'boolean' | 'date';
  /** The categories seen in training, for kinds that have them; any other value is treated as unseen. */
  readonly categories: readonly string[] | null;
};

/** One thing a model answers with. */
export type SignatureOutput = {
  readonly name: 'label' | 'probabilities' | 'value';
  readonly dtype: 'string' | 'float32';
  /** null is the number of rows. */
  readonly shape: readonly (number | null)[];
};

export type ModelSignature = {
  readonly inputs: readonly SignatureInput[];
  readonly outputs: readonly SignatureOutput[];
};

/** What an exported model was made of. */
export type ModelLineage = {
  readonly run: string;
  readonly features: string;
  readonly data: string;
  readonly dataName: string;
  readonly sources: readonly SourceLineage[];
};

/** The check that an exported file gives the run's own predictions. */
export type ParityResult = {
  /** Rows compared, including rows with missing and unseen values made from them. */
  readonly rows: number;
  /** Largest difference met: of probabilities as it is, of values relative to the target's spread. */
  readonly maximumDifference: number;
  readonly tolerance: number;
  /** What loaded the file for the check. */
  readonly checkedWith: string;
};

/** One format of a bundle. */
export type BundleFormat = {
  /** Paths relative to the bundle. */
  readonly files: readonly string[];
  /** Names, types and shapes as this format has them, and what a user of it must know. */
  readonly details: JsonObject;
  readonly parity: ParityResult;
};

/** manifest.json of models/<name>/<version>/. */
export type BundleManifest = {
  readonly schemaVersion: 1;
  readonly kind: 'model';
  readonly name: string;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Version of aimaas that wrote it. */
  readonly aimaas: string;
  /** Hash of what went in: the same run and formats have the same key. */
  readonly key: string;
  readonly task: TaskKind;
  readonly model: { readonly family: string; readonly params: JsonObject };
  /** Class names in the order of the probabilities; for binary the second is the positive class. Empty for regression. */
  readonly classes: readonly string[];
  readonly signature: ModelSignature;
  readonly schema: DataSchema;
  readonly lineage: ModelLineage;
  readonly metrics: {
    readonly validation: Metrics;
    readonly baseline: Metrics;
    /** null if the run had not been evaluated on its test rows when it was exported. */
    readonly test: Metrics | null;
  };
  readonly formats: { readonly [format: string]: BundleFormat };
  /** Formats that cannot hold the model, and why. */
  readonly skippedFormats: { readonly [format: string]: string };
  /** How its files are encrypted; without it, they are not. */
  readonly encryption?: BundleEncryption;
  /** Id of the key that signed it (signature.json); without it, nobody did. */
  readonly signedBy?: string;
  /** Slash-separated path relative to the bundle → size and hash, for every file but the manifest and its signature. */
  readonly files: { readonly [path: string]: { readonly bytes: number; readonly sha256: string } };
};
