import { valueInfo, type Graph, type GraphNode, type ValueId } from '../graph.js';
import { sameShape } from '../shapes.js';
import { producers, replaceValues } from './rewrite.js';

/** Removes operations that change nothing: x·1, x+0, x−0, x/1, casts and reshapes to what is there, chains of reshapes. */
export function simplifyAlgebra(graph: Graph): Graph {
  const replacements = new Map<ValueId, ValueId>();
  const makers = producers(graph);
  const nodes = graph.nodes.map((original): GraphNode => {
    const node = throughReshape(graph, original, makers) ?? original;
    const [output] = node.outputs;
    if (output === undefined) return node;
    makers.set(output, node);
    const same = sameAs(graph, node);
    if (same !== undefined) replacements.set(output, same);
    return node;
  });
  return replaceValues({ ...graph, nodes }, replacements);
}

/** The input that a node just passes on, if it does. */
function sameAs(graph: Graph, node: GraphNode): ValueId | undefined {
  const [a, b] = node.inputs;
  const [output] = node.outputs;
  if (a === undefined || output === undefined) return undefined;
  const result = valueInfo(graph, output);
  const passes = (id: ValueId) => sameShape(valueInfo(graph, id).shape, result.shape);
  switch (node.op) {
    case 'Identity':
      return a;
    case 'Cast':
      return valueInfo(graph, a).dtype === result.dtype ? a : undefined;
    case 'Reshape':
    case 'ExpandDims':
    case 'Slice':
    case 'Tile':
    case 'PadV2':
      return passes(a) ? a : undefined;
    case 'Transpose':
      return isIdentityPermutation(node) ? a : undefined;
    case 'Concat':
      return node.inputs.length === 1 ? a : undefined;
    case 'Multiply':
      if (b === undefined) return undefined;
      if (isAll(graph, b, 1) && passes(a)) return a;
      return isAll(graph, a, 1) && passes(b) ? b : undefined;
    case 'Add':
      if (b === undefined) return undefined;
      if (isAll(graph, b, 0) && passes(a)) return a;
      return isAll(graph, a, 0) && passes(b) ? b : undefined;
    case 'Sub':
      return b !== undefined && isAll(graph, b, 0) && passes(a) ? a : undefined;
    case 'RealDiv':
      return b !== undefined && isAll(graph, b, 1) && passes(a) ? a : undefined;
    default:
      return undefined;
  }
}

/** A reshape of a reshape is one reshape of the first. */
function throughReshape(
  graph: Graph,
  node: GraphNode,
  makers: ReadonlyMap<ValueId, GraphNode>,
): GraphNode | undefined {
  const isReshape = (op: string) => op === 'Reshape' || op === 'ExpandDims';
  if (!isReshape(node.op)) return undefined;
  const inner = makers.get(node.inputs[0] ?? -1);
  const source = inner?.inputs[0];
  const output = node.outputs[0];
  if (inner === undefined || !isReshape(inner.op) || source === undefined || output === undefined)
    return undefined;
  return { ...node, op: 'Reshape', inputs: [source], attributes: { shape: valueInfo(graph, output).shape } };
}

function isIdentityPermutation(node: GraphNode): boolean {
  const perm = node.attributes['perm'];
  return Array.isArray(perm) && perm.every((axis, i) => axis === i);
}

/** Whether a value is a constant with one number everywhere. */
function isAll(graph: Graph, id: ValueId, value: number): boolean {
  const constant = graph.constants.get(id);
  if (constant === undefined || constant.data.length > 4096 || constant.data.length === 0) return false;
  if (!ArrayBuffer.isView(constant.data)) return false;
  return constant.data.every((item: number | bigint) => Number(item) === value);
}
