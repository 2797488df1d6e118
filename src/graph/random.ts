import { Random } from '../core/random.js';
import { sizeOf, type TensorData } from '../core/tensor.js';
import type { Graph } from './graph.js';

/** Names of the inputs that a graph with random operations has. */
export const RANDOM_POOL = 'randomPool';
export const RANDOM_OFFSETS = 'randomOffsets';

/** What a graph needs to be given to draw its random numbers. */
export interface RandomDraws {
  /** Number of random operations, which is the length of the input `randomOffsets`. */
  readonly count: number;
  /** Length of the input `randomPool`. */
  readonly poolSize: number;
  /** Elements of the largest draw: no offset is larger than poolSize − largest. */
  readonly largest: number;
}

const SMALLEST_POOL = 2 ** 20;

/** A power of two that holds the largest draw at least four times, so that draws differ. */
export function poolSizeFor(largest: number): number {
  let size = SMALLEST_POOL;
  while (size < 4 * largest) size *= 2;
  return size;
}

/** The random draws of a graph; undefined if it has none. */
export function randomDraws(graph: Graph): RandomDraws | undefined {
  const input = (name: string) => graph.inputs.find((candidate) => candidate.name === name);
  const [pool, offsets] = [input(RANDOM_POOL), input(RANDOM_OFFSETS)];
  if (pool === undefined || offsets === undefined) return undefined;
  const sizes = graph.nodes.flatMap(({ op, outputs }) =>
    op === 'RandomUniform' ? outputs.map((id) => sizeOf(graph.values[id]?.shape ?? [])) : [],
  );
  return {
    count: sizeOf(graph.values[offsets.value]?.shape ?? []),
    poolSize: sizeOf(graph.values[pool.value]?.shape ?? []),
    largest: Math.max(0, ...sizes),
  };
}

/** Uniform numbers in [0, 1) for the input `randomPool`: resident, the same for every step. */
export function randomPool(seed: number, draws: RandomDraws): TensorData & { data: Float32Array } {
  const random = Random.of(seed, 'random pool');
  const data = new Float32Array(draws.poolSize);
  // 24 random bits: every value is exact in float32 and below 1.
  for (let i = 0; i < data.length; i++) data[i] = (random.nextUint32() >>> 8) / 2 ** 24;
  return { dtype: 'float32', shape: [data.length], data };
}

/**
 * Where in the pool each random operation reads in a step, for the input `randomOffsets`. A function of seed and step
 * alone, so that a resumed run draws what the interrupted one would have drawn.
 */
export function randomOffsets(
  seed: number,
  step: number,
  draws: RandomDraws,
): TensorData & { data: Int32Array } {
  const random = Random.of(seed, `random offsets ${step}`);
  const data = new Int32Array(draws.count);
  for (let i = 0; i < data.length; i++) data[i] = random.integer(draws.poolSize - draws.largest + 1);
  return { dtype: 'int32', shape: [data.length], data };
}
