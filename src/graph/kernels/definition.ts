import type { Attributes, ValueInfo } from '../graph.js';

/** What the graph knows about an operation besides how to run it. */
export interface KernelDefinition {
  /** tfjs' names of the inputs in the order of `GraphNode.inputs`; 'list' where tfjs takes an array. */
  readonly inputs: readonly string[] | 'list';
  /** Shapes and dtypes of the outputs. Throws RangeError or TypeError for inputs the operation does not take. */
  readonly infer: (inputs: readonly ValueInfo[], attributes: Attributes) => readonly ValueInfo[];
}

export type KernelDefinitions = Readonly<Record<string, KernelDefinition>>;

/** The n-th input; a missing one is an error of the caller. */
export function inputAt(inputs: readonly ValueInfo[], index: number): ValueInfo {
  const info = inputs[index];
  if (info === undefined) throw new TypeError(`input ${index} is missing`);
  return info;
}
