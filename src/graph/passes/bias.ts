import { valueInfo, type Graph, type GraphNode, type ValueId } from '../graph.js';
import { GraphEditor } from './graph-editor.js';
import { producers, useCounts } from './rewrite.js';

/**
 * Fuses a bias into what it is added to: x·W + b, the heart of a dense layer, becomes Gemm; a convolution takes the
 * bias as third input.
 */
export function fuseBias(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  const uses = useCounts(graph);
  const makers = producers(graph);
  for (const node of graph.nodes) {
    const [a, b] = node.inputs;
    if (node.op !== 'Add' || a === undefined || b === undefined) {
      editor.keep(node);
      continue;
    }
    const fuse = (product: ValueId, row: ValueId): GraphNode | undefined =>
      fused(graph, node, product, row, makers, uses) ??
      fusedBeforeReshape(graph, editor, node, product, row, makers, uses);
    editor.keep(fuse(a, b) ?? fuse(b, a) ?? node);
  }
  return editor.build();
}

/** reshape(x·W) + b, as batches of sequences have it, is reshape(x·W + b). */
function fusedBeforeReshape(
  graph: Graph,
  editor: GraphEditor,
  add: GraphNode,
  reshaped: ValueId,
  row: ValueId,
  makers: ReadonlyMap<ValueId, GraphNode>,
  uses: ReadonlyMap<ValueId, number>,
): GraphNode | undefined {
  const reshape = makers.get(reshaped);
  const [product] = reshape?.inputs ?? [];
  if (reshape?.op !== 'Reshape' || product === undefined || uses.get(reshaped) !== 1) return undefined;
  const bias = valueInfo(graph, row).shape;
  if (bias.length !== 1 || valueInfo(graph, reshaped).shape.at(-1) !== bias[0]) return undefined;
  const sum = { ...add, outputs: [editor.value(valueInfo(graph, product))] };
  const gemm = fused(graph, sum, product, row, makers, uses);
  if (gemm === undefined) return undefined;
  editor.keep(gemm);
  return { ...reshape, inputs: gemm.outputs, outputs: add.outputs };
}

function fused(
  graph: Graph,
  add: GraphNode,
  product: ValueId,
  row: ValueId,
  makers: ReadonlyMap<ValueId, GraphNode>,
  uses: ReadonlyMap<ValueId, number>,
): GraphNode | undefined {
  const maker = makers.get(product);
  if (maker === undefined || maker.inputs.length !== 2 || uses.get(product) !== 1) return undefined;
  const { shape, dtype } = valueInfo(graph, product);
  if (dtype !== 'float32' && dtype !== 'float64') return undefined;
  const bias = valueInfo(graph, row).shape;
  if (bias.at(-1) !== shape.at(-1)) return undefined;
  const inputs = [...maker.inputs, row];
  if (maker.op === 'BatchMatMul' && shape.length === 2) {
    // Gemm adds a row, or a whole matrix: the part of a recurrent step that was computed before.
    const fits = bias.length === 1 || (bias.length === 2 && (bias[0] === 1 || bias[0] === shape[0]));
    return fits ? { ...add, op: 'Gemm', inputs, attributes: maker.attributes } : undefined;
  }
  if (maker.op === 'Conv2D' || maker.op === 'Conv3D') {
    return bias.length === 1 ? { ...add, op: maker.op, inputs, attributes: maker.attributes } : undefined;
  }
  return undefined;
}
