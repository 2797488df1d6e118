import type { Graph, GraphNode, NamedValue, ValueId } from '../graph.js';

/** Replaces values by others wherever they are used; follows chains of replacements. */
export function replaceValues(graph: Graph, replacements: ReadonlyMap<ValueId, ValueId>): Graph {
  if (replacements.size === 0) return graph;
  const resolve = (id: ValueId): ValueId => {
    let current = id;
    for (let next = replacements.get(current); next !== undefined; next = replacements.get(current))
      current = next;
    return current;
  };
  const nodes = graph.nodes.map((node): GraphNode => ({ ...node, inputs: node.inputs.map(resolve) }));
  const outputs = graph.outputs.map(({ name, value }): NamedValue => ({ name, value: resolve(value) }));
  return { ...graph, nodes, outputs };
}

/** How often every value is used, outputs of the graph included. */
export function useCounts(graph: Graph): Map<ValueId, number> {
  const counts = new Map<ValueId, number>();
  const count = (id: ValueId) => counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const { value } of graph.outputs) count(value);
  return counts;
}

/** Which node makes a value. */
export function producers(graph: Graph): Map<ValueId, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}
