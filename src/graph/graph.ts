import type { DType, TensorData } from '../core/tensor.js';

/** Index into `Graph.values`. */
export type ValueId = number;

export interface ValueInfo {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export type AttributeValue =
  null | boolean | number | string | readonly number[] | readonly string[] | readonly (readonly number[])[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One operation. `op` is tfjs' kernel name, `attributes` its attributes; see docs/architecture.md for the few ops of our own. */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Attributes;
  /** The layer it was traced in, for messages. */
  readonly layer?: string;
  /** What one iteration computes, where the operation is a loop (see scan/layout.ts). */
  readonly body?: Graph;
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

/** The description of a value; an id that is not in the graph is a bug. */
export function valueInfo(graph: Pick<Graph, 'values'>, id: ValueId): ValueInfo {
  const info = graph.values[id];
  if (info === undefined) throw new Error(`The graph has no value ${id}.`);
  return info;
}

/** Name → shape and dtype of the graph's inputs. */
export function inputInfos(graph: Graph): Record<string, ValueInfo> {
  return Object.fromEntries(graph.inputs.map(({ name, value }) => [name, valueInfo(graph, value)]));
}
