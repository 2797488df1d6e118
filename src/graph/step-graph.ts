import type { Graph } from './graph.js';

/**
 * A training step as a graph, with its inputs told apart by where their values come from. One step is
 * `(state, gathered rows, per-step inputs, resident inputs) → (state', results)`.
 */
export interface StepGraph {
  readonly graph: Graph;
  /** Input name → output name of the value it has in the next step (parameters, optimizer slots, statistics). */
  readonly state: readonly { readonly input: string; readonly output: string }[];
  /** Inputs gathered from the resident data set by row: input shape = indexShape + shape of one row. */
  readonly rows: readonly string[];
  /** Shape of a step's row indices: [batch], or [batch, members] when every member draws its own rows. */
  readonly indexShape: readonly number[];
  /** Inputs given anew for every step: learning rate, row weights, random offsets. */
  readonly perStep: readonly string[];
  /** Inputs given once and used by every step, such as the pool of random numbers. */
  readonly resident: readonly string[];
  /** Outputs reported for every step: loss, metrics. */
  readonly results: readonly string[];
}
