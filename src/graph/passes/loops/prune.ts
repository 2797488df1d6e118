import type { GraphNode, ValueId } from '../../graph.js';
import type { Loop } from './loop.js';

/** Drops results and states that nobody reads (`used` tells of the enclosing graph), and what only they needed. */
export function pruneLoop(loop: Loop, used: (outer: ValueId) => boolean): void {
  loop.results = loop.results.filter(({ outer }) => used(outer));
  for (;;) {
    const needed = neededValues(loop, used);
    const states = loop.states.filter(({ inner, last }) => used(last) || needed.has(inner));
    if (states.length === loop.states.length) {
      loop.nodes = loop.nodes.filter((node) => node.outputs.some((output) => needed.has(output)));
      loop.sequences = onePerSequence(loop, needed);
      loop.captured = loop.captured.filter(({ inner }) => needed.has(inner));
      return;
    }
    loop.states = states;
  }
}

/** A state that feeds nothing but itself is not needed, however often it is computed. */
function neededValues(loop: Loop, used: (outer: ValueId) => boolean): Set<ValueId> {
  const needed = new Set<ValueId>(loop.results.map(({ inner }) => inner));
  const required = new Set(loop.states.filter(({ last }) => used(last)));
  for (;;) {
    for (const { next } of required) needed.add(next);
    for (const node of [...loop.nodes].reverse()) {
      if (node.outputs.some((output) => needed.has(output))) addInputs(needed, node);
    }
    const more = loop.states.filter((state) => !required.has(state) && needed.has(state.inner));
    if (more.length === 0) return needed;
    for (const state of more) required.add(state);
  }
}

function addInputs(needed: Set<ValueId>, node: GraphNode): void {
  for (const input of node.inputs) needed.add(input);
}

/** The sequences that are needed; a loop without any still has to know its length. */
function onePerSequence(loop: Loop, needed: ReadonlySet<ValueId>): Loop['sequences'] {
  const kept = loop.sequences.filter(({ inner }) => needed.has(inner));
  return kept.length > 0 ? kept : loop.sequences.slice(0, 1);
}
