import { axisAttribute, booleanAttribute } from '../../attributes.js';
import type { GraphNode, ValueId } from '../../graph.js';
import { normalizeAxes } from '../../shapes.js';
import type { GraphEditor } from '../graph-editor.js';
import { mergeLeading } from './batch.js';
import type { Loop, State } from './loop.js';

/**
 * A state that only adds something up (the gradient of a weight) is added up after the loop instead, from the stacked
 * terms: Σₜ xₜᵀ·dₜ is one product of two tall matrices. Returns which outputs are now made in the enclosing graph.
 */
export function sumAfterwards(loop: Loop, editor: GraphEditor): Map<ValueId, ValueId> {
  const replaced = new Map<ValueId, ValueId>();
  const makers = loop.makers();
  const uses = loop.uses();
  for (const state of loop.states) {
    const term = summand(state, makers, uses);
    if (term === undefined) continue;
    if (!canTotal(loop, makers, term)) continue;
    const total = totalOf(loop, editor, makers, term);
    replaced.set(state.last, editor.add('Add', [state.initial, total], {}));
  }
  loop.states = loop.states.filter(({ last }) => !replaced.has(last));
  return replaced;
}

/** What a state grows by in an iteration, if growing is all it does. */
function summand(
  { inner, next }: State,
  makers: ReadonlyMap<ValueId, GraphNode>,
  uses: ReadonlyMap<ValueId, number>,
): ValueId | undefined {
  const maker = makers.get(next);
  if (maker?.op !== 'Add' || uses.get(inner) !== 1) return undefined;
  const [a, b] = maker.inputs;
  return a === inner ? b : b === inner ? a : undefined;
}

/** Operations through which a sum over iterations can be pulled. */
const LINEAR: ReadonlySet<string> = new Set(['Concat', 'Reshape', 'Transpose']);

function isTallProduct(loop: Loop, node: GraphNode): boolean {
  return (
    node.op === 'BatchMatMul' &&
    booleanAttribute(node.attributes, 'transposeA') &&
    !booleanAttribute(node.attributes, 'transposeB') &&
    node.inputs.every((id) => loop.info(id).shape.length === 2)
  );
}

function canTotal(loop: Loop, makers: ReadonlyMap<ValueId, GraphNode>, value: ValueId): boolean {
  const maker = makers.get(value);
  if (maker === undefined) return false;
  if (LINEAR.has(maker.op)) return maker.inputs.every((id) => canTotal(loop, makers, id));
  return maker.op === 'Sum' || maker.op === 'Conv2DBackpropFilter' || isTallProduct(loop, maker);
}

/** Σ over the iterations of a value of the body, in the enclosing graph. */
function totalOf(
  loop: Loop,
  editor: GraphEditor,
  makers: ReadonlyMap<ValueId, GraphNode>,
  value: ValueId,
): ValueId {
  const maker = makers.get(value);
  if (maker === undefined) throw new Error('A sum over iterations has no term.');
  const { op, attributes, layer } = maker;
  const { shape } = loop.info(value);
  if (LINEAR.has(op)) {
    const totals = maker.inputs.map((id) => totalOf(loop, editor, makers, id));
    return editor.add(op, totals, op === 'Reshape' ? { shape } : attributes, layer);
  }
  const stacks = maker.inputs.map((id) => loop.stacked(id));
  if (op === 'Sum') {
    const [stack = -1] = stacks;
    const rank = editor.info(stack).shape.length - 1;
    const axes = normalizeAxes(axisAttribute(attributes), rank).map((axis) => axis + 1);
    const sum = editor.add('Sum', [stack], { axis: [0, ...axes], keepDims: false }, layer);
    return editor.add('Reshape', [sum], { shape });
  }
  const merged = stacks.map((stack) => mergeLeading(editor, stack));
  return editor.add(op, merged, attributes, layer);
}
