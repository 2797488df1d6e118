import { valueInfo, type Graph, type GraphNode, type ValueId } from '../graph.js';
import { producers, useCounts } from './rewrite.js';

/**
 * Fuses a bias into what it is added to: x·W + b, the heart of a dense layer, becomes Gemm; a convolution takes the
 * bias as third input.
 */
export function fuseBias(graph: Graph): Graph {
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
  if (maker === undefined || maker.inputs.length !== 2 || uses.get(product) !== 1) return undefined;
  const { shape, dtype } = valueInfo(graph, product);
  if (dtype !== 'float32' && dtype !== 'float64') return undefined;
  const bias = valueInfo(graph, row).shape;
  if (bias.at(-1) !== shape.at(-1)) return undefined;
  const inputs = [...maker.inputs, row];
  if (maker.op === 'BatchMatMul' && shape.length === 2) {
    const isRow = bias.length === 1 || (bias.length === 2 && bias[0] === 1);
    return isRow ? { ...add, op: 'Gemm', inputs, attributes: maker.attributes } : undefined;
  }
  if (maker.op === 'Conv2D' || maker.op === 'Conv3D') {
    return bias.length === 1 ? { ...add, op: maker.op, inputs, attributes: maker.attributes } : undefined;
  }
  return undefined;
}
