import type * as tf from '@tensorflow/tfjs-core';
// In Node the gradients of tfjs' kernels are registered by the layers package.
import '@tensorflow/tfjs-layers';
import { Random } from '../core/random.js';
import type { TensorData } from '../core/tensor.js';
import type { Engine, EngineOptions } from '../engines/engine.js';
import { keep, trace } from '../graph/trace.js';
import { AppliedScope, type Constraint, InitialScope, type Network } from '../models/scope.js';
import { deterministic } from './deterministic.js';
import { Packing } from './packing.js';

/** A network with its weights laid out, ready to be made into graphs. */
export interface Program {
  readonly network: Network;
  readonly members: number;
  /** Columns of the feature matrix. */
  readonly features: number;
  readonly parameters: Packing;
  readonly statistics: Packing;
  /** What weights become after every step, by name. */
  readonly constraints: ReadonlyMap<string, Constraint>;
}

/** First values of parameters and statistics: [members, width] each. */
export interface InitialValues {
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
}

/** Names of the graph inputs and outputs that carry state. */
export const PARAMETERS = 'parameters';
export const STATISTICS = 'statistics';
/** The running average of the parameters, where one is kept. */
export const AVERAGE = 'average';
export const slotName = (index: number): string => `slot_${index}`;

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
  const graph = deterministic(
    trace(
      ({ x }) => {
        network(scope, x as tf.Tensor3D);
        return scope.values;
      },
      { x: { shape, dtype: 'float32' } },
    ),
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
      constraints: scope.constraints,
    },
    initial: { parameters: trained.matrix, statistics: followed.matrix },
  };
}

/** What a network gives for one batch. */
interface Applied {
  /** [members, rows, units]. */
  readonly outputs: tf.Tensor3D;
  /** [members, width] after the batch; undefined where there are none. */
  readonly statistics: tf.Tensor | undefined;
  /** Penalties of the network's own, summed over members. */
  readonly losses: readonly tf.Tensor[];
}

/** Runs the network with the given weights (in the order of `program.parameters`) and packed statistics. */
export function applyNetwork(
  program: Program,
  weights: readonly tf.Tensor[],
  statistics: readonly tf.Tensor[],
  features: tf.Tensor3D,
  mode: { readonly training: boolean; readonly dropRate?: tf.Scalar | undefined },
): Applied {
  const named = new Map<string, tf.Tensor>();
  program.parameters.specs.forEach((spec, index) => named.set(spec.name, weights[index] as tf.Tensor));
  program.statistics.specs.forEach((spec, index) => named.set(spec.name, statistics[index] as tf.Tensor));
  const scope = new AppliedScope(named, { members: program.members, ...mode });
  const outputs = program.network(scope, features);
  if (statistics.length === 0) return { outputs, statistics: undefined, losses: scope.losses };
  const next = program.statistics.specs.map(
    (spec) => scope.updates.get(spec.name) ?? (named.get(spec.name) as tf.Tensor),
  );
  return { outputs, statistics: keep(program.statistics.pack(next)), losses: scope.losses };
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

/** The state of a session before its first step: weights, slots at their first values, and the average of nothing yet. */
export function firstState(
  program: Program,
  slots: readonly number[],
  averaged: boolean,
  initial: InitialValues,
): Record<string, TensorData> {
  const state = stateOf(program, initial);
  const shape = [program.members, program.parameters.width];
  slots.forEach((first, index) => {
    const data = new Float32Array(initial.parameters.length).fill(first);
    state[slotName(index)] = { dtype: 'float32', shape, data };
  });
  if (averaged) state[AVERAGE] = { dtype: 'float32', shape, data: initial.parameters };
  return state;
}
