import { windowAxes, type WindowAxis } from '../../kernels/convolution-geometry.js';
import type { NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';
import { paddings } from './shaping.js';

/** Where the windows of a convolution or pooling lie, said as TensorFlow's kernels take it. */
export interface Windows {
  readonly axes: readonly WindowAxis[];
  /** What TensorFlow's own padding is; VALID where the input is padded beforehand. */
  readonly padding: 'SAME' | 'VALID';
  /** How much is padded beforehand before and after each spatial axis; undefined where nothing is. */
  readonly margins: readonly (readonly [number, number])[] | undefined;
  /** Strides with those of the batch and the channels. */
  readonly strides: readonly number[];
}

/** The windows over a channels-last input, for kernels that pad by name only. */
export function windowsOf(c: NodeLowering, shape: readonly number[], filter: readonly number[]): Windows {
  const axes = windowAxes(shape, filter, c.attributes);
  const strides = [1, ...axes.map(({ stride }) => stride), 1];
  if (c.attributes['pad'] === 'same') return { axes, padding: 'SAME', margins: undefined, strides };
  const margins = axes.map((axis): [number, number] => {
    const extent = (axis.filter - 1) * axis.dilation + 1;
    const needed = (axis.output - 1) * axis.stride + extent - axis.input - axis.padBefore;
    return [axis.padBefore, Math.max(0, needed)];
  });
  const padded = margins.some(([before, after]) => before > 0 || after > 0);
  return { axes, padding: 'VALID', margins: padded ? margins : undefined, strides };
}

/** The input with its margins, filled with a value. */
export function withMargins(c: NodeLowering, x: Ref, { margins }: Windows, value = 0): Ref {
  if (margins === undefined) return x;
  return c.op('PadV2', [x, paddings(c, [[0, 0], ...margins, [0, 0]]), c.number(value, x)]);
}

/** A shape with the margins added to its spatial axes. */
export function marginShape(shape: readonly number[], { margins }: Windows): number[] {
  if (margins === undefined) return [...shape];
  return shape.map((size, i) => {
    const margin = margins[i - 1];
    return margin === undefined ? size : size + margin[0] + margin[1];
  });
}

/** Takes the margins off again. */
export function withoutMargins(c: NodeLowering, x: Ref, shape: readonly number[], { margins }: Windows): Ref {
  if (margins === undefined) return x;
  const begin = [0, ...margins.map(([before]) => before), 0];
  return c.op('Slice', [x, c.writer.integers(begin), c.sizes(shape)]);
}
