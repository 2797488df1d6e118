import type { GraphNode, ValueId } from '../../graph.js';
import type { GraphEditor } from '../graph-editor.js';
import { batchNode, type Operand } from './batch.js';
import type { Loop } from './loop.js';

/**
 * Moves out of a loop what does not depend on its state: what is the same in all iterations is computed once, what
 * depends on the elements of sequences only is computed for all of them at once, in one large operation. Returns which
 * outputs of the loop are now made in the enclosing graph, by what.
 */
export function hoist(loop: Loop, editor: GraphEditor): Map<ValueId, ValueId> {
  const outside = new Map<ValueId, Operand>();
  for (const { inner, outer } of loop.captured) outside.set(inner, { outer, stacked: false });
  for (const { inner, outer } of loop.sequences) outside.set(inner, { outer, stacked: true });
  const operandOf = (id: ValueId): Operand | undefined => {
    const known = outside.get(id);
    if (known !== undefined) return known;
    const constant = loop.constantOutside(id);
    if (constant === undefined) return undefined;
    const operand = { outer: constant, stacked: false };
    outside.set(id, operand);
    return operand;
  };
  loop.nodes = loop.nodes.filter((node) => {
    const operands = node.inputs.map((id) =>
      outside.has(id) || loop.isConstant(id) ? operandOf(id) : undefined,
    );
    if (!operands.every((operand) => operand !== undefined)) return true;
    const stacked = operands.some((operand) => operand.stacked);
    const outputs = stacked
      ? batchNode(editor, node, operands, loop.info(node.outputs[0] ?? -1).shape, loop.length)
      : once(editor, node, operands);
    if (outputs === undefined) return true;
    node.outputs.forEach((id, i) => outside.set(id, { outer: outputs[i] ?? -1, stacked }));
    return false;
  });
  return reconnect(loop, outside);
}

function once(
  editor: GraphEditor,
  node: GraphNode,
  operands: readonly Operand[],
): readonly ValueId[] | undefined {
  if (node.body !== undefined) return undefined;
  return editor.addAll(
    node.op,
    operands.map(({ outer }) => outer),
    node.attributes,
    node.layer,
  );
}

/** Makes inputs of the body of what was moved out and is still read in it; results made outside leave the loop. */
function reconnect(loop: Loop, outside: ReadonlyMap<ValueId, Operand>): Map<ValueId, ValueId> {
  const replaced = new Map<ValueId, ValueId>();
  loop.results = loop.results.filter(({ inner, outer }) => {
    const operand = outside.get(inner);
    if (operand?.stacked !== true) return true;
    replaced.set(outer, operand.outer);
    return false;
  });
  const read = new Set(loop.uses().keys());
  const inputs = [...outside].filter(([inner]) => read.has(inner) && !loop.isConstant(inner));
  const links = (stacked: boolean) =>
    inputs
      .filter(([, operand]) => operand.stacked === stacked)
      .map(([inner, { outer }]) => ({ inner, outer }));
  const sequences = links(true);
  // The length of a loop is that of its sequences, so one has to stay.
  loop.sequences = sequences.length > 0 ? sequences : loop.sequences.slice(0, 1);
  loop.captured = links(false);
  return replaced;
}
