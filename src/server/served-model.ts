import type { SignatureInput } from '../core/bundle.js';
import type { JsonObject } from '../core/json.js';
import type { Predictor } from '../core/predictor.js';
import type { Table } from '../core/table.js';
import type { TaskKind } from '../core/task-kind.js';
import type { Watcher } from './monitoring/watcher.js';
import type { Tensors, TensorSpec } from './tensors/tensor.js';

/** One row as a client gives it: column name → JSON value. */
export type InputRecord = Readonly<Record<string, unknown>>;

/**
 * Some rows as clients give them: an object a row, a list of values in the order of the model's columns a row, or a list
 * of values a column (all equally long).
 */
export type InputRows =
  | { readonly form: 'records'; readonly records: readonly InputRecord[] }
  | { readonly form: 'lists'; readonly lists: readonly (readonly unknown[])[] }
  | {
      readonly form: 'columns';
      readonly rows: number;
      readonly columns: ReadonlyMap<string, readonly unknown[]>;
    };

/** A model version to be served: what answers, and what its clients must know of it. */
interface ServedBase {
  readonly name: string;
  /** null for a model that has no versions, such as a run served directly. */
  readonly version: number | null;
  /** Aliases that point at this version. */
  readonly labels: readonly string[];
  /** A row the model can answer for, for documentation and for the first, warming prediction. */
  readonly example: JsonObject;
  /** The same row as `run` takes it; undefined where none is known. */
  readonly exampleTensors: Tensors | undefined;
  /** What clients that speak in tensors send and get. */
  readonly inputTensors: readonly TensorSpec[];
  readonly outputTensors: readonly TensorSpec[];
  /** Whether the first axis of all tensors is rows, so that the rows of several requests may be answered together. */
  readonly batchable: boolean;
  /** Runs the engine on what `encode` gave, or on rows of several such joined. Several runs may be asked for at once. */
  run(inputs: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}

/** The name of the engine's input and output of a ColumnModel. */
export const FEATURES = 'features';
export const SCORES = 'scores';

/** What is typical of a model's inputs, for forms and explanations. */
export interface ModelProfile {
  /** For every column its median or most frequent value. */
  readonly typical: JsonObject;
  /** For number columns the least and the greatest value. */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
}

/** A model that aimaas made: it takes rows of raw columns, and answers with labels and probabilities or with values. */
export interface ColumnModel extends ServedBase {
  readonly kind: 'columns';
  readonly predictor: Predictor;
  readonly inputs: readonly SignatureInput[];
  /**
   * The typed cells of some rows. Columns the model does not know are ignored.
   * @throws AimaasError COLUMN_VALUE or COLUMN_NOT_FOUND with details `{row, column}`, the row counted from 0.
   */
  toTable(rows: InputRows | readonly InputRecord[]): Table;
  /** The engine's input for some rows: FEATURES `[rows, width]`. */
  encode(table: Table): Tensors;
  /** What its training rows looked like, where that is known. */
  readonly profile?: ModelProfile | undefined;
  /** Looks at every row that was answered, if anybody does. */
  readonly watcher?: Watcher | undefined;
}

/** A model from elsewhere, whose tensors are its signature. */
export interface TensorModel extends ServedBase {
  readonly kind: 'tensors';
  /** What runs it, as Triton names platforms. */
  readonly platform: 'onnxruntime_onnx' | 'tensorflow_savedmodel';
}

export type ServedModel = ColumnModel | TensorModel;

/** What a model does, in a word. */
export function taskOf(model: ServedModel): TaskKind | 'tensors' {
  return model.kind === 'columns' ? model.predictor.task : 'tensors';
}

/** What metrics call a model version. */
export function labelsOf({ name, version }: ServedModel): { model: string; version: string } {
  return { model: name, version: version === null ? '' : String(version) };
}
