import type { Graph, GraphNode, NamedValue, ValueId } from '../graph.js';
import { simplify } from '../passes/index.js';
import { removeDeadCode } from '../passes/dead-code.js';
import { bodyInput, bodyOutput } from './layout.js';

/**
 * One iteration and its gradient, traced together: what the loop forward and the loop backward are cut out of. Everything
 * is a value of `graph`.
 */
export interface JointStep {
  readonly graph: Graph;
  readonly states: readonly ValueId[];
  readonly elements: readonly ValueId[];
  readonly captured: readonly ValueId[];
  readonly nextStates: readonly ValueId[];
  readonly results: readonly ValueId[];
  /** Gradients flowing in: for every next state, and for every result. */
  readonly stateGradients: readonly ValueId[];
  readonly resultGradients: readonly ValueId[];
  /** Gradients flowing out, undefined where nothing flows. */
  readonly gradients: {
    readonly states: readonly ValueId[];
    readonly elements: readonly (ValueId | undefined)[];
    /** Sum over the iterations so far and this one, and the input that holds the sum so far. */
    readonly captured: readonly ({ readonly sum: ValueId; readonly soFar: ValueId } | undefined)[];
  };
}

export interface ForwardBody {
  readonly body: Graph;
  /** Values of the joint graph that come out as further results, since the gradient needs them. */
  readonly saved: readonly ValueId[];
}

/** The forward iteration: next states, results, and what the gradient needs of it. */
export function forwardBody(joint: JointStep): ForwardBody {
  const { graph } = joint;
  const outputs = [...joint.nextStates, ...joint.results];
  const forward = ancestors(graph, outputs);
  const made = new Set([...forward].flatMap((node) => node.outputs));
  const inputs = new Set<ValueId>(joint.states);
  const backward = [...ancestors(graph, gradientOutputs(joint))].filter((node) => !forward.has(node));
  const saved = new Set<ValueId>();
  const save = (id: ValueId) => {
    if (made.has(id) || inputs.has(id)) saved.add(id);
  };
  for (const node of backward) node.inputs.forEach(save);
  gradientOutputs(joint).forEach(save);
  return {
    body: bodyOf(
      graph,
      [...joint.states, ...joint.elements, ...joint.captured],
      [...outputs, ...saved],
      graph.nodes,
    ),
    saved: [...saved],
  };
}

/** The backward iteration: inputs and outputs in the order that `trace.ts` wires them in. */
export function backwardBody(joint: JointStep, saved: readonly ValueId[]): Graph {
  const { graph, gradients } = joint;
  const forward = ancestors(graph, [...joint.nextStates, ...joint.results]);
  const sums = gradients.captured.filter((gradient) => gradient !== undefined);
  return bodyOf(
    graph,
    [
      ...joint.stateGradients,
      ...sums.map(({ soFar }) => soFar),
      ...saved,
      ...joint.elements,
      ...joint.resultGradients,
      ...joint.captured,
    ],
    [
      ...gradients.states,
      ...sums.map(({ sum }) => sum),
      ...gradients.elements.filter((gradient) => gradient !== undefined),
    ],
    graph.nodes.filter((node) => !forward.has(node)),
  );
}

function gradientOutputs({ gradients }: JointStep): ValueId[] {
  return [
    ...gradients.states,
    ...gradients.elements,
    ...gradients.captured.map((gradient) => gradient?.sum),
  ].filter((id) => id !== undefined);
}

/** The nodes that values depend on. */
function ancestors(graph: Graph, values: readonly ValueId[]): Set<GraphNode> {
  const needed = new Set(values);
  const found = new Set<GraphNode>();
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    found.add(node);
    for (const id of node.inputs) needed.add(id);
  }
  return found;
}

function bodyOf(
  graph: Graph,
  inputs: readonly ValueId[],
  outputs: readonly ValueId[],
  nodes: readonly GraphNode[],
): Graph {
  const named = (ids: readonly ValueId[], name: (index: number) => string): NamedValue[] =>
    ids.map((value, i) => ({ name: name(i), value }));
  return simplify(
    removeDeadCode({
      ...graph,
      inputs: named(inputs, bodyInput),
      outputs: named(outputs, bodyOutput),
      nodes,
    }),
  );
}
