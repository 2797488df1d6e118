import { sizeOf } from '../../../core/tensor.js';
import { poolFilter, windowAxes, type WindowAxis } from '../../kernels/convolution-geometry.js';
import type { Emission, Emitters } from '../emitter.js';
import { padWindows, placeTaps, taps, tapSlice } from './windows.js';

function axesOf(e: Emission, shape: readonly number[]): WindowAxis[] {
  return windowAxes(shape, poolFilter(e.attributes, shape.length - 2), e.attributes);
}

/** Smaller than any number that a maximum is taken of. */
const LOWEST = -3.4028234663852886e38;

/**
 * Each window's gradient goes to its first maximum in reading order, as in tfjs and TensorFlow. Comparing position by
 * position is faster than asking the pooling for indices and scattering by them.
 */
function maxPoolGradient(e: Emission): void {
  const { shape, dtype } = e.info(1);
  const axes = axesOf(e, shape);
  const [dy, y] = [e.input(0), e.input(2)];
  const padded = padWindows(e, e.input(1), axes, LOWEST);
  let taken: string | undefined;
  const parts = taps(axes).map((tap) => {
    const hit = e.emit('Equal', [tapSlice(e, padded, axes, tap), y]);
    const first: string = taken === undefined ? hit : e.emit('And', [hit, e.emit('Not', [taken])]);
    taken = taken === undefined ? hit : e.emit('Or', [taken, hit]);
    return e.emit('Mul', [dy, e.cast(first, dtype)]);
  });
  placeTaps(e, parts, axes, shape[0] ?? 1, shape.at(-1) ?? 1);
}

/** Each window's gradient is shared by the elements it averaged; padding was not averaged, so it gets no share. */
function averagePoolGradient(e: Emission): void {
  const { shape } = e.info(1);
  const axes = axesOf(e, shape);
  const share = e.emit('Mul', [e.input(0), e.writer.constant(shares(axes))]);
  const parts = taps(axes).map(() => share);
  placeTaps(e, parts, axes, shape[0] ?? 1, shape.at(-1) ?? 1);
}

/** 1 / (number of input elements in a window), [1, ...output, 1]. */
function shares(axes: readonly WindowAxis[]): { dtype: 'float32'; shape: number[]; data: Float32Array } {
  const counts = axes.map(({ input, filter, stride, padBefore, output }) =>
    Array.from({ length: output }, (_, i) => {
      const first = i * stride - padBefore;
      return Math.min(first + filter, input) - Math.max(first, 0);
    }),
  );
  const all = counts.reduce<number[]>(
    (products, axis) => products.flatMap((p) => axis.map((n) => p * n)),
    [1],
  );
  const shape = [1, ...axes.map(({ output }) => output), 1];
  return {
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => 1 / (all[i] ?? 1)),
  };
}

/** Gradients of windows that overlap or leave gaps, with the channels last; the others are in channels-first/. */
export const poolingEmitters: Emitters = {
  MaxPoolGrad: maxPoolGradient,
  MaxPool3DGrad: maxPoolGradient,
  AvgPoolGrad: averagePoolGradient,
  AvgPool3DGrad: averagePoolGradient,
};
