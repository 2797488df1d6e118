import { booleanAttribute, numberAttribute } from '../attributes.js';
import { valueInfo, type Attributes, type Graph, type GraphNode, type ValueInfo } from '../graph.js';

/**
 * The one operation of a graph that holds a graph: a loop over the leading axis of some tensors, as ONNX' Scan.
 *
 *     inputs:  initial states · sequences [length, …] · captured values, the same in every iteration
 *     body:    states, elements of the sequences, captured values → next states · results of the iteration
 *     outputs: last states · results, stacked to [length, …]
 *
 * `reverse` goes through the sequences from the end; results stand where the elements they came from stood.
 * expand.ts writes it out as plain nodes for lowerings that have no loop.
 */
export const SCAN = 'Scan';

export interface ScanLayout {
  readonly states: number;
  readonly sequences: number;
  readonly length: number;
  readonly reverse: boolean;
}

export function scanAttributes({ states, sequences, length, reverse }: ScanLayout): Attributes {
  return { states, sequences, length, reverse };
}

export function scanLayout({ attributes }: GraphNode): ScanLayout {
  return {
    states: numberAttribute(attributes, 'states'),
    sequences: numberAttribute(attributes, 'sequences'),
    length: numberAttribute(attributes, 'length'),
    reverse: booleanAttribute(attributes, 'reverse'),
  };
}

/** The body of a loop; a loop without one is a bug of whoever made it. */
export function scanBody(node: GraphNode): Graph {
  if (node.body === undefined) throw new Error('A loop has no body.');
  return node.body;
}

/** Shapes and dtypes of a loop's outputs. */
export function scanOutputs(body: Graph, { states, length }: ScanLayout): ValueInfo[] {
  return body.outputs.map(({ value }, i) => {
    const { shape, dtype } = valueInfo(body, value);
    return { dtype, shape: i < states ? shape : [length, ...shape] };
  });
}

/** Inputs and outputs of bodies are told apart by position; their names only have to differ. */
export const bodyInput = (index: number): string => `in${index}`;
export const bodyOutput = (index: number): string => `out${index}`;
