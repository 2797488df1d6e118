import { axisAttribute, booleanAttribute, numberAttribute, numbersAttribute } from '../../attributes.js';
import type { Attributes, GraphNode, ValueId } from '../../graph.js';
import { elementwiseBinary } from '../../kernels/binary.js';
import { elementwiseUnary } from '../../kernels/unary.js';
import { normalizeAxes, normalizeAxis } from '../../shapes.js';
import type { GraphEditor } from '../graph-editor.js';

/** An operand of a node of a body, as it stands in the enclosing graph. */
export interface Operand {
  readonly outer: ValueId;
  /** Whether it has the iterations as leading axis; else it is the same in all of them. */
  readonly stacked: boolean;
}

/** Rank and shape of the node's output in the body are given by `shape`. */
type Batch = (
  editor: GraphEditor,
  node: GraphNode,
  operands: readonly Operand[],
  shape: readonly number[],
  length: number,
) => readonly ValueId[] | undefined;

const REDUCTIONS: ReadonlySet<string> = new Set(['Sum', 'Mean', 'Max', 'Min']);

/**
 * Computes a node of a body for all iterations at once, in the enclosing graph: its outputs, stacked. Undefined where
 * that is not possible.
 */
export const batchNode: Batch = (editor, node, operands, shape, length) => {
  if (elementwiseUnary.has(node.op) || elementwiseBinary.has(node.op) || node.op === 'Select')
    return elementwise(editor, node, operands, shape, length);
  if (REDUCTIONS.has(node.op)) return reduction(editor, node, operands, shape, length);
  return rules[node.op]?.(editor, node, operands, shape, length);
};

const elementwise: Batch = (editor, node, operands, shape, length) => {
  // A condition of lower rank chooses rows, which lines up with other axes than broadcasting does.
  const ranks = operands.map(({ outer, stacked }) => editor.info(outer).shape.length - (stacked ? 1 : 0));
  if (node.op === 'Select' && ranks.some((rank) => rank !== shape.length)) return undefined;
  const aligned = operands.map(({ outer, stacked }) => {
    const own = editor.info(outer).shape;
    if (!stacked || own.length === shape.length + 1) return outer;
    const units = Array.from({ length: shape.length + 1 - own.length }, () => 1);
    return editor.add('Reshape', [outer], { shape: [length, ...units, ...own.slice(1)] });
  });
  return editor.addAll(node.op, aligned, node.attributes, node.layer);
};

const reduction: Batch = (editor, node, [operand]) => {
  if (operand === undefined) return undefined;
  const rank = editor.info(operand.outer).shape.length - 1;
  const axes = normalizeAxes(axisAttribute(node.attributes), rank).map((axis) => axis + 1);
  const keepDims = booleanAttribute(node.attributes, 'keepDims');
  const attributes: Attributes =
    node.op === 'Max' || node.op === 'Min' ? { reductionIndices: axes, keepDims } : { axis: axes, keepDims };
  return editor.addAll(node.op, [operand.outer], attributes, node.layer);
};

/** [length, rows, …] as [length · rows, …]. */
export function mergeLeading(editor: GraphEditor, id: ValueId): ValueId {
  const [length = 1, rows = 1, ...rest] = editor.info(id).shape;
  return editor.add('Reshape', [id], { shape: [length * rows, ...rest] });
}

const matMul: Batch = (editor, node, [a, b], shape, length) => {
  if (a === undefined || b === undefined) return undefined;
  const rank = editor.info(a.outer).shape.length - (a.stacked ? 1 : 0);
  if (a.stacked && b.stacked) {
    return editor.addAll('BatchMatMul', [a.outer, b.outer], node.attributes, node.layer);
  }
  if (!a.stacked || rank !== 2 || booleanAttribute(node.attributes, 'transposeA')) return undefined;
  const product = editor.add(
    'BatchMatMul',
    [mergeLeading(editor, a.outer), b.outer],
    node.attributes,
    node.layer,
  );
  return editor.addAll('Reshape', [product], { shape: [length, ...shape] });
};

const convolution: Batch = (editor, node, [x, filter], shape, length) => {
  if (x?.stacked !== true || filter === undefined || filter.stacked) return undefined;
  const merged = editor.add(
    node.op,
    [mergeLeading(editor, x.outer), filter.outer],
    node.attributes,
    node.layer,
  );
  return editor.addAll('Reshape', [merged], { shape: [length, ...shape] });
};

const reshape: Batch = (editor, _node, [operand], shape, length) =>
  operand === undefined
    ? undefined
    : editor.addAll('Reshape', [operand.outer], { shape: [length, ...shape] });

const rules: Readonly<Partial<Record<string, Batch>>> = {
  BatchMatMul: matMul,
  Conv2D: convolution,
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: (editor, node, [operand]) =>
    operand === undefined
      ? undefined
      : editor.addAll('Transpose', [operand.outer], {
          perm: [0, ...numbersAttribute(node.attributes, 'perm').map((axis) => axis + 1)],
        }),
  Concat: (editor, node, operands, shape) => {
    if (!operands.every(({ stacked }) => stacked)) return undefined;
    const axis = normalizeAxis(numberAttribute(node.attributes, 'axis'), shape.length) + 1;
    return editor.addAll(
      'Concat',
      operands.map(({ outer }) => outer),
      { axis },
      node.layer,
    );
  },
  SplitV: (editor, node, [operand], shape) => {
    if (operand === undefined) return undefined;
    const axis = normalizeAxis(numberAttribute(node.attributes, 'axis', 0), shape.length) + 1;
    return editor.addAll('SplitV', [operand.outer], { ...node.attributes, axis }, node.layer);
  },
  Slice: (editor, node, [operand], shape, length) =>
    operand === undefined
      ? undefined
      : editor.addAll('Slice', [operand.outer], {
          begin: [0, ...numbersAttribute(node.attributes, 'begin')],
          size: [length, ...shape],
        }),
};
