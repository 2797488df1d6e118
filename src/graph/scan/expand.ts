import { GraphEditor } from '../passes/graph-editor.js';
import type { Graph, GraphNode, ValueId } from '../graph.js';
import { SCAN, scanBody, scanLayout } from './layout.js';

/**
 * The graph with every loop written out as plain nodes, once for each iteration: for lowerings and tools that have no
 * loop. Long sequences make long graphs.
 */
export function expandScans(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === SCAN)) return graph;
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    if (node.op === SCAN) expand(editor, node);
    else editor.keep(node);
  }
  return editor.build();
}

function expand(editor: GraphEditor, node: GraphNode): void {
  const { states, sequences, length, reverse } = scanLayout(node);
  const body = expandScans(scanBody(node));
  let carried = node.inputs.slice(0, states);
  const captured = node.inputs.slice(states + sequences);
  const elements = node.inputs.slice(states, states + sequences).map((sequence) => {
    const { shape } = editor.info(sequence);
    return Array.from({ length }, (_, i) => {
      const size = [1, ...shape.slice(1)];
      const begin = shape.map((_dimension, axis) => (axis === 0 ? i : 0));
      const cut = editor.add('Slice', [sequence], { begin, size }, node.layer);
      return editor.add('Reshape', [cut], { shape: shape.slice(1) }, node.layer);
    });
  });
  const results: ValueId[][] = body.outputs.slice(states).map(() => []);
  for (let step = 0; step < length; step++) {
    const position = reverse ? length - 1 - step : step;
    const inputs = [...carried, ...elements.map((all) => all[position] ?? -1), ...captured];
    const outputs = editor.inline(body, inputs);
    carried = outputs.slice(0, states);
    outputs.slice(states).forEach((value, i) => {
      const stack = results[i];
      if (stack !== undefined) stack[position] = value;
    });
  }
  const finals = [
    ...carried.map((value) => ({ op: 'Identity', inputs: [value], attributes: {} })),
    ...results.map((inputs) => ({ op: 'Pack', inputs, attributes: { axis: 0 } })),
  ];
  finals.forEach((final, i) => editor.keep({ ...final, outputs: [node.outputs[i] ?? -1] }));
}
