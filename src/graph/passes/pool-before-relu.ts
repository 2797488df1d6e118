import type { Graph, GraphNode, ValueId } from '../graph.js';
import { GraphEditor } from './graph-editor.js';
import { producers } from './rewrite.js';

/**
 * Takes the maximum of a window before cutting off what is negative, which gives the same and leaves a fraction of the
 * elements to cut off, in the gradient too: maxPool(relu(x)) = relu(maxPool(x)), and of the gradient only what passes the
 * relu behind the pooling is given back to x. Where a whole window is negative, neither way gives anything.
 */
export function poolBeforeRelu(graph: Graph): Graph {
  const patterns = findPatterns(graph);
  if (patterns.length === 0) return graph;
  const editor = new GraphEditor(graph);
  const pools = new Map(patterns.map((pattern) => [pattern.pool, pattern]));
  const gradients = new Map(
    patterns.flatMap((pattern) =>
      pattern.gradient === undefined ? [] : [[pattern.gradient.product, pattern] as const],
    ),
  );
  const dropped = new Set<GraphNode>(
    patterns.flatMap(({ relu, gradient }) => [relu, ...(gradient === undefined ? [] : [gradient.pool])]),
  );
  const pooled = new Map<GraphNode, ValueId>();
  for (const node of graph.nodes) {
    const pattern = pools.get(node);
    const backward = gradients.get(node);
    if (pattern !== undefined) {
      const value = editor.add(node.op, pattern.relu.inputs, node.attributes, node.layer);
      pooled.set(node, value);
      editor.keep({ ...pattern.relu, inputs: [value], outputs: node.outputs });
    } else if (backward?.gradient !== undefined) {
      const value = pooled.get(backward.pool) ?? -1;
      const { pool, dy } = backward.gradient;
      const mask = editor.add('Step', [value], { alpha: 0 }, node.layer);
      const passed = editor.add('Multiply', [dy, mask], {}, node.layer);
      const [x = -1] = backward.relu.inputs;
      editor.keep({ ...pool, inputs: [passed, x, value], outputs: node.outputs });
    } else if (!dropped.has(node)) editor.keep(node);
  }
  return editor.build();
}

interface Pattern {
  readonly relu: GraphNode;
  readonly pool: GraphNode;
  /** The gradient of the pooling, and the product of it with the relu's mask. */
  readonly gradient:
    { readonly pool: GraphNode; readonly dy: ValueId; readonly product: GraphNode } | undefined;
}

function findPatterns(graph: Graph): Pattern[] {
  const consumers = new Map<ValueId, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) consumers.set(input, [...(consumers.get(input) ?? []), node]);
  }
  const makers = producers(graph);
  const outputs = new Set(graph.outputs.map(({ value }) => value));
  return graph.nodes.flatMap((pool): Pattern[] => {
    const relu = makers.get(pool.inputs[0] ?? -1);
    if (pool.op !== 'MaxPool' || relu?.op !== 'Relu') return [];
    const [cut = -1] = relu.outputs;
    const [x = -1] = relu.inputs;
    const others = (consumers.get(cut) ?? []).filter((node) => node !== pool);
    if (outputs.has(cut) || others.length > 1) return [];
    const [backward] = others;
    if (backward === undefined) return [{ relu, pool, gradient: undefined }];
    const [dy = -1, read, maximum] = backward.inputs;
    if (backward.op !== 'MaxPoolGrad' || read !== cut || maximum !== pool.outputs[0]) return [];
    const [given = -1] = backward.outputs;
    const [product, ...more] = consumers.get(given) ?? [];
    if (product?.op !== 'Multiply' || more.length > 0 || outputs.has(given)) return [];
    const mask = makers.get(product.inputs.find((id) => id !== given) ?? -1);
    const isMask = mask?.op === 'Step' && mask.inputs[0] === x && (mask.attributes['alpha'] ?? 0) === 0;
    return isMask ? [{ relu, pool, gradient: { pool: backward, dy, product } }] : [];
  });
}
