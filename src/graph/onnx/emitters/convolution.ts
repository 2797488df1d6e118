import { windowAxes, type WindowAxis } from '../../kernels/convolution-geometry.js';
import type { Emission, Emitters } from '../emitter.js';
import type { OnnxAttributes } from '../writer.js';
import {
  channelsFirst,
  channelsLast,
  filterFirst,
  transpose,
  transposeResult,
  windowAttributes,
} from './layout.js';
import { reshapeTarget } from './shaping.js';
import { padWindows, positions, taps, tapSlice } from './windows.js';

function attributesOf(axes: readonly WindowAxis[], group = 1): OnnxAttributes {
  return {
    ...windowAttributes(axes),
    dilations: { ints: axes.map(({ dilation }) => dilation) },
    ...(group === 1 ? {} : { group: { int: group } }),
  };
}

/** Convolution; a third input is the bias that the pass bias.ts fused. */
function convolution(e: Emission): void {
  const [x, filter] = [e.info(0), e.info(1)];
  const rank = x.shape.length;
  const axes = windowAxes(x.shape, filter.shape.slice(0, -2), e.attributes);
  const inputs = [
    transpose(e, e.input(0), channelsFirst(rank)),
    transpose(e, e.input(1), filterFirst(rank)),
    ...e.inputs.slice(2),
  ];
  transposeResult(e, e.emit('Conv', inputs, attributesOf(axes)), channelsLast(rank));
}

/** The gradient for the input, which is also what a transposed convolution computes. */
function backpropInput(e: Emission): void {
  const filter = e.info(1);
  const { shape } = e.outputInfo();
  const rank = shape.length;
  const axes = windowAxes(shape, filter.shape.slice(0, -2), e.attributes);
  const result = transposedConvolution(
    e,
    transpose(e, e.input(0), channelsFirst(rank)),
    transpose(e, e.input(1), filterFirst(rank)),
    axes,
    1,
  );
  transposeResult(e, result, channelsLast(rank));
}

function transposedConvolution(
  e: Emission,
  dy: string,
  filter: string,
  axes: readonly WindowAxis[],
  group: number,
): string {
  // The input elements that no window reached: they come out as zeros.
  const unreached = axes.map(
    ({ input, filter: size, stride, dilation, padBefore, padAfter, output }) =>
      input - ((output - 1) * stride + (size - 1) * dilation + 1 - padBefore - padAfter),
  );
  return e.emit('ConvTranspose', [dy, filter], {
    ...attributesOf(axes, group),
    output_padding: { ints: unreached },
  });
}

/** Below this many channels, gathering whole windows into a matrix is faster than a product per window position. */
const FEW_CHANNELS = 16;

/**
 * The gradient for the filter: for each position in the window, (its elements)ᵀ · dy, a matrix product over all
 * samples and output positions. With few channels the elements of all positions form one matrix.
 */
function backpropFilter(e: Emission): void {
  const { writer } = e;
  const { shape } = e.outputInfo();
  const [x, dy] = [e.info(0), e.info(1)];
  const axes = windowAxes(x.shape, shape.slice(0, -2), e.attributes);
  const [channels, filters] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const rows = positions(x.shape[0] ?? 1, axes);
  const padded = padWindows(e, e.input(0), axes, 0);
  const parts = taps(axes).map((tap) => tapSlice(e, padded, axes, tap));
  const gradient = e.emit('Reshape', [e.input(1), reshapeTarget(writer, [rows, filters])]);
  const flat = (name: string, width: number) =>
    e.emit('Reshape', [name, reshapeTarget(writer, [rows, width])]);
  const transA = { transA: { int: 1 } };
  let product: string;
  if (parts.length === 1) {
    product = e.emit('Gemm', [flat(parts[0] ?? '', channels), gradient], transA);
  } else if (channels < FEW_CHANNELS) {
    const windows = e.emit('Concat', parts, { axis: { int: dy.shape.length - 1 } });
    product = e.emit('Gemm', [flat(windows, channels * parts.length), gradient], transA);
  } else {
    const products = parts.map((part) => e.emit('Gemm', [flat(part, channels), gradient], transA));
    product = e.emit('Concat', products, { axis: { int: 0 } });
  }
  e.result('Reshape', [product, writer.int64s(shape)]);
}

/** A depthwise filter [h, w, channels, multiplier] as [channels · multiplier, 1, h, w]. */
function depthwiseFilter(e: Emission, shape: readonly number[]): string {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = shape;
  const turned = transpose(e, e.input(1), [2, 3, 0, 1]);
  return e.emit('Reshape', [turned, e.writer.int64s([channels * multiplier, 1, height, width])]);
}

function depthwise(e: Emission): void {
  const { shape } = e.info(1);
  const axes = windowAxes(e.info(0).shape, shape.slice(0, 2), e.attributes);
  const x = transpose(e, e.input(0), channelsFirst(4));
  const result = e.emit('Conv', [x, depthwiseFilter(e, shape)], attributesOf(axes, shape[2] ?? 1));
  transposeResult(e, result, channelsLast(4));
}

function depthwiseBackpropInput(e: Emission): void {
  const { shape } = e.info(1);
  const axes = windowAxes(e.outputInfo().shape, shape.slice(0, 2), e.attributes);
  const dy = transpose(e, e.input(0), channelsFirst(4));
  const result = transposedConvolution(e, dy, depthwiseFilter(e, shape), axes, shape[2] ?? 1);
  transposeResult(e, result, channelsLast(4));
}

/** Per window position: the sum over samples and output positions of x · dy, channel by channel. */
function depthwiseBackpropFilter(e: Emission): void {
  const { writer } = e;
  const { shape } = e.outputInfo();
  const x = e.info(0);
  const [, , channels = 1, multiplier = 1] = shape;
  const axes = windowAxes(x.shape, shape.slice(0, 2), e.attributes);
  const rows = positions(x.shape[0] ?? 1, axes);
  const padded = padWindows(e, e.input(0), axes, 0);
  const gradient = e.emit('Reshape', [e.input(1), reshapeTarget(writer, [rows, channels, multiplier])]);
  const sums = taps(axes).map((tap) => {
    const part = e.emit('Reshape', [
      tapSlice(e, padded, axes, tap),
      reshapeTarget(writer, [rows, channels, 1]),
    ]);
    return e.emit('ReduceSum', [e.emit('Mul', [part, gradient]), writer.int64s([0])], {
      keepdims: { int: 1 },
    });
  });
  const joined = sums.length === 1 ? (sums[0] ?? '') : e.emit('Concat', sums, { axis: { int: 0 } });
  e.result('Reshape', [joined, writer.int64s(shape)]);
}

export const convolutionEmitters: Emitters = {
  Conv2D: convolution,
  Conv3D: convolution,
  Conv2DBackpropInput: backpropInput,
  Conv3DBackpropInputV2: backpropInput,
  Conv2DBackpropFilter: backpropFilter,
  Conv3DBackpropFilterV2: backpropFilter,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
};
