import type { Lowering, Lowerings, NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';
import { paddings } from './shaping.js';
import { marginShape, type Windows, windowsOf, withMargins, withoutMargins } from './windows.js';

interface Convolution {
  readonly windows: Windows;
  /** Distance of the elements of the filter, per spatial axis. */
  readonly dilations: readonly number[];
  readonly attributes: {
    readonly strides: readonly number[];
    readonly padding: string;
    readonly data_format?: string;
    readonly dilations?: readonly number[];
  };
}

/**
 * Kernels that take dilated filters on every device. The others get the filter with zeros between its elements, which
 * is the same and costs more.
 */
const DILATING: ReadonlySet<string> = new Set(['Conv2D']);

/** A convolution of an input by a filter [...spatial, in, out]. */
function convolutionOf(c: NodeLowering, shape: readonly number[], filter: readonly number[]): Convolution {
  const windows = windowsOf(c, shape, filter.slice(0, -2));
  const dilations = windows.axes.map(({ dilation }) => dilation);
  const { strides, padding } = windows;
  const apart = dilations.some((dilation) => dilation > 1);
  const taken = c.writer.narrow || DILATING.has(c.node.op);
  // tfjs' loader has no defaults for these, or wrong ones.
  const format = c.writer.narrow ? { data_format: dilations.length === 3 ? 'NDHWC' : 'NHWC' } : {};
  const written = c.writer.narrow || (apart && taken) ? { dilations: [1, ...dilations, 1] } : {};
  return {
    windows,
    dilations: taken ? dilations.map(() => 1) : dilations,
    attributes: { strides, padding, ...format, ...written },
  };
}

/** A filter with zeros between its elements. */
function spread(c: NodeLowering, filter: Ref, shape: readonly number[], dilations: readonly number[]): Ref {
  if (dilations.every((dilation) => dilation === 1)) return filter;
  const rest = shape.slice(dilations.length);
  const units = dilations.flatMap((_, i) => [shape[i] ?? 1, 1]);
  const apart = c.op('Reshape', [filter, c.writer.integers([...units, ...rest])]);
  const none = rest.map((): [number, number] => [0, 0]);
  const gaps = dilations.flatMap((dilation): [number, number][] => [
    [0, 0],
    [0, dilation - 1],
  ]);
  const filled = c.op('PadV2', [apart, paddings(c, [...gaps, ...none]), c.number(0, filter)]);
  const wide = dilations.map((dilation, i) => dilation * (shape[i] ?? 1));
  const joined = c.op('Reshape', [filled, c.writer.integers([...wide, ...rest])]);
  const size = c.writer.integers(spreadShape(shape, dilations));
  return c.op('Slice', [joined, c.writer.integers(shape.map(() => 0)), size]);
}

function spreadShape(shape: readonly number[], dilations: readonly number[]): number[] {
  return shape.map((size, i) => (size - 1) * (dilations[i] ?? 1) + 1);
}

/** The elements of a spread filter's gradient that belong to elements of the filter. */
function gathered(
  c: NodeLowering,
  gradient: Ref,
  shape: readonly number[],
  dilations: readonly number[],
): Ref {
  if (dilations.every((dilation) => dilation === 1)) return gradient;
  const steps = shape.map((_, i) => dilations[i] ?? 1);
  return c.op('StridedSlice', [
    gradient,
    c.writer.integers(shape.map(() => 0)),
    c.writer.integers(spreadShape(shape, dilations)),
    c.writer.integers(steps),
  ]);
}

/** Convolution; a third input is the bias that the pass bias.ts fused. */
const forward: Lowering = (c) => {
  const { windows, dilations, attributes } = convolutionOf(c, c.shape(0), c.shape(1));
  const x = withMargins(c, c.input(0), windows);
  const result = c.op(c.node.op, [x, spread(c, c.input(1), c.shape(1), dilations)], attributes);
  return c.inputs.length > 2 ? c.op('BiasAdd', [result, c.input(2)]) : result;
};

/** The gradient for the input, which is also what a transposed convolution computes. */
const backpropInput: Lowering = (c) => {
  const shape = c.outputShape();
  const { windows, dilations, attributes } = convolutionOf(c, shape, c.shape(1));
  const size = c.sizes(marginShape(shape, windows));
  const filter = spread(c, c.input(1), c.shape(1), dilations);
  return withoutMargins(c, c.op(c.node.op, [size, filter, c.input(0)], attributes), shape, windows);
};

const backpropFilter: Lowering = (c) => {
  const shape = c.outputShape();
  const { windows, dilations, attributes } = convolutionOf(c, c.shape(0), shape);
  const size = c.writer.integers(spreadShape(shape, dilations));
  const x = withMargins(c, c.input(0), windows);
  return gathered(c, c.op(c.node.op, [x, size, c.input(1)], attributes), shape, dilations);
};

/**
 * TensorFlow's depthwise kernels step equally far along both axes. Where the strides differ, every position is
 * computed and the wanted ones are taken.
 */
function evenly(
  c: NodeLowering,
  of: Convolution,
): { even: Convolution; skip: readonly number[] | undefined } {
  const { strides } = of.attributes;
  if (c.writer.narrow || strides[1] === strides[2]) return { even: of, skip: undefined };
  // SAME places its windows by the stride, so its margins become explicit.
  const margins = of.windows.axes.map(
    ({ input, output, stride, filter, dilation, padBefore }): [number, number] => [
      padBefore,
      Math.max(0, (output - 1) * stride + (filter - 1) * dilation + 1 - input - padBefore),
    ],
  );
  const windows: Windows = { ...of.windows, padding: 'VALID', margins };
  return {
    even: { ...of, windows, attributes: { ...of.attributes, padding: 'VALID', strides: [1, 1, 1, 1] } },
    skip: strides,
  };
}

/** Shape of what stride 1 gives over an input with its margins. */
function everyPosition(shape: readonly number[], { windows }: Convolution, channels: number): number[] {
  const padded = marginShape(shape, windows);
  const sizes = windows.axes.map(
    ({ filter, dilation }, i) => (padded[i + 1] ?? 0) - ((filter - 1) * dilation + 1) + 1,
  );
  return [shape[0] ?? 1, ...sizes, channels];
}

const ORIGIN = [0, 0, 0, 0];

function skipped(c: NodeLowering, x: Ref, end: readonly number[], skip: readonly number[] | undefined): Ref {
  if (skip === undefined) return x;
  return c.op('StridedSlice', [x, c.writer.integers(ORIGIN), c.sizes(end), c.writer.integers(skip)]);
}

/** The gradient where every position is computed: zero where one was left out. */
function unskipped(
  c: NodeLowering,
  dy: Ref,
  end: readonly number[],
  skip: readonly number[] | undefined,
): Ref {
  if (skip === undefined) return dy;
  const shape = c.sizes(end);
  return c.op('StridedSliceGrad', [shape, c.writer.integers(ORIGIN), shape, c.writer.integers(skip), dy]);
}

const depthwise: Lowering = (c) => {
  const { even, skip } = evenly(c, convolutionOf(c, c.shape(0), c.shape(1)));
  const x = withMargins(c, c.input(0), even.windows);
  const filter = spread(c, c.input(1), c.shape(1), even.dilations);
  const result = c.op(c.node.op, [x, filter], even.attributes);
  return skipped(c, result, everyPosition(c.shape(0), even, c.outputShape().at(-1) ?? 1), skip);
};

const depthwiseBackpropInput: Lowering = (c) => {
  const shape = c.outputShape();
  const { even, skip } = evenly(c, convolutionOf(c, shape, c.shape(1)));
  const dy = unskipped(c, c.input(0), everyPosition(shape, even, c.shape(0).at(-1) ?? 1), skip);
  const filter = spread(c, c.input(1), c.shape(1), even.dilations);
  const size = c.sizes(marginShape(shape, even.windows));
  return withoutMargins(c, c.op(c.node.op, [size, filter, dy], even.attributes), shape, even.windows);
};

const depthwiseBackpropFilter: Lowering = (c) => {
  const shape = c.outputShape();
  const { even, skip } = evenly(c, convolutionOf(c, c.shape(0), shape));
  const dy = unskipped(c, c.input(1), everyPosition(c.shape(0), even, c.shape(1).at(-1) ?? 1), skip);
  const x = withMargins(c, c.input(0), even.windows);
  const size = c.writer.integers(spreadShape(shape, even.dilations));
  return gathered(c, c.op(c.node.op, [x, size, dy], even.attributes), shape, even.dilations);
};

export const convolution: Lowerings = {
  Conv2D: forward,
  Conv3D: forward,
  Conv2DBackpropInput: backpropInput,
  Conv3DBackpropInputV2: backpropInput,
  Conv2DBackpropFilter: backpropFilter,
  Conv3DBackpropFilterV2: backpropFilter,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
};
