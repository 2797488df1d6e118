import type * as tf from '@tensorflow/tfjs-core';
import type { OptimizerName } from '../../core/training-names.js';

/** Numbers that an optimizer may be adjusted by. */
export type OptimizerOptions = {
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly rho: number;
  readonly epsilon: number;
};

export const OPTIMIZER_DEFAULTS: OptimizerOptions = {
  momentum: 0.9,
  beta1: 0.9,
  beta2: 0.999,
  rho: 0.9,
  epsilon: 1e-8,
};

/**
 * A rule of gradient descent over all parameters at once: `p ← p − rate · direction`. Pure: its memory (slots, each of
 * the parameters' shape) goes in and comes out.
 */
export interface Optimizer {
  readonly name: OptimizerName;
  /** First value of every slot. */
  readonly slots: readonly number[];
  /** What this rule is usually adjusted to, where that is not OPTIMIZER_DEFAULTS. */
  readonly defaults?: Partial<OptimizerOptions>;
  /** Learning rate to use at the learning rate asked for, before the traced part: bias corrections, for instance. */
  rate(learningRate: number, step: number, options: OptimizerOptions): number;
  /** Other numbers that change from step to step, the first step being 1; always as many. Default: none. */
  factors?(step: number, options: OptimizerOptions): readonly number[];
  direction(
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    options: OptimizerOptions,
    factors: readonly tf.Scalar[],
  ): { readonly direction: tf.Tensor; readonly slots: readonly tf.Tensor[] };
}

/** The numbers an optimizer is adjusted by: those given, its own usual ones, and everyone's. */
export function optimizerOptions(
  optimizer: Optimizer,
  given: { readonly [name in keyof OptimizerOptions]?: OptimizerOptions[name] | undefined },
): OptimizerOptions {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...OPTIMIZER_DEFAULTS, ...optimizer.defaults, ...known };
}

/** Optimizers whose rate needs no correction. */
export const plainRate = (learningRate: number): number => learningRate;
