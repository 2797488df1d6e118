import type { TensorData } from '../../core/tensor.js';
import type { Graph, GraphNode, ValueId } from '../graph.js';
import { replaceValues } from './rewrite.js';

/** Largest constant that is compared by value. */
const COMPARED_ELEMENTS = 1024;

/** Computes what is computed twice only once. Random draws differ by their index, so they stay apart. */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const replacements = new Map<ValueId, ValueId>();
  const resolve = (id: ValueId) => replacements.get(id) ?? id;
  const seenConstants = new Map<string, ValueId>();
  for (const [id, constant] of graph.constants) {
    if (constant.data.length > COMPARED_ELEMENTS) continue;
    const key = constantKey(constant);
    const first = seenConstants.get(key);
    if (first === undefined) seenConstants.set(key, id);
    else replacements.set(id, first);
  }
  const seen = new Map<string, GraphNode>();
  const nodes = graph.nodes.filter((node) => {
    if (node.body !== undefined) return true;
    const key = JSON.stringify([node.op, node.inputs.map(resolve), sorted(node.attributes)]);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, node);
      return true;
    }
    node.outputs.forEach((output, i) => replacements.set(output, first.outputs[i] ?? output));
    return false;
  });
  return replaceValues({ ...graph, nodes }, replacements);
}

function sorted(attributes: GraphNode['attributes']): unknown {
  return Object.entries(attributes)
    .map(([name, value]) => [name, keepNonFinite(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** JSON has no NaN and infinities, and one zero; attributes may differ in just these. */
function keepNonFinite(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : `number:${Object.is(value, -0) ? '-0' : value}`;
}

function constantKey({ dtype, shape, data }: TensorData): string {
  const content = ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
    : JSON.stringify(data);
  return `${dtype}|${shape.join(',')}|${content}`;
}
