import { axisAttribute } from '../attributes.js';
import type { Attributes, Graph, GraphNode, ValueId } from '../graph.js';
import { elementwiseBinary } from '../kernels/binary.js';
import { elementwiseUnary } from '../kernels/unary.js';
import { normalizeAxes, sameShape } from '../shapes.js';
import { GraphEditor } from './graph-editor.js';

const REDUCTIONS: ReadonlySet<string> = new Set(['Sum', 'Mean']);

/**
 * Works without leading axes of length 1: a batch of one matrix product becomes the product of two matrices, which
 * fuses with its bias, and what follows stays two-dimensional. An ensemble of one member is written with such an axis.
 */
export function dropUnitAxes(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  /** Value → the same numbers without leading unit axes. */
  const stripped = new Map<ValueId, ValueId>();
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    const core = output === undefined ? undefined : coreOf(editor, node, output, stripped);
    if (output === undefined || core === undefined) {
      editor.keep(node);
      continue;
    }
    stripped.set(output, core);
    const { shape } = editor.info(output);
    editor.keep({ ...node, op: 'Reshape', inputs: [core], attributes: { shape } });
  }
  return editor.build();
}

/** The node's output without leading unit axes, computed by new nodes; undefined where the node stays as it is. */
function coreOf(
  editor: GraphEditor,
  node: GraphNode,
  output: ValueId,
  stripped: ReadonlyMap<ValueId, ValueId>,
): ValueId | undefined {
  const { shape } = editor.info(output);
  if (node.op === 'BatchMatMul') {
    const single = [...node.inputs, output].every(
      (id) => unitAxes(editor, id) >= editor.info(id).shape.length - 2,
    );
    if (shape.length <= 2 || !single) return undefined;
    const matrices = node.inputs.map((id) => strip(editor, id, 2, stripped));
    return editor.add('BatchMatMul', matrices, node.attributes, node.layer);
  }
  const ranks = node.inputs.flatMap((id) => {
    const core = stripped.get(id);
    return core === undefined ? [] : [editor.info(core).shape.length];
  });
  if (ranks.length === 0) return undefined;
  const rank = Math.max(...ranks);
  if (elementwiseUnary.has(node.op) || elementwiseBinary.has(node.op)) {
    const dropped = shape.length - rank;
    if (dropped <= 0 || !shape.slice(0, dropped).every((size) => size === 1)) return undefined;
    const operands = node.inputs.map((id) => strip(editor, id, rank, stripped));
    return editor.add(node.op, operands, node.attributes, node.layer);
  }
  if (REDUCTIONS.has(node.op)) return reduction(editor, node, rank, stripped, shape);
  return undefined;
}

function reduction(
  editor: GraphEditor,
  node: GraphNode,
  rank: number,
  stripped: ReadonlyMap<ValueId, ValueId>,
  shape: readonly number[],
): ValueId | undefined {
  const [input] = node.inputs;
  if (input === undefined) return undefined;
  const full = editor.info(input).shape;
  const dropped = full.length - rank;
  const axes = normalizeAxes(axisAttribute(node.attributes), full.length);
  if (dropped <= 0 || axes.some((axis) => axis < dropped) || shape.length < dropped) return undefined;
  const attributes: Attributes = { ...node.attributes, axis: axes.map((axis) => axis - dropped) };
  return editor.add(node.op, [strip(editor, input, rank, stripped)], attributes, node.layer);
}

function unitAxes(editor: GraphEditor, id: ValueId): number {
  const { shape } = editor.info(id);
  const first = shape.findIndex((size) => size !== 1);
  return first === -1 ? shape.length : first;
}

/** The value with at most `rank` axes. */
function strip(
  editor: GraphEditor,
  id: ValueId,
  rank: number,
  stripped: ReadonlyMap<ValueId, ValueId>,
): ValueId {
  const { shape } = editor.info(id);
  if (shape.length <= rank) return id;
  const wanted = shape.slice(shape.length - rank);
  const core = stripped.get(id);
  if (core !== undefined && sameShape(editor.info(core).shape, wanted)) return core;
  return editor.add('Reshape', [core ?? id], { shape: wanted });
}
