import * as tf from '@tensorflow/tfjs-core';
import { AimaasError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { sizeOf } from '../core/tensor.js';
import { keep } from '../graph/trace.js';

/** How a weight starts and how it is trained. */
export interface WeightOptions {
  /** The first value, made when the network is initialised; may depend on the data that reaches the layer. */
  readonly initial: () => tf.Tensor;
  /** Multiplies the learning rate for this weight. Default 1. */
  readonly learningRateScale?: number;
  /** Whether weight decay applies. Default false. */
  readonly decay?: boolean;
  /** false for statistics that are updated by the forward pass rather than by gradients. Default true. */
  readonly trainable?: boolean;
  /** What the weight, [members, ...], becomes after every step of the optimizer: a projection onto what is allowed. */
  readonly constraint?: Constraint | undefined;
}

export type Constraint = (weight: tf.Tensor) => tf.Tensor;

/** What is known of a weight once the network has been initialised. The leading axis of every weight is the member. */
export type WeightSpec = {
  readonly name: string;
  /** [members, ...]. */
  readonly shape: readonly number[];
  readonly learningRateScale: number;
  readonly decay: boolean;
  readonly trainable: boolean;
};

/**
 * Where a network finds its weights. The same network function runs three times over: to initialise (weights are made),
 * in a training step and in inference (weights are given). Written as functions of tfjs ops, so that a whole step can
 * be traced into one graph.
 */
export interface Scope {
  /** Number of networks trained side by side; activations are [members, rows, features] (or [1, rows, …] before the first weight). */
  readonly members: number;
  readonly training: boolean;
  /** Probability of dropping a unit in this step, a scalar in [0, 1); undefined when nothing is dropped. */
  readonly dropRate: tf.Scalar | undefined;
  /** Source of the numbers for `initial`. */
  readonly random: Random;
  weight(name: string, shape: readonly number[], options: WeightOptions): tf.Tensor;
  /** Gives a non-trainable weight its next value. */
  update(name: string, value: tf.Tensor): void;
  /** Adds to what is made small besides the loss of the rows: a regularizer's penalty, summed over the members. */
  addLoss(loss: tf.Tensor): void;
}

/** Maps features [members or 1, rows, width] to outputs [members, rows, units]. */
export type Network = (scope: Scope, features: tf.Tensor3D) => tf.Tensor3D;

/** A gigabyte of weights: beyond it, files of the network are larger than their formats allow. */
const MOST_WEIGHTS = 2 ** 28;

function tooLarge(name: string, [members = 1, ...shape]: readonly number[], made: number): AimaasError {
  const each = `${shape.join(' × ')}${members === 1 ? '' : ` in each of ${members} members`}`;
  return new AimaasError(
    'USAGE',
    `The network is too large: with ${name} (${each}) it has ${made.toLocaleString('en')} weights; expected at most ${MOST_WEIGHTS.toLocaleString('en')}.`,
    { hint: 'aimaas train --layers 512,512, or fewer --members' },
  );
}

/** Makes every weight and keeps what it made. */
export class InitialScope implements Scope {
  readonly training = false;
  readonly dropRate = undefined;
  readonly specs: WeightSpec[] = [];
  readonly values: Record<string, tf.Tensor> = {};
  readonly constraints = new Map<string, Constraint>();
  readonly members: number;
  readonly random: Random;
  private made = 0;

  constructor(members: number, random: Random) {
    this.members = members;
    this.random = random;
  }

  weight(name: string, shape: readonly number[], options: WeightOptions): tf.Tensor {
    this.made += sizeOf(shape);
    if (this.made > MOST_WEIGHTS) throw tooLarge(name, shape, this.made);
    const value = options.initial();
    this.specs.push({
      name,
      shape: [...shape],
      learningRateScale: options.learningRateScale ?? 1,
      decay: options.decay ?? false,
      trainable: options.trainable ?? true,
    });
    this.values[name] = value;
    if (options.constraint !== undefined) this.constraints.set(name, options.constraint);
    return value;
  }

  update(): void {
    // Statistics keep their first value until training begins.
  }

  addLoss(): void {
    // Nothing is made small yet.
  }
}

/** Hands out given weights and collects the updates of non-trainable ones. */
export class AppliedScope implements Scope {
  readonly updates = new Map<string, tf.Tensor>();
  readonly losses: tf.Tensor[] = [];
  readonly members: number;
  readonly training: boolean;
  readonly dropRate: tf.Scalar | undefined;
  private readonly weights: ReadonlyMap<string, tf.Tensor>;

  constructor(
    weights: ReadonlyMap<string, tf.Tensor>,
    options: { members: number; training: boolean; dropRate?: tf.Scalar | undefined },
  ) {
    this.weights = weights;
    this.members = options.members;
    this.training = options.training;
    this.dropRate = options.dropRate;
  }

  get random(): Random {
    throw new Error('Random numbers for initial values are drawn only when a network is initialised.');
  }

  weight(name: string): tf.Tensor {
    const value = this.weights.get(name);
    if (value === undefined)
      throw new Error(`The network asks for weight "${name}", which it was not initialised with.`);
    return value;
  }

  update(name: string, value: tf.Tensor): void {
    this.updates.set(name, keep(value));
  }

  addLoss(loss: tf.Tensor): void {
    this.losses.push(loss);
  }
}

/** A tensor of normal random numbers. */
export function normal(random: Random, shape: readonly number[], standardDeviation = 1): tf.Tensor {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = standardDeviation * random.normal();
  return tf.tensor(values, [...shape], 'float32');
}

/** A tensor of random numbers between `low` and `high`. */
export function uniform(random: Random, shape: readonly number[], low: number, high: number): tf.Tensor {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * random.uniform();
  return tf.tensor(values, [...shape], 'float32');
}
