import type { Attributes } from '../graph.js';

/** One spatial axis of a convolution or pooling. */
export interface WindowAxis {
  readonly input: number;
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBefore: number;
  readonly padAfter: number;
  readonly output: number;
}

/**
 * Where the windows of a convolution or pooling lie, for each spatial axis of a channels-last input.
 *
 * 'same' pads so that output = ⌈input / stride⌉, the odd element after; 'valid' does not pad; numbers pad both sides,
 * with `dimRoundingMode` deciding about windows that only just do not fit (tfjs and TensorFlow agree on all of these).
 */
export function windowAxes(
  inputShape: readonly number[],
  filter: readonly number[],
  attributes: Attributes,
): WindowAxis[] {
  const format = attributes['dataFormat'] ?? 'NHWC';
  if (format !== 'NHWC' && format !== 'NDHWC') {
    throw new RangeError(`the data format ${String(format)} is not channels-last`);
  }
  const spatial = inputShape.slice(1, -1);
  const strides = perAxis(attributes['strides'], spatial.length);
  const dilations = perAxis(attributes['dilations'], spatial.length);
  return spatial.map((input, axis) => {
    const [stride, dilation, size] = [strides[axis] ?? 1, dilations[axis] ?? 1, filter[axis] ?? 1];
    const extent = (size - 1) * dilation + 1;
    const { padBefore, padAfter, output } = placeWindows(input, extent, stride, attributes, axis);
    if (output < 0 || !Number.isInteger(output)) {
      throw new RangeError(`a window of ${extent} with stride ${stride} does not fit an axis of ${input}`);
    }
    return { input, filter: size, stride, dilation, padBefore, padAfter, output };
  });
}

function placeWindows(
  input: number,
  extent: number,
  stride: number,
  attributes: Attributes,
  axis: number,
): { padBefore: number; padAfter: number; output: number } {
  const pad = attributes['pad'];
  if (pad === 'same') {
    const output = Math.ceil(input / stride);
    const total = Math.max((output - 1) * stride + extent - input, 0);
    const padBefore = Math.floor(total / 2);
    return { padBefore, padAfter: total - padBefore, output };
  }
  if (pad === 'valid') return { padBefore: 0, padAfter: 0, output: Math.ceil((input - extent + 1) / stride) };
  const [padBefore, padAfter] = explicitPadding(pad, axis);
  const exact = (input + padBefore + padAfter - extent) / stride + 1;
  return { padBefore, padAfter, output: rounding(attributes['dimRoundingMode'])(exact) };
}

function explicitPadding(pad: unknown, axis: number): [number, number] {
  if (typeof pad === 'number') return [pad, pad];
  const pair = Array.isArray(pad) ? (pad as unknown[])[axis + 1] : undefined;
  if (!Array.isArray(pair)) throw new RangeError(`padding ${JSON.stringify(pad)} is not known`);
  return [Number(pair[0]), Number(pair[1])];
}

function rounding(mode: unknown): (value: number) => number {
  switch (mode) {
    case 'ceil':
      return Math.ceil;
    case 'round':
      return Math.round;
    default:
      return Math.trunc;
  }
}

/** An attribute that is one number for all axes, or one each. */
function perAxis(value: unknown, axes: number): number[] {
  if (Array.isArray(value)) return value.map(Number);
  return Array.from({ length: axes }, () => (typeof value === 'number' ? value : 1));
}

/** Filter sizes of a pooling. */
export function poolFilter(attributes: Attributes, axes: number): number[] {
  return perAxis(attributes['filterSize'], axes);
}
