import type { DType, TensorData } from '../core/tensor.js';

/** Index into `Graph.values`. */
export type ValueId = number;

export interface ValueInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export type AttributeValue = null | boolean | number | string | readonly number[] | readonly string[];

/** One operation. `op` is tfjs' kernel name, `attributes` its attributes; see docs/architecture.md for the few ops of our own. */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The layer it was traced in, for messages. */
  readonly layer?: string;
}

export interface NamedValue {
  readonly name: string;
  readonly value: ValueId;
}

/** A computation without side effects: nodes in topological order, static shapes but for the batch (see symbolic.ts). */
export interface Graph {
  readonly values: readonly ValueInfo[];
  readonly inputs: readonly NamedValue[];
  readonly constants: ReadonlyMap<ValueId, TensorData>;
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly NamedValue[];
}
