import * as tf from '@tensorflow/tfjs-core';
// In Node the gradients of tfjs' kernels are registered by the layers package.
import '@tensorflow/tfjs-layers';
import { Random } from '../core/random.js';
import type { TensorData } from '../core/tensor.js';
import type { Engine, EngineOptions } from '../engines/engine.js';
import type { Graph } from '../graph/graph.js';
import { RANDOM_OFFSETS, RANDOM_POOL } from '../graph/random.js';
import type { StepGraph } from '../graph/step-graph.js';
import { SYMBOLIC_BATCH } from '../graph/symbolic.js';
import { trace } from '../graph/trace.js';
import { AppliedScope, InitialScope, type Network } from '../models/scope.js';
import type { Loss } from './losses/loss.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import { Packing } from './packing.js';

/** A network with its weights laid out, ready to be made into graphs. */
export interface Program {
  readonly network: Network;
  readonly members: number;
  /** Columns of the feature matrix. */
  readonly features: number;
  readonly parameters: Packing;
  readonly statistics: Packing;
}

/** First values of parameters and statistics: [members, width] each. */
export interface InitialValues {
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
}

/** Names of the graph inputs and outputs that carry state. */
export const PARAMETERS = 'parameters';
export const STATISTICS = 'statistics';
const slotName = (index: number): string => `slot_${index}`;

/** The numbers a step is given anew each time, in the order of the `schedule` input. */
export const SCHEDULE_INPUTS = ['rate', 'decay', 'drop'] as const;

/**
 * Runs the network once over some rows to make its first weights, as a graph on the engine: data-dependent initialisation
 * of wide layers is too slow in plain JavaScript.
 *
 * @param sample [rows, features] of training rows, at least one.
 */
export async function initialize(
  network: Network,
  members: number,
  sample: { readonly rows: number; readonly features: number; readonly values: Float32Array },
  seed: number,
  engine: Engine,
  options: EngineOptions,
): Promise<{ readonly program: Program; readonly initial: InitialValues }> {
  const scope = new InitialScope(members, Random.of(seed, 'initial weights'));
  const shape = [1, sample.rows, sample.features];
  const graph = trace(
    ({ x }) => {
      network(scope, x as tf.Tensor3D);
      return scope.values;
    },
    { x: { shape, dtype: 'float32' } },
  );
  const executable = await engine.compile(graph, options);
  let values: Record<string, TensorData>;
  try {
    values = await executable.run({ x: { dtype: 'float32', shape, data: sample.values } });
  } finally {
    await executable.dispose();
  }
  const packed = (trainable: boolean): { packing: Packing; matrix: Float32Array } => {
    const specs = scope.specs.filter((spec) => spec.trainable === trainable);
    const packing = new Packing(specs, members);
    return {
      packing,
      matrix: packing.packValues(specs.map((spec) => values[spec.name]?.data as Float32Array)),
    };
  };
  const trained = packed(true);
  const followed = packed(false);
  return {
    program: {
      network,
      members,
      features: sample.features,
      parameters: trained.packing,
      statistics: followed.packing,
    },
    initial: { parameters: trained.matrix, statistics: followed.matrix },
  };
}

/** Runs the network with the given packed weights; returns its outputs and the packed statistics after it. */
function apply(
  program: Program,
  weights: readonly tf.Tensor[],
  statistics: tf.Tensor | undefined,
  features: tf.Tensor3D,
  mode: { readonly training: boolean; readonly dropRate?: tf.Scalar | undefined },
): { outputs: tf.Tensor3D; statistics: tf.Tensor | undefined } {
  const named = new Map<string, tf.Tensor>();
  program.parameters.specs.forEach((spec, index) => named.set(spec.name, weights[index] as tf.Tensor));
  const follow = statistics === undefined ? [] : program.statistics.unpack(statistics);
  program.statistics.specs.forEach((spec, index) => named.set(spec.name, follow[index] as tf.Tensor));
  const scope = new AppliedScope(named, { members: program.members, ...mode });
  const outputs = program.network(scope, features);
  if (statistics === undefined) return { outputs, statistics };
  const next = program.statistics.specs.map(
    (spec) => scope.updates.get(spec.name) ?? (named.get(spec.name) as tf.Tensor),
  );
  return { outputs, statistics: tf.keep(program.statistics.pack(next)) };
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
  readonly clipNorm: number | undefined;
  readonly clipValue: number | undefined;
  /** Shape of one row's target; a single number by default. */
  readonly targetShape?: readonly number[];
}

/**
 * One training step of all members as a graph: forward, loss, gradients, optimizer. The loss of a member is the mean of
 * its rows' losses weighted by the rows' weights, so that a row of weight 0 counts for nothing and a short last batch
 * can be filled up with such rows.
 */
export function stepGraph(program: Program, options: StepOptions): StepGraph {
  const { members, parameters, statistics } = program;
  const { optimizer } = options;
  const matrix = [members, parameters.width];
  const index = [members, options.batchSize];
  const slots = optimizer.slots.map((_, i) => slotName(i));
  const hasStatistics = statistics.specs.length > 0;
  const scaled = parameters.specs.some((spec) => spec.learningRateScale !== 1);

  const graph = trace(
    (inputs) => {
      const at = (name: string): tf.Tensor => inputs[name] as tf.Tensor;
      const [rate, decay, drop] = SCHEDULE_INPUTS.map((_, i) =>
        tf.reshape(tf.slice(at('schedule'), [i], [1]), []),
      );
      let nextStatistics: tf.Tensor | undefined;
      let meanLoss: tf.Tensor | undefined;
      const lossOf = (...weights: tf.Tensor[]): tf.Scalar => {
        const applied = apply(
          program,
          weights,
          hasStatistics ? at(STATISTICS) : undefined,
          at('x') as tf.Tensor3D,
          {
            training: true,
            dropRate: options.dropout ? (drop as tf.Scalar) : undefined,
          },
        );
        nextStatistics = applied.statistics;
        const rows = options.loss.rows(applied.outputs, at('y'), options);
        const weight = at('weight');
        const total = tf.maximum(tf.sum(weight, 1), 1e-12);
        const byMember = tf.div(tf.sum(tf.mul(rows, weight), 1), total);
        meanLoss = tf.keep(tf.mean(byMember));
        return tf.add<tf.Scalar>(tf.sum(byMember), penaltyOf(program, weights, options.penalty));
      };
      const views = parameters.unpack(at(PARAMETERS));
      const { grads } = tf.valueAndGrads(lossOf)(views);
      const gradient = clip(parameters.pack(grads), options);
      const moved = optimizer.direction(gradient, slots.map(at), options.optimizerOptions);
      let step = tf.mul(moved.direction, rate as tf.Tensor);
      if (scaled)
        step = tf.mul(
          step,
          tf.tensor(
            parameters.columnValues((spec) => spec.learningRateScale),
            [1, parameters.width],
          ),
        );
      const kept = options.weightDecay
        ? decayed(program, at(PARAMETERS), decay as tf.Tensor)
        : at(PARAMETERS);
      const result: Record<string, tf.Tensor> = {
        [`${PARAMETERS}'`]: tf.sub(kept, step),
        loss: meanLoss as unknown as tf.Tensor,
      };
      slots.forEach((slot, i) => (result[`${slot}'`] = moved.slots[i] as tf.Tensor));
      if (hasStatistics) result[`${STATISTICS}'`] = nextStatistics as unknown as tf.Tensor;
      return result;
    },
    {
      [PARAMETERS]: { shape: matrix, dtype: 'float32' },
      ...Object.fromEntries(slots.map((slot) => [slot, { shape: matrix, dtype: 'float32' as const }])),
      ...(hasStatistics
        ? { [STATISTICS]: { shape: [members, statistics.width], dtype: 'float32' as const } }
        : {}),
      x: { shape: [...index, program.features], dtype: 'float32' },
      y: { shape: [...index, ...(options.targetShape ?? [])], dtype: 'float32' },
      weight: { shape: index, dtype: 'float32' },
      schedule: { shape: [SCHEDULE_INPUTS.length], dtype: 'float32' },
    },
  );
  const random = graph.inputs.some((input) => input.name === RANDOM_POOL);
  return {
    graph,
    state: [PARAMETERS, ...slots, ...(hasStatistics ? [STATISTICS] : [])].map((name) => ({
      input: name,
      output: `${name}'`,
    })),
    rows: ['x', 'y', 'weight'],
    indexShape: index,
    perStep: ['schedule', ...(random ? [RANDOM_OFFSETS] : [])],
    resident: random ? [RANDOM_POOL] : [],
    results: ['loss'],
  };
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

/** Bounds the gradient of each member: every value, then the Euclidean norm of all. */
function clip(gradient: tf.Tensor, { clipNorm, clipValue }: StepOptions): tf.Tensor {
  let clipped = gradient;
  if (clipValue !== undefined) clipped = tf.minimum(tf.maximum(clipped, -clipValue), clipValue);
  if (clipNorm !== undefined) {
    const norm = tf.sqrt(tf.sum(tf.square(clipped), 1, true));
    clipped = tf.mul(clipped, tf.minimum(tf.div(clipNorm, tf.maximum(norm, 1e-12)), 1));
  }
  return clipped;
}

/** The raw outputs of every member for rows of its own: parameters, x [members, rows, features] → [members, rows, units]. */
export function validationGraph(program: Program, rows: number): Graph {
  const { members, parameters, statistics } = program;
  const hasStatistics = statistics.specs.length > 0;
  return trace(
    (inputs) => {
      const weights = parameters.unpack(inputs[PARAMETERS] as tf.Tensor);
      return {
        outputs: apply(program, weights, inputs[STATISTICS], inputs.x as tf.Tensor3D, { training: false })
          .outputs,
      };
    },
    {
      [PARAMETERS]: { shape: [members, parameters.width], dtype: 'float32' },
      ...(hasStatistics
        ? { [STATISTICS]: { shape: [members, statistics.width], dtype: 'float32' as const } }
        : {}),
      x: { shape: [members, rows, program.features], dtype: 'float32' },
    },
  );
}

/** From raw outputs [members, rows, units] to scores [members, rows, units]: probabilities, or values in the target's unit. */
export type Head = (outputs: tf.Tensor3D) => tf.Tensor3D;

/** The trained network for any number of rows: `features` [batch, width] → `scores` [batch, units], members averaged. */
export function networkGraph(program: Program, values: InitialValues, head: Head): Graph {
  const { members, parameters, statistics } = program;
  return trace(
    ({ features }) => {
      const weights = parameters.unpack(tf.tensor(values.parameters, [members, parameters.width]));
      const follow =
        statistics.specs.length > 0 ? tf.tensor(values.statistics, [members, statistics.width]) : undefined;
      const rows = tf.expandDims<tf.Tensor3D>(features as tf.Tensor2D, 0);
      const { outputs } = apply(program, weights, follow, rows, { training: false });
      return { scores: tf.mean(head(outputs), 0) };
    },
    { features: { shape: [SYMBOLIC_BATCH, program.features], dtype: 'float32' } },
  );
}

/** Weights as a session or a validation graph takes them. */
export function stateOf(program: Program, values: InitialValues): Record<string, TensorData> {
  const { members, parameters, statistics } = program;
  const state: Record<string, TensorData> = {
    [PARAMETERS]: { dtype: 'float32', shape: [members, parameters.width], data: values.parameters },
  };
  if (statistics.width > 0) {
    state[STATISTICS] = { dtype: 'float32', shape: [members, statistics.width], data: values.statistics };
  }
  return state;
}

/** The state of a session before its first step: weights, and slots at their first values. */
export function firstState(
  program: Program,
  slots: readonly number[],
  initial: InitialValues,
): Record<string, TensorData> {
  const state = stateOf(program, initial);
  slots.forEach((first, index) => {
    const data = new Float32Array(initial.parameters.length).fill(first);
    state[slotName(index)] = { dtype: 'float32', shape: [program.members, program.parameters.width], data };
  });
  return state;
}
