import type { JsonObject } from './json.js';
import type { FeatureLayout } from './layout.js';
import type { DataSchema } from './table.js';
import type { TaskKind } from './task-kind.js';

export const SPLITS = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof SPLITS)[number];

/** What was read to make a data set. */
export type SourceLineage = {
  /** As the user gave it: a path, glob match, URL, or "-". Credentials are removed from URLs. */
  readonly location: string;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** manifest.content of a data set. Its rows are in data.parquet, its profile in profile.json. */
export type DataContent = {
  readonly name: string;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly schema: DataSchema;
  readonly sources: readonly SourceLineage[];
  readonly warnings: readonly {
    readonly code: string;
    readonly column: string | null;
    readonly message: string;
  }[];
};

/** How the target was understood; fitted on the training split only. */
export type TargetState =
  | {
      readonly task: 'binary' | 'multiclass';
      readonly column: string;
      /** Class names; a class's index is its label. For binary the second is the positive class. */
      readonly classes: readonly string[];
      /** Rows of each class in the training split. */
      readonly counts: readonly number[];
      /** Their sample weights in total, where rows have weights. */
      readonly weights?: readonly number[];
    }
  | {
      readonly task: 'regression';
      readonly column: string;
      /** Of the training rows, by weight where rows have weights; those of weight 0 count for nothing. */
      readonly mean: number;
      readonly standardDeviation: number;
      readonly minimum: number;
      readonly maximum: number;
    };

export type SplitInfo = {
  readonly rows: number;
  /**
   * safetensors files in order. Each holds x float32 [rows, features]; y int32 [rows] (class index) or float64 [rows]
   * (regression, in the target's own unit); row int32 [rows] (0-based row of the data set); and, with a sample-weight
   * column, weight float32 [rows].
   */
  readonly shards: readonly string[];
};

/** manifest.content of a feature set. The fitted transforms are in features.json. */
export type FeaturesContent = {
  readonly data: string;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly target: TargetState;
  readonly layout: FeatureLayout;
  readonly splits: { readonly [split in SplitName]: SplitInfo };
  readonly hasWeights: boolean;
  readonly seed: number;
  /** How rows were told apart; `given` splits have their rows from other data than the data set. */
  readonly splitting: {
    readonly method: 'random' | 'group' | 'time' | 'column';
    readonly column: string | null;
    readonly given: readonly ('validation' | 'test')[];
  };
  /** Rows that were left out, by why, and all rows read. */
  readonly cleaning: { readonly [reason: string]: number };
  /** Raw columns that are no features, and why. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[];
  /** What it takes to fit the same features on other rows of the data set. */
  readonly recipe: {
    /** Columns that features were fitted on, kept or not. */
    readonly columns: readonly string[];
    /** Column → how it is prepared, as features/ reads it. */
    readonly choices: JsonObject;
    readonly weightColumn: string | null;
  };
};

/** `stopped`: a search ended it early, because others were better. */
export type RunState = 'training' | 'interrupted' | 'stopped' | 'failed' | 'complete';

/** Metric name → value. */
export type Metrics = { readonly [metric: string]: number };

/** manifest.content of a run. See training/ for the files beside it. */
export type RunContent = {
  readonly state: RunState;
  readonly features: string;
  readonly data: string;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly target: TargetState;
  /** Family name and its resolved parameters. */
  readonly model: { readonly family: string; readonly params: JsonObject };
  /** Every training option with its resolved value. */
  readonly options: JsonObject;
  readonly engine: JsonObject;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly parameters: number;
  readonly seconds: number;
  /** On validation rows only (for fold members: on the fold each member did not see). */
  readonly validation: Metrics;
  /** The same metrics of the trivial baseline. */
  readonly baseline: Metrics;
  /** Run whose weights this one started from, if any. */
  readonly from: string | null;
  /** Search that made this run, if any. */
  readonly search: string | null;
  /** Code of the error that a failed run failed with. */
  readonly failure?: string;
};

/**
 * predictor.json, which with network.onnx beside it is everything needed to answer for raw rows. Every run and every
 * exported bundle holds the two. network.onnx takes `features` float32 [batch, layout.length] and gives `scores`
 * float32 [batch, classes] (probabilities) or [batch, 1] (value in the target's unit).
 */
export type PredictorFile = {
  readonly schemaVersion: 1;
  readonly task: TaskKind;
  /** The raw input columns, without target, weight and dropped columns. */
  readonly schema: DataSchema;
  readonly target: TargetState;
  /** The fitted transforms, as features/ writes and reads them. */
  readonly features: JsonObject;
};

/** What answers for raw rows; a bundle has copies of those of its run. */
export const PREDICTOR_FILES = ['predictor.json', 'network.onnx'] as const;
