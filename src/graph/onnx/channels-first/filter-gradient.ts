import { sizeOf } from '../../../core/tensor.js';
import { numbersAttribute } from '../../attributes.js';
import type { Emission } from '../emitter.js';
import { reshapeTarget } from '../emitters/shaping.js';

/** Below this many channels, gathering whole windows into a matrix is faster than a product per window position. */
const FEW_CHANNELS = 16;

const MICROSOFT = 'com.microsoft';

/**
 * The gradient of a convolution for its filter, from images and gradients with channels first: for every sample, the
 * elements at each position of the windows times the gradient, summed over the samples. Comes out as
 * [...window, in, out], the order that tfjs has filters in.
 */
export function filterGradient(e: Emission): void {
  const { writer } = e;
  const { shape } = e.outputInfo();
  const [batch = 1, channels = 1] = e.info(0).shape;
  const [, filters = 1, ...output] = e.info(1).shape;
  const window = numbersAttribute(e.attributes, 'kernel');
  const area = sizeOf(output);
  const flat = (name: string, rows: number) =>
    e.emit('Reshape', [name, reshapeTarget(writer, [batch, rows, area])]);
  const gradient = flat(e.input(1), filters);
  /** [batch, rows, area] · [batch, filters, area]ᵀ, summed over the batch. */
  const product = (rows: string) =>
    e.emit(
      'ReduceSum',
      [e.emit('FusedMatMul', [rows, gradient], { transB: { int: 1 } }, MICROSOFT), writer.int64s([0])],
      { keepdims: { int: 0 } },
    );
  const taps = sizeOf(window);
  if (channels < FEW_CHANNELS && taps > 1) {
    const columns = flat(gatherWindows(e, channels, window), channels * taps);
    const byChannel = e.emit('Reshape', [product(columns), writer.int64s([channels, taps, filters])]);
    const byTap = e.emit('Transpose', [byChannel], { perm: { ints: [1, 0, 2] } });
    e.result('Reshape', [byTap, writer.int64s(shape)]);
    return;
  }
  const padded = withMargins(e, window);
  const products = tapsOf(window).map((tap) => product(flat(cut(e, padded, tap, output), channels)));
  const all = products.length === 1 ? (products[0] ?? '') : e.emit('Concat', products, { axis: { int: 0 } });
  e.result('Reshape', [all, writer.int64s(shape)]);
}

/** All windows of an image as channels: [b, c, …] → [b, c · positions, …output], by a convolution that only picks. */
function gatherWindows(e: Emission, channels: number, window: readonly number[]): string {
  const taps = sizeOf(window);
  const data = new Float32Array(channels * taps * taps);
  for (let row = 0; row < channels * taps; row++) data[row * taps + (row % taps)] = 1;
  const picks = e.writer.constant({ dtype: 'float32', shape: [channels * taps, 1, ...window], data });
  const ints = (name: string) => ({ ints: numbersAttribute(e.attributes, name) });
  return e.emit('Conv', [e.input(0), picks], {
    group: { int: channels },
    kernel_shape: ints('kernel'),
    strides: ints('strides'),
    dilations: ints('dilations'),
    pads: ints('pads'),
  });
}

/** Every position in the window, the last axis fastest. */
function tapsOf(window: readonly number[]): number[][] {
  return window.reduce<number[][]>(
    (all, size) => all.flatMap((tap) => Array.from({ length: size }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** The image with margins, so that every window lies inside. */
function withMargins(e: Emission, window: readonly number[]): string {
  const pads = numbersAttribute(e.attributes, 'pads');
  const strides = numbersAttribute(e.attributes, 'strides');
  const dilations = numbersAttribute(e.attributes, 'dilations');
  const input = e.info(0).shape.slice(2);
  const output = e.info(1).shape.slice(2);
  const before = window.map((_, axis) => pads[axis] ?? 0);
  const after = window.map((size, axis) => {
    const last = ((output[axis] ?? 1) - 1) * (strides[axis] ?? 1) + (size - 1) * (dilations[axis] ?? 1);
    return Math.max(0, last + 1 - (before[axis] ?? 0) - (input[axis] ?? 0));
  });
  if ([...before, ...after].every((amount) => amount === 0)) return e.input(0);
  return e.emit('Pad', [e.input(0), e.writer.int64s([0, 0, ...before, 0, 0, ...after])]);
}

/** The elements at one position of every window. */
function cut(e: Emission, padded: string, tap: readonly number[], output: readonly number[]): string {
  const { writer } = e;
  const strides = numbersAttribute(e.attributes, 'strides');
  const dilations = numbersAttribute(e.attributes, 'dilations');
  const begin = tap.map((position, axis) => position * (dilations[axis] ?? 1));
  const end = output.map((size, axis) => (begin[axis] ?? 0) + (size - 1) * (strides[axis] ?? 1) + 1);
  const axes = tap.map((_, axis) => axis + 2);
  return e.emit('Slice', [
    padded,
    writer.int64s(begin),
    writer.int64s(end),
    writer.int64s(axes),
    writer.int64s(strides),
  ]);
}
