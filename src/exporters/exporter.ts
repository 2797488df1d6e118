import type { TargetState } from '../core/artifacts.js';
import type { ModelSignature } from '../core/bundle.js';
import type { ExportFormat } from '../core/export-names.js';
import type { JsonObject } from '../core/json.js';
import type { Table } from '../core/table.js';
import type { FittedFeatures } from '../features/index.js';
import type { Graph } from '../graph/graph.js';

/** A trained model as exporters take it. */
export interface ExportModel {
  readonly name: string;
  /** The run it was trained in. */
  readonly run: string;
  readonly target: TargetState;
  readonly features: FittedFeatures;
  /** `features` float32 [batch, features.layout.length] → `scores` float32 [batch, outputs]. */
  readonly network: Graph;
  readonly signature: ModelSignature;
  /** Why exports begin at the feature matrix even though the columns could be prepared inside the graph. */
  readonly matrixBecause?: string | undefined;
}

/** What an exported file answers, for the check against the run. */
export interface ExportedAnswers {
  /** Row-major [rows, classes] probabilities or [rows, 1] values. */
  readonly scores: Float32Array;
  /** The most probable class of each row, as the file itself names it; null for regression. */
  readonly labels: readonly string[] | null;
}

export interface LoadedExport {
  /** What reads the file: "onnxruntime-node 1.30.0". */
  readonly runtime: string;
  answer(table: Table): Promise<ExportedAnswers>;
  dispose(): Promise<void>;
}

/** One format. To add one: a file that exports an Exporter, and its name in index.ts. */
export interface Exporter {
  /** Value of --format and name of the folder in the bundle. */
  readonly format: ExportFormat;
  /** What the format is for, in a few words. */
  readonly summary: string;
  /** Largest difference from the run's own predictions with which the file may be published (see parity.ts). */
  readonly tolerance: number;
  /**
   * Whether the runtime has no 64-bit numbers, so that columns which need them make the file begin at the feature matrix
   * instead of being an error.
   */
  readonly narrow: boolean;
  /** Whether the format can hold the model, or why not. */
  supports(model: ExportModel): true | string;
  /** Writes the format's files into `dir`; returns what a user of them must know (names, types, shapes). */
  write(model: ExportModel, dir: string): Promise<JsonObject>;
  /** Opens the files in `dir` anew, as their users do. */
  load(model: ExportModel, dir: string): Promise<LoadedExport>;
}
