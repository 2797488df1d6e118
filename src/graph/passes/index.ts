import type { Graph } from '../graph.js';
import { expandScans } from '../scan/expand.js';
import { simplifyAlgebra } from './algebra.js';
import { delayBroadcasts } from './broadcasts.js';
import { shareCommonSubexpressions } from './common-subexpressions.js';
import { foldConstants } from './constant-folding.js';
import { removeDeadCode } from './dead-code.js';
import { optimizeLoops } from './loops/index.js';
import { poolBeforeRelu } from './pool-before-relu.js';
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

export interface OptimizeOptions {
  /** 'expand' writes loops out step by step, for what runs the graph has none; they are kept otherwise. */
  readonly loops?: 'keep' | 'expand';
}

/** An equivalent graph with less to do. Results may differ in the last bits only where sums are fused. */
export function optimize(graph: Graph, { loops = 'keep' }: OptimizeOptions = {}): Graph {
  const small = optimizeLoops(poolBeforeRelu(simplify(graph)));
  return finish(simplify(loops === 'expand' ? expandScans(small) : small));
}

/** What is done once nothing becomes simpler any more, in the bodies of loops too. */
function finish(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.body === undefined ? node : { ...node, body: finish(simplify(node.body)) },
  );
  return removeDeadCode(fuseBias({ ...graph, nodes }));
}
