import type { Graph } from '../../graph/graph.js';

const BIG: ReadonlySet<string> = new Set([
  ...['Conv2D', 'Conv3D', 'Conv2DBackpropFilter', 'Conv3DBackpropFilterV2'],
]);

/**
 * Whether a step has operations so big that running several beside each other pays. A rule from the graph alone, so that
 * the same command does the same again.
 */
export function hasBigOperations(graph: Graph): boolean {
  return graph.nodes.some(({ op }) => BIG.has(op));
}
