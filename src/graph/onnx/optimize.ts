import type { Graph } from '../graph.js';
import { optimize } from '../passes/index.js';
import { channelsFirstPass } from './channels-first/pass.js';

/** The graph in the form that ONNX Runtime is fastest with; only lower.ts knows all of its operations. */
export function optimizeForOnnx(graph: Graph): Graph {
  return withChannelsFirst(optimize(graph));
}

function withChannelsFirst(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.body === undefined ? node : { ...node, body: withChannelsFirst(node.body) },
  );
  return channelsFirstPass({ ...graph, nodes });
}
