import * as tf from '@tensorflow/tfjs-core';
import type { TargetState } from '../core/artifacts.js';
import { Random } from '../core/random.js';
import type { TensorData } from '../core/tensor.js';
import type { Engine, EngineOptions } from '../engines/engine.js';
import type { Graph } from '../graph/graph.js';
import type { Network } from '../models/scope.js';
import { outputsOf } from '../tasks/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { TrainingPart } from './data.js';
import { bounds, type HeldOut, Judge, type JudgeOptions } from './judge.js';
import { type LoopEnd, type LoopOutcome, runLoop } from './loop.js';
import type { Loss } from './losses/loss.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import type { EpochRecord, TrainingPlan } from './plan.js';
import type { Clipping } from './clipping.js';
import { type Head, networkGraph } from './inference.js';
import { firstState, type InitialValues, initialize, type Program, stateOf } from './program.js';
import { suggestLearningRate } from './range-test.js';
import { StepSessions } from './step-sessions.js';
import { Validator } from './validator.js';

/** Rows that the first weights are made from. */
const SAMPLE_ROWS = 512;

export interface FitOptions extends JudgeOptions {
  readonly engine: Engine;
  readonly engineOptions: EngineOptions;
  readonly network: Network;
  /** Whether what the network gives for a row depends on the other rows of its batch while it is trained. */
  readonly mixesRows: boolean;
  /** The rows to learn from; `data` and `members.validation` are those to be validated on. */
  readonly parts: readonly TrainingPart[];
  /** Learning rate included, unless it is to be found. */
  readonly plan: TrainingPlan;
  readonly findLearningRate: boolean;
  readonly optimizer: Optimizer;
  readonly optimizerOptions: OptimizerOptions;
  readonly loss: Loss;
  readonly labelSmoothing: number;
  /** Factor of ½‖w‖² in the mean loss. */
  readonly penalty: number;
  readonly clipping: Clipping;
  /** Replaces first weights by those of another run. */
  readonly startFrom: ((program: Program, initial: InitialValues) => InitialValues) | undefined;
  readonly resume: Checkpoint | undefined;
  readonly signal: AbortSignal;
  checkpoint(checkpoint: Checkpoint): Promise<void>;
  onLearningRate(found: number): void;
  onSteps(done: number, loss: number): void;
  onRecord(record: EpochRecord): Promise<void> | void;
}

export interface FitResult {
  readonly end: LoopEnd;
  readonly outcome: LoopOutcome;
  readonly program: Program;
  /** `features` [batch, width] → `scores` [batch, outputs]. */
  readonly graph: Graph;
  readonly heldOut: HeldOut;
  readonly temperature: number;
}

/** Trains a network and turns its best weights into the graph that answers. */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { engine, engineOptions, plan, members, target } = options;
  const count = members.train.length;
  const first = await initialize(
    options.network,
    count,
    await sampleRows(options),
    plan.seed,
    engine,
    engineOptions,
  );
  const { program } = first;
  const initial = options.startFrom?.(program, first.initial) ?? first.initial;
  const step = {
    ...options,
    batchSize: plan.batchSize,
    dropout: plan.dropout > 0,
    weightDecay: plan.weightDecay > 0,
    average: plan.average > 0,
  };
  const sessions = await StepSessions.open({ ...options, program, step, seed: plan.seed });
  const outputs = outputsOf(target);
  const validator = await Validator.create(engine, engineOptions, program, options.data, members, outputs);
  try {
    const outcome = await train(options, program, initial, sessions, validator);
    const judge = new Judge(options);
    const answers = await validator.run(stateOf(program, outcome.best));
    const temperature = judge.temperature(answers);
    const graph = networkGraph(program, outcome.best, headOf(target, temperature, options.clamp));
    return {
      end: outcome.end,
      outcome,
      program,
      graph,
      temperature,
      heldOut: judge.heldOut(answers, temperature),
    };
  } finally {
    await validator.dispose();
    await sessions.dispose();
  }
}

async function train(
  options: FitOptions,
  program: Program,
  initial: InitialValues,
  sessions: StepSessions,
  validator: Validator,
): Promise<LoopOutcome> {
  const { members, optimizer, optimizerOptions, parts } = options;
  const judge = new Judge(options);
  let { plan } = options;
  const first = firstState(program, optimizer.slots, plan.average > 0, initial);
  const widths = { parameters: program.parameters.width, statistics: program.statistics.width };
  const loop = {
    ...options,
    sessions,
    members: members.validation.length,
    initial,
    firstState: first,
    widths,
    validate: async (state: Readonly<Record<string, TensorData>>) => judge.losses(await validator.run(state)),
  };
  if (options.findLearningRate && options.resume === undefined) {
    await sessions.writeState(first);
    const part = parts[0] as TrainingPart;
    const fillers = await sessions.load(part);
    const rate = await suggestLearningRate(sessions, plan, part, fillers, optimizer, optimizerOptions);
    plan = { ...plan, learningRate: rate };
    options.onLearningRate(rate);
  }
  return runLoop({ ...loop, plan });
}

/** A few hundred of the first member's training rows, drawn by seed. */
async function sampleRows({
  parts,
  plan,
}: FitOptions): Promise<{ rows: number; features: number; values: Float32Array }> {
  const part = parts[0] as TrainingPart;
  const { x, width } = await part.rows();
  const learned = (part.members[0] as Int32Array).slice();
  const rows = Random.of(plan.seed, 'sample').shuffle(learned).subarray(0, SAMPLE_ROWS);
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => values.set(x.subarray(row * width, (row + 1) * width), i * width));
  return { rows: rows.length, features: width, values };
}

/** Turns raw outputs into scores inside the graph: softmax at a temperature, or back to the target's unit. */
function headOf(target: TargetState, temperature: number, clamp: boolean): Head {
  if (target.task !== 'regression') {
    return (outputs) => tf.softmax(temperature === 1 ? outputs : tf.div(outputs, temperature), -1);
  }
  const { mean, standardDeviation } = target;
  const [low, high] = bounds(target, clamp);
  return (outputs) => {
    const kept = clamp ? tf.minimum(tf.maximum(outputs, low), high) : outputs;
    return tf.add(tf.mul(kept, standardDeviation), mean);
  };
}
