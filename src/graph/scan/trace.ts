import type { Graph, ValueId } from '../graph.js';
import { simplify } from '../passes/index.js';
import { sameShape } from '../shapes.js';
import { activeTracer, tracingWith } from '../trace/active.js';
import { withProperties } from '../trace/patch.js';
import { tf } from '../trace/tensorflow.js';
import { Tracer } from '../trace/tracer.js';
import { backwardBody, forwardBody, type JointStep } from './bodies.js';
import { SCAN, type ScanLayout } from './layout.js';

/** One iteration: from states and one element of each sequence to the next states and the results of the iteration. */
export type ScanStep = (
  states: tf.Tensor[],
  elements: tf.Tensor[],
) => { readonly states: readonly tf.Tensor[]; readonly results: readonly tf.Tensor[] };

/**
 * Runs `step` over the leading axis of `sequences`, inside `trace`: the step is traced once and becomes the body of a
 * loop. It may use any tensor around it and is differentiable like any other operation; its gradient is a loop that runs
 * the other way. Random numbers cannot be drawn in it.
 *
 * @returns the states after the last iteration, and the results of all, stacked to [length, …].
 */
export function scan(
  step: ScanStep,
  initial: readonly tf.Tensor[],
  sequences: readonly tf.Tensor[],
): { states: tf.Tensor[]; results: tf.Tensor[] } {
  const length = sequences[0]?.shape[0];
  if (length === undefined) throw new RangeError('A loop needs a sequence to go through.');
  const outer = activeTracer();
  const joint = traceJoint(outer, step, initial, sequences);
  const { body, saved } = forwardBody(joint.step);
  const call: ScanCall = {
    body,
    saved,
    joint: joint.step,
    layout: { states: initial.length, sequences: sequences.length, length, reverse: false },
    inputs: [],
    outputs: [],
  };
  const inputs = [...initial, ...sequences, ...joint.captured];
  const outputs = tf
    .engine()
    .runKernel<tf.Tensor[]>(SCAN, Object.fromEntries(inputs.map((tensor, i) => [`i${i}`, tensor])), {
      call,
    } as never);
  const results = joint.step.results.length;
  return {
    states: outputs.slice(0, initial.length),
    results: outputs.slice(initial.length, initial.length + results),
  };
}

/** A loop as the kernel and its gradient pass it between them. */
interface ScanCall {
  readonly body: Graph;
  readonly saved: readonly ValueId[];
  readonly joint: JointStep;
  readonly layout: ScanLayout;
  /** Values of the enclosing graph, known once the loop is a node of it. */
  inputs: readonly ValueId[];
  outputs: readonly ValueId[];
}

/** What is run for the kernel "Scan": appends the loop to the graph. */
export function recordScan(
  tracer: Tracer,
  inputs: tf.NamedTensorInfoMap,
  attributes: unknown,
): tf.TensorInfo[] {
  const { call } = attributes as { call: ScanCall };
  call.inputs = Object.values(inputs).map((tensor) => tracer.valueOf(tensor as tf.TensorInfo));
  call.outputs = tracer.builder.scan(call.body, call.inputs, call.layout);
  return call.outputs.map((value) => tracer.handle(value));
}

/** The gradient of a loop. */
export const scanGradient: tf.GradConfig = {
  kernelName: SCAN,
  gradFunc: (dy, _saved, attributes) => {
    const { call } = attributes as unknown as { call: ScanCall };
    const given = Array.isArray(dy) ? dy : [dy];
    let made: (ValueId | undefined)[] | undefined;
    return Object.fromEntries(
      call.inputs.map((_, i) => [
        `i${i}`,
        () => {
          const tracer = activeTracer();
          made ??= recordGradient(tracer, call, given);
          const value = made[i];
          const { shape } = tracer.builder.info(call.inputs[i] ?? -1);
          return value === undefined ? tf.zeros([...shape]) : tracer.tensor(value);
        },
      ]),
    );
  },
};

/** Appends the loop that runs backward; returns the gradient of every input of the loop forward. */
function recordGradient(
  tracer: Tracer,
  call: ScanCall,
  given: readonly tf.Tensor[],
): (ValueId | undefined)[] {
  const { builder } = tracer;
  const { joint, layout, saved } = call;
  const { states, length } = layout;
  const dy = given.map((tensor) => tracer.valueOf(tensor));
  const results = joint.results.length;
  const sums = joint.gradients.captured.map((gradient) => gradient !== undefined);
  const captured = call.inputs.slice(states + layout.sequences);
  const zeros = captured
    .filter((_, i) => sums[i])
    .map((id) => builder.op('Fill', [], { ...builder.info(id), value: 0 }));
  const outputs = builder.scan(
    backwardBody(joint, saved),
    [
      ...dy.slice(0, states),
      ...zeros,
      ...call.outputs.slice(states + results),
      ...call.inputs.slice(states, states + layout.sequences),
      ...dy.slice(states, states + results),
      ...captured,
    ],
    {
      states: states + zeros.length,
      sequences: saved.length + layout.sequences + results,
      length,
      reverse: !layout.reverse,
    },
  );
  let next = states;
  const take = (present: boolean): ValueId | undefined => (present ? outputs[next++] : undefined);
  const sumGradients = sums.map(take);
  const elementGradients = joint.gradients.elements.map((gradient) => take(gradient !== undefined));
  return [...outputs.slice(0, states), ...elementGradients, ...sumGradients];
}

interface Joint {
  readonly step: JointStep;
  /** The tensors around the loop that its body uses. */
  readonly captured: readonly tf.Tensor[];
}

/** Traces one iteration together with its gradient. */
function traceJoint(
  outer: Tracer,
  step: ScanStep,
  initial: readonly tf.Tensor[],
  sequences: readonly tf.Tensor[],
): Joint {
  const tracer = new Tracer(outer);
  const input = (name: string, tensor: tf.Tensor, shape: number[]): tf.Tensor => {
    const { dtype } = outer.builder.info(outer.valueOf(tensor));
    return tracer.tensor(tracer.builder.input(name, shape, dtype));
  };
  const body = (): Joint => {
    const states = initial.map((tensor, i) => input(`state${i}`, tensor, tensor.shape));
    const elements = sequences.map((tensor, i) => input(`element${i}`, tensor, tensor.shape.slice(1)));
    // A first run shows which tensors of the surroundings are used, and so need a gradient.
    tf.tidy(() => void step(states, elements));
    const captured = [...tracer.captured.values()].map(({ tensor }) => tensor).filter(isTensor);
    return { step: jointStep(tracer, step, states, elements, captured), captured };
  };
  let joint: Joint | undefined;
  onFreshTape(() => {
    tracingWith(tracer, () => {
      tf.tidy(() => {
        joint = body();
      });
    });
  });
  if (joint === undefined) throw new Error('The loop was not traced.');
  return joint;
}

function isTensor(info: tf.TensorInfo): info is tf.Tensor {
  return info instanceof tf.Tensor;
}

function jointStep(
  tracer: Tracer,
  step: ScanStep,
  states: tf.Tensor[],
  elements: tf.Tensor[],
  captured: tf.Tensor[],
): JointStep {
  const { builder } = tracer;
  const ids = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => tracer.valueOf(tensor));
  const stateGradients: ValueId[] = [];
  const resultGradients: ValueId[] = [];
  let nextStates: ValueId[] = [];
  let results: ValueId[] = [];
  const weighted = (tensor: tf.Tensor, gradients: ValueId[], name: string): tf.Tensor => {
    const gradient = builder.input(`${name}${gradients.length}`, tensor.shape);
    gradients.push(gradient);
    return tf.sum(tf.mul(tensor, tracer.tensor(gradient)));
  };
  const differentiable = [...states, ...elements, ...captured];
  const { grads } = tf.engine().gradients(
    () => {
      const made = step(states, elements);
      checkShapes(made.states, states);
      [nextStates, results] = [ids(made.states), ids(made.results)];
      return tf.addN([
        ...made.states.map((state) => weighted(state, stateGradients, 'stateGradient')),
        ...made.results.map((result) => weighted(result, resultGradients, 'resultGradient')),
      ]);
    },
    differentiable,
    undefined,
    true,
  );
  const gradientOf = (tensor: tf.Tensor): ValueId | undefined => {
    // Absent where nothing flows, whatever tfjs' types say.
    const gradient = (grads as (tf.Tensor | undefined)[])[differentiable.indexOf(tensor)];
    return gradient === undefined ? undefined : tracer.valueOf(gradient);
  };
  const sums = captured.map((tensor, i) => {
    const gradient = tensor.dtype === 'float32' ? gradientOf(tensor) : undefined;
    if (gradient === undefined) return undefined;
    const soFar = builder.input(`sum${i}`, tensor.shape);
    return { soFar, sum: builder.op('Add', [soFar, gradient]) };
  });
  const zero = ({ shape }: tf.Tensor) => builder.op('Fill', [], { shape, value: 0, dtype: 'float32' });
  const stateSums = states.map((tensor) => gradientOf(tensor) ?? zero(tensor));
  const elementSums = elements.map(gradientOf);
  const named = [...nextStates, ...results, ...stateSums, ...elementSums, ...sums.map((sum) => sum?.sum)];
  named.forEach((value, i) => {
    if (value !== undefined) builder.output(`out${i}`, value);
  });
  const graph = simplify(builder.build());
  // Simplifying may have replaced what makes an output; its name stays.
  const outputs = new Map(graph.outputs.map(({ name, value }) => [name, value]));
  let next = 0;
  const take = (): ValueId | undefined => outputs.get(`out${next++}`);
  const takeAll = (count: number) => Array.from({ length: count }, () => take() ?? -1);
  return {
    graph,
    states: ids(states),
    elements: ids(elements),
    captured: ids(captured),
    stateGradients,
    resultGradients,
    nextStates: takeAll(nextStates.length),
    results: takeAll(results.length),
    gradients: {
      states: takeAll(stateSums.length),
      elements: elementSums.map(take),
      captured: sums.map((sum) => {
        const value = take();
        return sum === undefined || value === undefined ? undefined : { soFar: sum.soFar, sum: value };
      }),
    },
  };
}

function checkShapes(next: readonly tf.Tensor[], states: readonly tf.Tensor[]): void {
  next.forEach(({ shape }, i) => {
    const before = states[i]?.shape ?? [];
    if (!sameShape(shape, before)) {
      throw new RangeError(
        `State ${i} of a loop goes from [${before.join(', ')}] to [${shape.join(', ')}] in an iteration.`,
      );
    }
  });
}

/** Runs `body` as if no gradient were being taken around it. */
function onFreshTape<T>(body: () => T): T {
  const { state } = tf.engine();
  return withProperties(state, { activeTape: null, gradientDepth: 0, kernelDepth: 0 }, body);
}
