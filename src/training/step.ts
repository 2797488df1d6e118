import * as tf from '@tensorflow/tfjs-core';
import { RANDOM_OFFSETS, RANDOM_POOL } from '../graph/random.js';
import type { StepGraph } from '../graph/step-graph.js';
import { keep, trace } from '../graph/trace.js';
import { type Clipping, clipNorm, clipWeight } from './clipping.js';
import type { Loss } from './losses/loss.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import { applyNetwork, AVERAGE, PARAMETERS, type Program, slotName, STATISTICS } from './program.js';

/** The numbers a step is given anew each time. */
export interface StepNumbers {
  readonly learningRate: number;
  /** Strength of the weight decay, to be multiplied by the learning rate. */
  readonly weightDecay: number;
  /** Probability of dropping a unit. */
  readonly drop: number;
  /** How much of the running average of the parameters stays. */
  readonly average: number;
}

/** Numbers of the `schedule` input before the optimizer's own. */
const FIXED_NUMBERS = 4;

/** The `schedule` input of a step, the first step being 1. */
export function scheduleOf(
  optimizer: Optimizer,
  options: OptimizerOptions,
  step: number,
  { learningRate, weightDecay, drop, average }: StepNumbers,
): number[] {
  const rate = optimizer.rate(learningRate, step, options);
  return [rate, learningRate * weightDecay, drop, average, ...(optimizer.factors?.(step, options) ?? [])];
}

/** Length of the `schedule` input. */
export function scheduleLength(optimizer: Optimizer, options: OptimizerOptions): number {
  return FIXED_NUMBERS + (optimizer.factors?.(1, options).length ?? 0);
}

export interface StepOptions {
  /** Rows a member sees in a step. */
  readonly batchSize: number;
  readonly loss: Loss;
  readonly labelSmoothing: number;
  readonly optimizer: Optimizer;
  readonly optimizerOptions: OptimizerOptions;
  /** Whether any unit is ever dropped. */
  readonly dropout: boolean;
  /** Whether the weights ever decay. */
  readonly weightDecay: boolean;
  /** Factor of ½‖w‖² in the loss, summed over the weights that decay. 0 for none. */
  readonly penalty: number;
  readonly clipping: Clipping;
  /** Whether a running average of the parameters is kept. */
  readonly average: boolean;
  /** Shape of one row's target; a single number by default. */
  readonly targetShape?: readonly number[];
}

/** Stands in for the weight of a batch of rows that all have the weight 0, so that nothing is divided by 0. */
const LEAST_WEIGHT = 1e-30;

/** One kind of input: the state, which every step turns into that of the next, or what a step is given. */
type Inputs = Readonly<Record<string, tf.Tensor>>;

/**
 * One training step of all members as a graph: forward, loss, gradients, optimizer. The loss of a member is the mean of
 * its rows' losses weighted by the rows' weights, so that a row of weight 0 counts for nothing and a short last batch
 * can be filled up with such rows.
 */
export function stepGraph(program: Program, options: StepOptions): StepGraph {
  const { members, parameters, statistics } = program;
  const slots = options.optimizer.slots.map((_, i) => slotName(i));
  const matrix = { shape: [members, parameters.width], dtype: 'float32' as const };
  const index = [members, options.batchSize];
  const state: Record<string, typeof matrix> = { [PARAMETERS]: matrix };
  for (const slot of slots) state[slot] = matrix;
  if (options.average) state[AVERAGE] = matrix;
  if (statistics.specs.length > 0) state[STATISTICS] = { ...matrix, shape: [members, statistics.width] };

  const graph = trace((inputs) => tracedStep(program, options, slots, inputs), {
    ...state,
    x: { shape: [...index, program.features], dtype: 'float32' },
    y: { shape: [...index, ...(options.targetShape ?? [])], dtype: 'float32' },
    weight: { shape: index, dtype: 'float32' },
    schedule: { shape: [scheduleLength(options.optimizer, options.optimizerOptions)], dtype: 'float32' },
  });
  const random = graph.inputs.some((input) => input.name === RANDOM_POOL);
  return {
    graph,
    state: Object.keys(state).map((name) => ({ input: name, output: `${name}'` })),
    rows: ['x', 'y', 'weight'],
    indexShape: index,
    perStep: ['schedule', ...(random ? [RANDOM_OFFSETS] : [])],
    resident: random ? [RANDOM_POOL] : [],
    results: ['loss'],
  };
}

/** The step's outputs by name: the loss, and every part of the state with a ' behind its name. */
function tracedStep(
  program: Program,
  options: StepOptions,
  slots: readonly string[],
  inputs: Inputs,
): Record<string, tf.Tensor> {
  const { parameters } = program;
  const at = (name: string): tf.Tensor => inputs[name] as tf.Tensor;
  const schedule = at('schedule');
  const [rate, decay, drop, kept, ...factors] = Array.from({ length: schedule.size }, (_, i) =>
    tf.reshape(tf.slice(schedule, [i], [1]), []),
  ) as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar, ...tf.Scalar[]];
  const learned = lossAndGradients(program, options, inputs, drop);
  const gradient = clipNorm(parameters.pack(learned.gradients), 1, options.clipping.globalNorm);
  const moved = options.optimizer.direction(gradient, slots.map(at), options.optimizerOptions, factors);
  const step = tf.mul(scaledDirection(program, moved.direction), rate);
  const before = options.weightDecay ? decayed(program, at(PARAMETERS), decay) : at(PARAMETERS);
  const next = constrained(program, tf.sub(before, step));
  const result: Record<string, tf.Tensor> = { [`${PARAMETERS}'`]: next, loss: learned.meanLoss };
  slots.forEach((slot, i) => (result[`${slot}'`] = moved.slots[i] as tf.Tensor));
  if (options.average) result[`${AVERAGE}'`] = tf.add(tf.mul(tf.sub(at(AVERAGE), next), kept), next);
  if (learned.statistics !== undefined) result[`${STATISTICS}'`] = learned.statistics;
  return result;
}

interface Learned {
  /** The loss of a step as it is reported: the mean over members, penalties of the network's layers included. */
  readonly meanLoss: tf.Tensor;
  /** By weight, [members, ...], within the limits for values and single weights. */
  readonly gradients: readonly tf.Tensor[];
  readonly statistics: tf.Tensor | undefined;
}

function lossAndGradients(program: Program, options: StepOptions, inputs: Inputs, drop: tf.Scalar): Learned {
  const { parameters, statistics, members } = program;
  let meanLoss: tf.Tensor | undefined;
  let nextStatistics: tf.Tensor | undefined;
  const lossOf = (weights: readonly tf.Tensor[]): tf.Scalar => {
    const follow = statistics.unpack(inputs[STATISTICS] as tf.Tensor);
    const mode = { training: true, dropRate: options.dropout ? drop : undefined };
    const applied = applyNetwork(program, weights, follow, inputs.x as tf.Tensor3D, mode);
    nextStatistics = applied.statistics;
    const rows = options.loss.rows(applied.outputs, inputs.y as tf.Tensor, options);
    const weight = inputs.weight as tf.Tensor;
    const total = tf.maximum(tf.sum(weight, 1), LEAST_WEIGHT);
    const byMember = tf.div(tf.sum(tf.mul(rows, weight), 1), total);
    const own = applied.losses.map((loss) => tf.sum(loss));
    meanLoss = keep(own.reduce((sum, loss) => tf.add(sum, tf.div(loss, members)), tf.mean(byMember)));
    const penalties = [...own, penaltyOf(program, weights, options.penalty)];
    return penalties.reduce<tf.Tensor>((sum, loss) => tf.add(sum, loss), tf.sum(byMember)) as tf.Scalar;
  };
  const views = parameters.unpack(inputs[PARAMETERS] as tf.Tensor);
  // Not tf.valueAndGrads: a weight that the loss does not depend on is no mistake.
  const { grads } = tf.engine().gradients(() => lossOf(views), views);
  const gradients = views.map((view, index) => {
    const gradient = (grads[index] as tf.Tensor | null | undefined) ?? tf.zerosLike(view);
    return clipWeight(gradient, options.clipping);
  });
  return { meanLoss: meanLoss as unknown as tf.Tensor, gradients, statistics: nextStatistics };
}

/** The direction with every weight's own factor of the learning rate. */
function scaledDirection({ parameters }: Program, direction: tf.Tensor): tf.Tensor {
  if (parameters.specs.every((spec) => spec.learningRateScale === 1)) return direction;
  const scales = parameters.columnValues((spec) => spec.learningRateScale);
  return tf.mul(direction, tf.tensor(scales, [1, parameters.width]));
}

/** The parameters with every weight projected onto what its constraint allows. */
function constrained({ parameters, constraints }: Program, matrix: tf.Tensor): tf.Tensor {
  if (constraints.size === 0) return matrix;
  return parameters.pack(
    parameters
      .unpack(matrix)
      .map((weight, index) => constraints.get(parameters.specs[index]?.name ?? '')?.(weight) ?? weight),
  );
}

/** ½·penalty·‖w‖² over the weights that decay, summed over members. */
function penaltyOf(program: Program, weights: readonly tf.Tensor[], penalty: number): tf.Tensor {
  const penalised = weights.filter((_, index) => program.parameters.specs[index]?.decay === true);
  if (penalty === 0 || penalised.length === 0) return tf.scalar(0);
  const squares = penalised.map((weight) => tf.sum(tf.square(weight)));
  return tf.mul(
    squares.reduce((sum, square) => tf.add(sum, square)),
    penalty / 2,
  );
}

/** p·(1 − decay) for the weights that decay; `decay` is the learning rate times the strength. */
function decayed(program: Program, matrix: tf.Tensor, decay: tf.Tensor): tf.Tensor {
  const { parameters } = program;
  if (!parameters.specs.some((spec) => spec.decay)) return matrix;
  const mask = tf.tensor(
    parameters.columnValues((spec) => (spec.decay ? spec.learningRateScale : 0)),
    [1, parameters.width],
  );
  return tf.mul(matrix, tf.sub(1, tf.mul(mask, decay)));
}
