import { scan } from '../scan/trace.js';
import { activeTracer } from '../trace/active.js';
import { layersPrototype } from '../trace/layers-package.js';
import { withProperties } from '../trace/patch.js';
import { tf } from '../trace/tensorflow.js';
import { AimaasError } from '../../core/errors.js';

/** What tf.layers' recurrent cells have in common. */
interface Cell {
  readonly stateSize: number | number[];
  readonly cells?: readonly Cell[];
  readonly dropout?: number;
  readonly recurrentDropout?: number;
  /** True for a cell of our own whose every step computes the same, which cannot be seen from outside. */
  readonly uniformSteps?: boolean;
  getClassName(): string;
  call(inputs: tf.Tensor[], options: { training: boolean | undefined }): tf.Tensor[];
}

interface RecurrentLayer {
  readonly name: string;
  readonly cell: Cell;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly stateful: boolean;
  getInitialState(inputs: tf.Tensor): tf.Tensor[];
}

interface CallOptions {
  readonly mask?: tf.Tensor | tf.Tensor[] | null;
  readonly training?: boolean;
  readonly initialState?: tf.Tensor[] | null;
}

type Call = (
  this: RecurrentLayer,
  inputs: tf.Tensor | tf.Tensor[],
  options?: CallOptions,
) => tf.Tensor | tf.Tensor[];

/**
 * Cells whose steps all compute the same, so that one can stand for all. A cell that a user wrote may count its steps:
 * its layer is run as tf.layers does it, every step for itself.
 */
const UNIFORM_CELLS: ReadonlySet<string> = new Set([
  'SimpleRNNCell',
  'LSTMCell',
  'GRUCell',
  'ConvLSTM2DCell',
]);

function isUniform(cell: Cell): boolean {
  if (cell.cells !== undefined) return cell.cells.every(isUniform);
  return UNIFORM_CELLS.has(cell.getClassName()) || cell.uniformSteps === true;
}

/**
 * Makes recurrent layers loops of the graph (scan/layout.ts) for the time of `body`: tf.layers goes through the steps one
 * by one, which gives thousands of nodes for long sequences. Same results; masks, initial states, both directions and
 * dropout included.
 */
export function withRecurrentLoops<T>(body: () => T): T {
  const prototype = layersPrototype('RNN') as { readonly call: Call } | undefined;
  if (prototype === undefined) return body();
  const original = prototype.call;
  const call: Call = function (inputs, options = {}) {
    if (this.stateful) {
      throw new AimaasError(
        'UNSUPPORTED',
        `The recurrent layer "${this.name}" is stateful: it goes on in a batch where the last one ended, which batches of shuffled rows cannot.`,
        { hint: 'Make the layer with stateful: false.' },
      );
    }
    const [sequence] = Array.isArray(inputs) ? inputs : [inputs];
    if (sequence === undefined || (sequence.shape[1] ?? 0) < 2 || !isUniform(this.cell)) {
      return original.call(this, inputs, options);
    }
    return loop(this, sequence, options);
  };
  return withProperties(prototype, { call }, body);
}

function loop(layer: RecurrentLayer, inputs: tf.Tensor, options: CallOptions): tf.Tensor | tf.Tensor[] {
  const { cell } = layer;
  return tf.tidy(() => {
    const initial = options.initialState ?? zeroStates(layer, inputs);
    const step = (element: tf.Tensor, states: tf.Tensor[]): { output: tf.Tensor; states: tf.Tensor[] } => {
      const [output, ...next] = cell.call([element, ...states], { training: options.training });
      if (output === undefined) throw new Error(`The cell of layer "${layer.name}" has no output.`);
      return { output, states: next };
    };
    const ordered = (x: tf.Tensor) => {
      const timeFirst = tf.transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);
      return layer.goBackwards ? tf.reverse(timeFirst, 0) : timeFirst;
    };
    // The cell makes its dropout masks when it is first called; all steps share them, so that is not to be in the loop.
    if (drops(cell)) {
      const first = tf.squeeze(tf.slice(inputs, [0, 0], [-1, 1]), [1]);
      step(first, initial);
    }
    const mask = maskOf(options.mask, inputs);
    let outputState = -1;
    const { states, results } = scan(
      (before, [element, present]) => {
        const made = step(element as tf.Tensor, before);
        const kept =
          present === undefined
            ? made
            : {
                output: choose(present, made.output, before[0] as tf.Tensor),
                states: made.states.map((state, i) => choose(present, state, before[i] as tf.Tensor)),
              };
        const tracer = activeTracer();
        const value = tracer.valueOf(made.output);
        outputState = made.states.findIndex((state) => tracer.valueOf(state) === value);
        // A masked step repeats the first state, which is the last output of all cells but strange ones.
        if (present !== undefined && outputState > 0) outputState = -1;
        return {
          states: kept.states,
          results: layer.returnSequences || outputState < 0 ? [kept.output] : [],
        };
      },
      initial,
      mask === undefined ? [ordered(inputs)] : [ordered(inputs), ordered(mask)],
    );
    const output = outputOf(layer, states[outputState], results[0]);
    return layer.returnState ? [output, ...states] : output;
  });
}

/** States of zeros; tf.layers makes them by adding up zeros of the inputs' shape. */
function zeroStates(layer: RecurrentLayer, inputs: tf.Tensor): tf.Tensor[] {
  if (inputs.shape.length !== 3) return layer.getInitialState(inputs);
  const sizes = Array.isArray(layer.cell.stateSize) ? layer.cell.stateSize : [layer.cell.stateSize];
  return sizes.map((size) => tf.zeros([inputs.shape[0], size]));
}

function outputOf(
  layer: RecurrentLayer,
  last: tf.Tensor | undefined,
  sequence: tf.Tensor | undefined,
): tf.Tensor {
  if (!layer.returnSequences && last !== undefined) return last;
  if (sequence === undefined) throw new Error(`The layer "${layer.name}" has no output.`);
  if (layer.returnSequences) {
    return tf.transpose(sequence, [1, 0, ...sequence.shape.slice(2).map((_, i) => i + 2)]);
  }
  const steps = sequence.shape.at(0) ?? 1;
  return tf.squeeze(tf.slice(sequence, [steps - 1], [1]), [0]);
}

function drops(cell: Cell): boolean {
  return [cell, ...(cell.cells ?? [])].some(
    ({ dropout = 0, recurrentDropout = 0 }) => dropout > 0 || recurrentDropout > 0,
  );
}

/** The mask as numbers [batch, steps, 1, …] of the inputs' rank. */
function maskOf(mask: CallOptions['mask'], inputs: tf.Tensor): tf.Tensor | undefined {
  const given = Array.isArray(mask) ? mask[0] : mask;
  if (given === null || given === undefined) return undefined;
  const numbers = tf.cast(tf.cast(given, 'bool'), 'float32');
  const shape = [...numbers.shape.slice(0, 2), ...inputs.shape.slice(2).map(() => 1)];
  return tf.reshape(numbers, shape);
}

/** What a masked step leaves as it was. */
function choose(present: tf.Tensor, after: tf.Tensor, before: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(after, present), tf.mul(before, tf.sub(1, present)));
}
