import { valueInfo, type Graph, type GraphNode, type ValueId } from '../graph.js';
import { producers, useCounts } from './rewrite.js';

/** Fuses a product of two matrices and the row that is added to it: x·W + b, the heart of a dense layer. */
export function fuseGemm(graph: Graph): Graph {
  const uses = useCounts(graph);
  const makers = producers(graph);
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.op !== 'Add') return node;
    const [a, b] = node.inputs;
    if (a === undefined || b === undefined) return node;
    return fused(graph, node, a, b, makers, uses) ?? fused(graph, node, b, a, makers, uses) ?? node;
  });
  return { ...graph, nodes };
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
  if (maker?.op !== 'BatchMatMul' || uses.get(product) !== 1) return undefined;
  const { shape, dtype } = valueInfo(graph, product);
  if (shape.length !== 2 || (dtype !== 'float32' && dtype !== 'float64')) return undefined;
  const bias = valueInfo(graph, row).shape;
  const isRow = bias.length === 1 || (bias.length === 2 && bias[0] === 1);
  if (!isRow || bias.at(-1) !== shape[1]) return undefined;
  return { ...add, op: 'Gemm', inputs: [...maker.inputs, row], attributes: maker.attributes };
}
