import { SCAN } from '../../scan/layout.js';
import type { Graph, GraphNode, ValueId } from '../../graph.js';
import { GraphEditor } from '../graph-editor.js';
import { replaceValues, useCounts } from '../rewrite.js';
import { hoist } from './hoist.js';
import { Loop } from './loop.js';
import { pruneLoop } from './prune.js';
import { regroup } from './regroup.js';
import { sink } from './sink.js';
import { sumAfterwards } from './sums.js';

/** Makes the bodies of loops small: what need not be done step by step is done before or after, in large operations. */
export function optimizeLoops(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === SCAN)) return graph;
  const uses = useCounts(graph);
  const editor = new GraphEditor(graph);
  const replaced = new Map<ValueId, ValueId>();
  for (const node of graph.nodes) {
    if (node.op === SCAN) optimizeLoop(node, editor, replaced, (id) => uses.has(id));
    else editor.keep(node);
  }
  return replaceValues(editor.build(), replaced);
}

function optimizeLoop(
  node: GraphNode,
  editor: GraphEditor,
  replaced: Map<ValueId, ValueId>,
  used: (outer: ValueId) => boolean,
): void {
  const loop = new Loop(node, editor);
  const moved = (outputs: ReadonlyMap<ValueId, ValueId>) => {
    for (const [from, to] of outputs) replaced.set(from, to);
  };
  pruneLoop(loop, used);
  regroup(loop);
  moved(hoist(loop, editor));
  const place = editor.reserve();
  moved(sumAfterwards(loop, editor));
  moved(sink(loop, editor));
  pruneLoop(loop, () => true);
  place(loop.build());
}
