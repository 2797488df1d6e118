import type { ValueId } from '../../graph.js';
import type { GraphEditor } from '../graph-editor.js';
import { batchNode } from './batch.js';
import { levels, type Loop } from './loop.js';

/** Operations that are worth doing for all iterations at once after the loop. */
const WORTH_SINKING: ReadonlySet<string> = new Set(['BatchMatMul', 'Reshape', 'Transpose']);

/**
 * Computes after the loop, for all iterations at once, what is only a result of it: the gradient of a sequence,
 * dₜ·Wᵀ for every step, is one product. Returns which outputs are now made in the enclosing graph.
 */
export function sink(loop: Loop, editor: GraphEditor): Map<ValueId, ValueId> {
  const replaced = new Map<ValueId, ValueId>();
  for (const result of [...loop.results].reverse()) {
    const node = loop.makers().get(result.inner);
    if (node === undefined || !WORTH_SINKING.has(node.op) || loop.uses().get(result.inner) !== 1) continue;
    const level = levels(loop);
    const moving = node.inputs.filter((id) => (level.get(id) ?? 'invariant') !== 'invariant');
    if (moving.length !== 1) continue;
    const outer = new Map(loop.captured.map((link) => [link.inner, link.outer]));
    const known = node.inputs.map((id) =>
      moving.includes(id) ? id : (outer.get(id) ?? loop.constantOutside(id)),
    );
    if (known.includes(undefined)) continue;
    loop.results = loop.results.filter((other) => other !== result);
    const operands = node.inputs.map((id, i) =>
      moving.includes(id)
        ? { outer: loop.stacked(id), stacked: true }
        : { outer: known[i] ?? -1, stacked: false },
    );
    const outputs = batchNode(editor, node, operands, loop.info(result.inner).shape, loop.length);
    if (outputs?.[0] === undefined) {
      loop.results.push(result);
      continue;
    }
    replaced.set(result.outer, outputs[0]);
    loop.nodes = loop.nodes.filter((other) => other !== node);
  }
  return replaced;
}
