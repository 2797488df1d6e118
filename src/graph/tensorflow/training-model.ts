import { AimaasError } from '../../core/errors.js';
import { type Graph, type ValueId, valueInfo, type ValueInfo } from '../graph.js';
import { optimize } from '../passes/index.js';
import type { StepGraph } from '../step-graph.js';
import { tensorName } from './executable-model.js';
import { fed, fetched } from './interface.js';
import { lowerNodes } from './lower.js';
import { encodeSavedModel } from './proto.js';
import { reserveList, stackList, writeLoop } from './loop.js';
import { GraphWriter, type Ref } from './writer.js';

/** A variable of the session: what to feed and fetch to write it, and what to fetch to read it. */
export interface VariableAccess {
  readonly feed: string;
  /** A fetch that is there once the variable is written. */
  readonly written: string;
  readonly read: string;
}

/** A training step as a SavedModel whose session keeps state and data, with the tensors to feed and fetch. */
export interface TrainingModel {
  readonly bytes: Uint8Array;
  /** By the names of the step's state inputs. */
  readonly state: ReadonlyMap<string, VariableAccess>;
  /** Rows and resident inputs, by name. */
  readonly data: ReadonlyMap<string, VariableAccess>;
  readonly run: {
    /** Number of steps, int32 []. */
    readonly steps: string;
    /** Row indices, int32 [steps, ...indexShape]; undefined where the step takes no rows. */
    readonly indices: string | undefined;
    /** Per-step inputs, [steps, ...shape], by name. */
    readonly perStep: ReadonlyMap<string, string>;
    /** Results, [steps, ...shape], by name. */
    readonly results: ReadonlyMap<string, string>;
    /** A fetch that is there once the new state is kept. */
    readonly done: string;
  };
}

export interface TrainingModelOptions {
  /** See Loop.inlined. */
  readonly inlined: boolean;
}

/**
 * A training step as a SavedModel that runs many steps in one call: a While that carries the state, gathers the rows of
 * each step from the resident data, and stacks the results. State and data are resource variables, so that they stay
 * where they are computed with.
 */
export function trainingModel(step: StepGraph, { inlined }: TrainingModelOptions): TrainingModel {
  const graph = optimize(step.graph);
  const inputs = named(graph, 'inputs');
  const outputs = named(graph, 'outputs');
  const info = (values: ReadonlyMap<string, Named>, name: string): ValueInfo => required(values, name).info;
  const writer = new GraphWriter();

  const steps = writer.op('Placeholder', [], { dtype: 'int32', shape: [] }, 'steps');
  const indices =
    step.rows.length === 0
      ? undefined
      : writer.op('Placeholder', [], { dtype: 'int32', shape: [-1, ...step.indexShape] }, 'indices');
  const perStep = step.perStep.map((name, i) => {
    const { shape, dtype } = info(inputs, name);
    return { name, ...fed(writer, `per_step_${i}`, dtype, [-1, ...shape]) };
  });
  const rows = step.rows.map((name, i) => {
    const { shape, dtype } = info(inputs, name);
    const whole = [-1, ...shape.slice(step.indexShape.length)];
    return { name, ...variable(writer, `rows_${i}`, { shape: whole, dtype }) };
  });
  const resident = step.resident.map((name, i) => ({
    name,
    ...variable(writer, `resident_${i}`, info(inputs, name)),
  }));
  const state = step.state.map(({ input }, i) => ({
    name: input,
    ...variable(writer, `state_${i}`, info(inputs, input)),
  }));
  const lists = step.results.map((name) => {
    const { shape, dtype } = info(outputs, name);
    return reserveList(writer, shape, steps, writer.typeOf(dtype));
  });

  // What the loop carries, in this order; a round takes it apart in the same.
  const values: Ref[] = [
    ...(indices === undefined ? [] : [indices]),
    ...perStep.map(({ value }) => value),
    ...rows.map(({ value }) => value),
    ...resident.map(({ value }) => value),
    ...state.map(({ value }) => value),
    ...lists,
  ];
  const shapes = [
    ...(indices === undefined ? [] : [[-1, ...step.indexShape]]),
    ...step.perStep.map((name) => [-1, ...info(inputs, name).shape]),
    ...rows.map(({ shape }) => shape),
    ...resident.map(({ shape }) => shape),
    ...state.map(({ shape }) => shape),
    ...lists.map(() => []),
  ];
  const carried = writeLoop(writer, {
    name: 'training',
    count: steps,
    values,
    shapes,
    inlined,
    round: (body, at, given) => oneStep(step, graph, body, at, given, inputs),
  });
  const after = carried.slice(values.length - lists.length - state.length);
  const kept = state.map(({ handle }, i) => {
    const value = after[i];
    if (value === undefined) throw new Error('The loop carries less than it was given.');
    return writer.node('AssignVariableOp', [handle, value]).name;
  });
  const results = new Map(
    step.results.map((name, i) => {
      const list = after[state.length + i];
      if (list === undefined) throw new Error('The loop carries less than it was given.');
      const { shape, dtype } = info(outputs, name);
      const stacked = stackList(writer, list, shape, writer.typeOf(dtype));
      return [name, tensorName(fetched(writer, `result_${i}`, stacked))];
    }),
  );
  const [done] = writer.node('Identity', [steps], {}, 'done', kept).outputs;
  if (done === undefined) throw new Error('Identity has no output.');
  const bytes = encodeSavedModel({
    graph: { nodes: writer.nodes, functions: writer.functions },
    signatures: {},
    initializer: undefined,
  });
  const access = (list: readonly (VariableAccess & { readonly name: string })[]) =>
    new Map(list.map(({ name, feed, written, read }) => [name, { feed, written, read }]));
  return {
    bytes,
    state: access(state),
    data: access([...rows, ...resident]),
    run: {
      steps: tensorName(steps),
      indices: indices === undefined ? undefined : tensorName(indices),
      perStep: new Map(perStep.map(({ name, feed }) => [name, tensorName(feed)])),
      results,
      done: tensorName(done),
    },
  };
}

/** A variable with the nodes that write and read it. */
function variable(
  writer: GraphWriter,
  name: string,
  { shape, dtype }: ValueInfo,
): VariableAccess & { readonly handle: Ref; readonly value: Ref; readonly shape: readonly number[] } {
  const type = writer.typeOf(dtype);
  const handle = writer.op('VarHandleOp', [], { dtype: type, shape, shared_name: name }, name);
  const given = fed(writer, `${name}_given`, dtype, shape);
  // A copy of its own: what is fed may be memory of JavaScript, which TensorFlow must not keep.
  const copy = writer.op('DeepCopy', [given.value]);
  const assigned = writer.node('AssignVariableOp', [handle, copy]).name;
  const [written] = writer.node('Identity', [writer.integers(0)], {}, `${name}_written`, [assigned]).outputs;
  if (written === undefined) throw new Error('Identity has no output.');
  const value = writer.op('ReadVariableOp', [handle], { dtype: type });
  const read = fetched(writer, `${name}_read`, value);
  return {
    handle,
    value,
    shape,
    feed: tensorName(given.feed),
    written: tensorName(written),
    read: tensorName(read),
  };
}

/** One step in the body of the loop: what it carries → what it carries next. */
function oneStep(
  step: StepGraph,
  graph: Graph,
  writer: GraphWriter,
  at: Ref,
  carried: readonly Ref[],
  inputs: ReadonlyMap<string, Named>,
): Ref[] {
  let next = 0;
  const take = (): Ref => {
    const ref = carried[next++];
    if (ref === undefined) throw new Error('The loop carries less than it was given.');
    return ref;
  };
  const given = new Map<ValueId, Ref>();
  const know = (name: string, ref: Ref): void => {
    given.set(required(inputs, name).value, ref);
  };
  const axis = writer.integers(0);
  const current = (list: Ref): Ref => writer.op('GatherV2', [list, at, axis]);
  const chosen = step.rows.length === 0 ? undefined : current(take());
  for (const name of step.perStep) know(name, current(take()));
  for (const name of step.rows) {
    if (chosen !== undefined) know(name, writer.op('GatherV2', [take(), chosen, axis]));
  }
  for (const name of step.resident) know(name, take());
  for (const { input } of step.state) know(input, take());
  const lists = step.results.map(take);
  for (const [name, { value }] of inputs) {
    if (given.has(value)) continue;
    throw new AimaasError(
      'INTERNAL',
      `The step's input "${name}" is neither state, row, per-step nor resident.`,
    );
  }
  const made = lowerNodes(graph, writer, given);
  const result = (name: string): Ref => {
    const ref = made.get(name);
    if (ref === undefined) throw new AimaasError('INTERNAL', `The training step has no "${name}".`);
    return ref;
  };
  const unchanged = carried.length - step.state.length - lists.length;
  return [
    ...carried.slice(0, unchanged),
    ...step.state.map(({ output }) => result(output)),
    ...lists.map((list, i) => writer.op('TensorListSetItem', [list, at, result(step.results[i] ?? '')])),
  ];
}

interface Named {
  readonly value: ValueId;
  readonly info: ValueInfo;
}

function named(graph: Graph, side: 'inputs' | 'outputs'): Map<string, Named> {
  return new Map(graph[side].map(({ name, value }) => [name, { value, info: valueInfo(graph, value) }]));
}

function required(values: ReadonlyMap<string, Named>, name: string): Named {
  const value = values.get(name);
  if (value === undefined) throw new AimaasError('INTERNAL', `The training step has no "${name}".`);
  return value;
}
