import type { Graph } from '../graph.js';
import { simplifyAlgebra } from './algebra.js';
import { delayBroadcasts } from './broadcasts.js';
import { shareCommonSubexpressions } from './common-subexpressions.js';
import { foldConstants } from './constant-folding.js';
import { removeDeadCode } from './dead-code.js';
import { dropUnitAxes } from './unit-axes.js';
import { fuseBias } from './bias.js';

type Pass = (graph: Graph) => Graph;

const simplifications: readonly Pass[] = [
  removeDeadCode,
  simplifyAlgebra,
  delayBroadcasts,
  dropUnitAxes,
  foldConstants,
  shareCommonSubexpressions,
];

/** Rounds after which even a long chain of simplifications has ended; each is linear in the graph. */
const MAXIMUM_ROUNDS = 8;

/** The graph without what changes nothing, is never used or is computed twice; loops as they are. */
export function simplify(graph: Graph): Graph {
  let current = graph;
  for (let round = 0; round < MAXIMUM_ROUNDS; round++) {
    const before = current.nodes.length;
    for (const pass of simplifications) current = pass(current);
    if (current.nodes.length === before) break;
  }
  return removeDeadCode(current);
}

/** An equivalent graph with less to do. Results may differ in the last bits only where sums are fused. */
export function optimize(graph: Graph): Graph {
  return removeDeadCode(fuseBias(simplify(graph)));
}
