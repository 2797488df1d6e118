import { availableParallelism } from 'node:os';
import { sizeOf } from '../../core/tensor.js';
import { valueInfo, type Graph, type GraphNode } from '../../graph/graph.js';
import { concreteShape } from '../../graph/symbolic.js';

/** Rows assumed where the batch size is left open. */
const ASSUMED_BATCH = 256;

/**
 * Multiplications in one operation from which on a second thread pays. Below it, handing out the work costs more than
 * it saves: with 0.5 million (a dense layer 128 × 128 at batch 32) one thread is faster, with 5 million two are.
 */
const WORTH_A_THREAD = 2 ** 21;

/**
 * The same in the body of a loop, where the work is handed out anew at every step and small operations lie between: LSTMs
 * of 64 and 128 units at batch 32 (0.5 and 2 million) are 1.1 to 1.6 times as fast with one thread as with two.
 */
const WORTH_A_THREAD_IN_A_LOOP = 2 ** 23;

/** More threads than this gain little on the operations that occur here. */
const MOST_THREADS = 8;

/**
 * The number of threads for a graph: from its sizes and the machine only, never from timing, so that the same command
 * gives the same numbers again.
 */
export function defaultThreads(graph: Graph): number {
  const bodies = graph.nodes.flatMap(({ body }) => body ?? []);
  // Most of the time is spent in loops, where there are any.
  const worthwhile =
    bodies.length === 0
      ? threadsFor(largestOf(graph), WORTH_A_THREAD)
      : threadsFor(Math.max(...bodies.map(largestOf)), WORTH_A_THREAD_IN_A_LOOP);
  return Math.max(1, Math.min(availableParallelism(), worthwhile, MOST_THREADS));
}

function threadsFor(multiplications: number, worthAThread: number): number {
  return Math.floor(multiplications / worthAThread) + 1;
}

function largestOf(graph: Graph): number {
  return graph.nodes.reduce((most, node) => Math.max(most, multiplications(graph, node)), 0);
}

function multiplications(graph: Graph, node: GraphNode): number {
  const [output] = node.outputs;
  const shape = (id: number | undefined) =>
    id === undefined ? [] : concreteShape(valueInfo(graph, id).shape, ASSUMED_BATCH);
  switch (node.op) {
    case 'BatchMatMul': {
      const a = shape(node.inputs[0]);
      const inner = (node.attributes['transposeA'] === true ? a.at(-2) : a.at(-1)) ?? 1;
      return sizeOf(shape(output)) * inner;
    }
    case 'Conv2D':
    case 'Conv3D': {
      const filter = shape(node.inputs[1]);
      return sizeOf(shape(output)) * sizeOf(filter.slice(0, -1));
    }
    default:
      return 0;
  }
}
