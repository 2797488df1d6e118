import { scalarTensor } from '../builder.js';
import type { Graph, GraphNode, ValueId } from '../graph.js';
import { elementwiseBinary } from '../kernels/binary.js';
import { elementwiseUnary } from '../kernels/unary.js';
import { broadcastShapes, sameShape } from '../shapes.js';
import { GraphEditor } from './graph-editor.js';

/**
 * Computes on tensors before they are repeated rather than after. tfjs' gradients spread a number over a whole tensor
 * (times ones, or by tiling) before the operation that would have broadcast it anyhow.
 */
export function delayBroadcasts(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  /** Value → a smaller one that it is the broadcast of. */
  const sources = new Map<ValueId, ValueId>();
  const sourceOf = (id: ValueId) => sources.get(id) ?? id;
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    if (output === undefined) {
      editor.keep(node);
      continue;
    }
    const source = broadcastSource(editor, node, output, sourceOf);
    if (source !== undefined) sources.set(output, source);
    editor.keep(source === undefined ? withSources(editor, node, output, sourceOf) : node);
  }
  return editor.build();
}

/** A smaller value whose broadcast is the node's output; new nodes may be added to make it. */
function broadcastSource(
  editor: GraphEditor,
  node: GraphNode,
  output: ValueId,
  sourceOf: (id: ValueId) => ValueId,
): ValueId | undefined {
  const { shape, dtype } = editor.info(output);
  const [a, b] = node.inputs;
  if (node.op === 'Fill') {
    if (dtype === 'string' || shape.length === 0) return undefined;
    return editor.constant(scalarTensor(Number(node.attributes['value']), dtype));
  }
  if (a === undefined) return undefined;
  if (node.op === 'Tile') {
    const repeated = editor.info(a).shape;
    return repeated.every((size, i) => size === shape[i] || size === 1) ? sourceOf(a) : undefined;
  }
  if (elementwiseUnary.has(node.op)) {
    const source = sourceOf(a);
    return source === a ? undefined : editor.add(node.op, [source], node.attributes, node.layer);
  }
  if (elementwiseBinary.has(node.op) && b !== undefined) {
    const [x, y] = [sourceOf(a), sourceOf(b)];
    if (x === a && y === b) return undefined;
    if (sameShape(broadcastShapes(editor.info(x).shape, editor.info(y).shape), shape)) return undefined;
    return editor.add(node.op, [x, y], node.attributes, node.layer);
  }
  return undefined;
}

/** The node with inputs before their repetition, where broadcasting gives the same result. */
function withSources(
  editor: GraphEditor,
  node: GraphNode,
  output: ValueId,
  sourceOf: (id: ValueId) => ValueId,
): GraphNode {
  const [a, b] = node.inputs;
  if (!elementwiseBinary.has(node.op) || a === undefined || b === undefined) return node;
  const [x, y] = [sourceOf(a), sourceOf(b)];
  const shape = broadcastShapes(editor.info(x).shape, editor.info(y).shape);
  return sameShape(shape, editor.info(output).shape) ? { ...node, inputs: [x, y] } : node;
}
