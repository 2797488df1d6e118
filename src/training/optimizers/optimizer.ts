import type * as tf from '@tensorflow/tfjs-core';

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
  readonly name: string;
  /** First value of every slot. */
  readonly slots: readonly number[];
  /** Learning rate to use at the learning rate asked for, before the traced part: bias corrections, for instance. */
  rate(learningRate: number, step: number, options: OptimizerOptions): number;
  direction(
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    options: OptimizerOptions,
  ): { readonly direction: tf.Tensor; readonly slots: readonly tf.Tensor[] };
}

/** Optimizers whose rate needs no correction. */
export const plainRate = (learningRate: number): number => learningRate;
