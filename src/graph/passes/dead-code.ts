import type { Graph, ValueId } from '../graph.js';

/** Drops nodes and constants that no output depends on. Inputs stay, as callers feed them. */
export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set<ValueId>(graph.outputs.map(({ value }) => value));
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  const constants = new Map([...graph.constants].filter(([id]) => needed.has(id)));
  return { ...graph, nodes: nodes.reverse(), constants };
}
