import type { GraphNode, ValueId } from '../../graph.js';
import { sameShape } from '../../shapes.js';
import { levels, type Level, type Loop } from './loop.js';

const RANK: Readonly<Record<Level, number>> = { invariant: 0, element: 1, state: 2 };

/**
 * Puts together the terms of sums and the factors of products that do not depend on the state, so that they can be
 * computed for all iterations at once: (x·W + h·U) + b becomes (x·W + b) + h·U, and (dh·o)·(1 − t²) becomes
 * dh·(o·(1 − t²)). Changes results in the last bits only.
 */
export function regroup(loop: Loop): void {
  for (const op of ['Add', 'Multiply']) regroupOperation(loop, op);
  factorConcatenations(loop);
}

function regroupOperation(loop: Loop, op: string): void {
  const level = levels(loop);
  const makers = loop.makers();
  const uses = loop.uses();
  const consumers = new Map<ValueId, GraphNode>();
  for (const node of loop.nodes) for (const input of node.inputs) consumers.set(input, node);
  const isInner = (id: ValueId): boolean => makers.get(id)?.op === op && uses.get(id) === 1;
  const rankOf = (id: ValueId) => RANK[level.get(id) ?? 'invariant'];
  const leavesOf = (id: ValueId): ValueId[] => {
    const maker = makers.get(id);
    return maker !== undefined && isInner(id) ? maker.inputs.flatMap(leavesOf) : [id];
  };
  loop.nodes = loop.nodes.flatMap((node): GraphNode[] => {
    const [output] = node.outputs;
    if (node.op !== op || output === undefined) return [node];
    // Only the last operation of a chain is rewritten; the ones before it become dead.
    if (isInner(output) && consumers.get(output)?.op === op) return [node];
    const leaves = node.inputs.flatMap(leavesOf);
    const still = leaves.filter((id) => rankOf(id) < 2);
    const moving = leaves.filter((id) => rankOf(id) === 2);
    if (still.length < 2 || moving.length === 0) return [node];
    const ordered = [...still].sort((a, b) => rankOf(a) - rankOf(b));
    return chain(loop, node, [...ordered, ...moving]);
  });
}

/** ((a ∘ b) ∘ c) ∘ …, of which the last makes the node's output. */
function chain(loop: Loop, node: GraphNode, leaves: readonly ValueId[]): GraphNode[] {
  const made: GraphNode[] = [];
  let current = leaves[0] ?? -1;
  leaves.slice(1, -1).forEach((leaf) => {
    const next = loop.make(node.op, [current, leaf], {}, node.layer);
    made.push(next);
    current = next.outputs[0] ?? -1;
  });
  return [...made, { ...node, inputs: [current, leaves.at(-1) ?? -1] }];
}

/** Joins d₁·k₁, d₂·k₂, … by joining the d and the k, where the k do not depend on the state. */
function factorConcatenations(loop: Loop): void {
  const level = levels(loop);
  const makers = loop.makers();
  const uses = loop.uses();
  const isState = (id: ValueId) => level.get(id) === 'state';
  loop.nodes = loop.nodes.flatMap((node): GraphNode[] => {
    if (node.op !== 'Concat') return [node];
    const pairs = node.inputs.map((id): [ValueId, ValueId] | undefined => {
      const maker = makers.get(id);
      if (maker?.op !== 'Multiply' || uses.get(id) !== 1) return undefined;
      const [a = -1, b = -1] = maker.inputs;
      if (!sameShape(loop.info(a).shape, loop.info(b).shape) || isState(a) === isState(b)) return undefined;
      return isState(a) ? [a, b] : [b, a];
    });
    if (pairs.length < 2 || !pairs.every((pair) => pair !== undefined)) return [node];
    const join = (index: 0 | 1) =>
      loop.make(
        'Concat',
        pairs.map((pair) => pair[index]),
        node.attributes,
        node.layer,
      );
    const [moving, still] = [join(0), join(1)];
    return [
      moving,
      still,
      { ...node, op: 'Multiply', inputs: [moving.outputs[0] ?? -1, still.outputs[0] ?? -1], attributes: {} },
    ];
  });
}
