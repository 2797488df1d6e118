import type { Graph } from '../graph.js';
import { optimize } from '../passes/index.js';
import { channelsFirstPass } from './channels-first/pass.js';

/** The graph in the form that ONNX Runtime is fastest with; only lower.ts knows all of its operations. */
export function optimizeForOnnx(graph: Graph): Graph {
  return channelsFirstPass(optimize(graph));
}
