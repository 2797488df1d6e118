import { SCAN, bodyInput, bodyOutput, scanAttributes, scanBody, scanLayout } from '../../scan/layout.js';
import type { Attributes, Graph, GraphNode, NamedValue, ValueId, ValueInfo } from '../../graph.js';
import { GraphEditor } from '../graph-editor.js';

/** A value of the body and the value of the enclosing graph that it comes from or goes to. */
export interface Link {
  readonly inner: ValueId;
  readonly outer: ValueId;
}

/** Carried from one iteration to the next. */
export interface State {
  readonly initial: ValueId;
  readonly inner: ValueId;
  readonly next: ValueId;
  /** The value after the last iteration. */
  readonly last: ValueId;
}

/** A loop taken apart, so that passes can move things into and out of its body. */
export class Loop {
  states: State[];
  sequences: Link[];
  captured: Link[];
  results: Link[];
  nodes: GraphNode[];
  readonly length: number;
  readonly reverse: boolean;
  private readonly original: GraphNode;
  private readonly editor: GraphEditor;
  private readonly outside: GraphEditor;

  /** `outside` edits the enclosing graph. */
  constructor(node: GraphNode, outside: GraphEditor) {
    const { states, sequences, length, reverse } = scanLayout(node);
    const body = scanBody(node);
    this.original = node;
    this.outside = outside;
    this.editor = new GraphEditor(body);
    this.length = length;
    this.reverse = reverse;
    const inner = body.inputs.map(({ value }) => value);
    const made = body.outputs.map(({ value }) => value);
    const link = (from: number) => (value: ValueId, i: number) => ({
      inner: value,
      outer: node.inputs[from + i] ?? -1,
    });
    this.states = inner.slice(0, states).map((value, i) => ({
      inner: value,
      initial: node.inputs[i] ?? -1,
      next: made[i] ?? -1,
      last: node.outputs[i] ?? -1,
    }));
    this.sequences = inner.slice(states, states + sequences).map(link(states));
    this.captured = inner.slice(states + sequences).map(link(states + sequences));
    this.results = made
      .slice(states)
      .map((value, i) => ({ inner: value, outer: node.outputs[states + i] ?? -1 }));
    this.nodes = [...body.nodes];
  }

  info(id: ValueId): ValueInfo {
    return this.editor.info(id);
  }

  isConstant(id: ValueId): boolean {
    return this.editor.constantOf(id) !== undefined;
  }

  /** A constant of the body as one of the enclosing graph. */
  constantOutside(id: ValueId): ValueId | undefined {
    const constant = this.editor.constantOf(id);
    return constant === undefined ? undefined : this.outside.constant(constant);
  }

  /** A node for the body, not yet in `nodes`. */
  make(op: string, inputs: readonly ValueId[], attributes: Attributes, layer?: string): GraphNode {
    return this.editor.make(op, inputs, attributes, layer);
  }

  /** Which node of the body makes a value. */
  makers(): Map<ValueId, GraphNode> {
    return new Map(this.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  }

  /** How often every value of the body is used. */
  uses(): Map<ValueId, number> {
    const counts = new Map<ValueId, number>();
    const count = (id: ValueId) => counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const node of this.nodes) node.inputs.forEach(count);
    for (const { next } of this.states) count(next);
    for (const { inner } of this.results) count(inner);
    return counts;
  }

  /** All iterations' values of a value of the body, stacked in the enclosing graph; becomes a result if it is none. */
  stacked(inner: ValueId): ValueId {
    const known =
      this.sequences.find((link) => link.inner === inner) ??
      this.results.find((link) => link.inner === inner);
    if (known !== undefined) return known.outer;
    const { shape, dtype } = this.info(inner);
    const outer = this.outside.value({ dtype, shape: [this.length, ...shape] });
    this.results.push({ inner, outer });
    return outer;
  }

  /** The loop as a node again. */
  build(): GraphNode {
    const links = [
      ...this.states.map(({ inner, initial }) => ({ inner, outer: initial })),
      ...this.sequences,
      ...this.captured,
    ];
    const outputs = [...this.states.map(({ next, last }) => ({ inner: next, outer: last })), ...this.results];
    const named = (all: readonly Link[], name: (index: number) => string): NamedValue[] =>
      all.map(({ inner }, i) => ({ name: name(i), value: inner }));
    const body: Graph = {
      ...this.editor.build(),
      nodes: this.nodes,
      inputs: named(links, bodyInput),
      outputs: named(outputs, bodyOutput),
    };
    return {
      ...this.original,
      op: SCAN,
      inputs: links.map(({ outer }) => outer),
      outputs: outputs.map(({ outer }) => outer),
      attributes: scanAttributes({
        states: this.states.length,
        sequences: this.sequences.length,
        length: this.length,
        reverse: this.reverse,
      }),
      body,
    };
  }
}

/** How much a value of the body changes: never, with the element of a sequence only, or with the state. */
export type Level = 'invariant' | 'element' | 'state';

/** The level of every value of the body; constants are not listed, and invariant. */
export function levels(loop: Loop): Map<ValueId, Level> {
  const found = new Map<ValueId, Level>();
  for (const { inner } of loop.captured) found.set(inner, 'invariant');
  for (const { inner } of loop.sequences) found.set(inner, 'element');
  for (const { inner } of loop.states) found.set(inner, 'state');
  for (const node of loop.nodes) {
    const inputs = node.inputs.map((id) => found.get(id) ?? 'invariant');
    const level = inputs.includes('state') ? 'state' : inputs.includes('element') ? 'element' : 'invariant';
    for (const output of node.outputs) found.set(output, level);
  }
  return found;
}
