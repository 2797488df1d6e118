import { sizeOf, type TensorData } from '../../../core/tensor.js';
import { numbersAttribute } from '../../attributes.js';
import type { Emission } from '../emitter.js';
import { OnnxWriter } from '../writer.js';

/** Repeats every element over its window: [b, c, …output] → [b, c, …output · window]. */
function spread(writer: OnnxWriter, name: string, window: readonly number[]): string {
  const scales = writer.constant({
    dtype: 'float32',
    shape: [window.length + 2],
    data: Float32Array.from([1, 1, ...window]),
  });
  return writer.emit('Resize', [name, '', scales], {
    mode: { string: 'nearest' },
    nearest_mode: { string: 'floor' },
    coordinate_transformation_mode: { string: 'asymmetric' },
  });
}

/** What of each spatial axis lies in windows, and how much lies behind the last one. */
function coverage(e: Emission, window: readonly number[]): { covered: number[]; beyond: number[] } {
  const output = e.info(0).shape.slice(2);
  const covered = output.map((size, axis) => size * (window[axis] ?? 1));
  const input = e.outputInfo().shape.slice(2);
  return { covered, beyond: input.map((size, axis) => size - (covered[axis] ?? 0)) };
}

/** Adds the zeros of the elements that are in no window. */
function finish(e: Emission, opType: string, inputs: readonly string[], beyond: readonly number[]): void {
  if (beyond.every((amount) => amount === 0)) {
    e.result(opType, inputs);
    return;
  }
  const none = [0, 0, ...beyond.map(() => 0)];
  e.result('Pad', [e.emit(opType, inputs), e.writer.int64s([...none, 0, 0, ...beyond])]);
}

/** Windows that tile: every element of a window gets an equal share. */
export function averagePoolGradient(e: Emission): void {
  const window = numbersAttribute(e.attributes, 'kernel');
  const { beyond } = coverage(e, window);
  const share = e.writer.scalar(1 / sizeOf(window), e.info().dtype);
  finish(e, 'Identity', [spread(e.writer, e.emit('Mul', [e.input(0), share]), window)], beyond);
}

/**
 * Windows that tile: where the input equals the maximum of its window, it gets the window's gradient. That is wrong for
 * windows with several equal maxima, of which tfjs and TensorFlow give it to the first only; they are rare but on flat
 * backgrounds, so they are counted, and only where there are any the first of each is looked for.
 */
export function maxPoolGradient(e: Emission): void {
  const { writer } = e;
  const window = numbersAttribute(e.attributes, 'kernel');
  const { dtype } = e.info(1);
  const { covered, beyond } = coverage(e, window);
  const spatial = covered.map((_, axis) => axis + 2);
  const x = beyond.every((amount) => amount === 0)
    ? e.input(1)
    : e.emit('Slice', [
        e.input(1),
        writer.int64s(covered.map(() => 0)),
        writer.int64s(covered),
        writer.int64s(spatial),
      ]);
  const hit = e.cast(e.emit('Equal', [x, spread(writer, e.input(2), window)]), dtype);
  const dy = spread(writer, e.input(0), window);
  const counts = e.emit('ReduceSum', [hit, writer.int64s(spatial)], { keepdims: { int: 0 } });
  const most = e.emit('ReduceMax', [counts], { keepdims: { int: 0 } });
  const windows = sizeOf(e.info(0).shape.slice(2));
  const tied = e.emit('Greater', [most, writer.scalar(windows, dtype)]);
  const branch = (mask: (body: OnnxWriter) => string) => {
    const body = new OnnxWriter(writer.names, writer);
    const shape = [...e.info(0).shape.slice(0, 2), ...covered];
    body.outputs.push({ name: body.emit('Mul', [dy, mask(body)]), dtype, shape });
    return { graph: body.graph('branch') };
  };
  const branches = {
    then_branch: branch((body) => firstHits(body, hit, window, covered)),
    else_branch: branch(() => hit),
  };
  if (beyond.every((amount) => amount === 0)) e.result('If', [tied], branches);
  else finish(e, 'Identity', [e.emit('If', [tied], branches)], beyond);
}

/** Of each window's ones the first: positions weigh less the later they come, and the heaviest is kept. */
function firstHits(
  writer: OnnxWriter,
  hit: string,
  window: readonly number[],
  covered: readonly number[],
): string {
  const weighted = writer.emit('Mul', [hit, writer.constant(positionWeights(window, covered))]);
  const heaviest = writer.emit('MaxPool', [weighted], {
    kernel_shape: { ints: window },
    strides: { ints: window },
  });
  const first = writer.emit('Equal', [weighted, spread(writer, heaviest, window)]);
  return writer.emit('Cast', [first], { to: { int: 1 } });
}

/** [1, 1, …covered]: the number of positions in the window that are not before the element. */
function positionWeights(window: readonly number[], covered: readonly number[]): TensorData {
  const data = Float32Array.from({ length: sizeOf(covered) }, (_, index) => {
    let [rest, position, stride] = [index, 0, 1];
    for (let axis = covered.length - 1; axis >= 0; axis--) {
      const [size, length] = [covered[axis] ?? 1, window[axis] ?? 1];
      position += ((rest % size) % length) * stride;
      stride *= length;
      rest = Math.floor(rest / size);
    }
    return stride - position;
  });
  return { dtype: 'float32', shape: [1, 1, ...covered], data };
}
