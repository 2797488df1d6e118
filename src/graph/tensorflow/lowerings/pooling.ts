import { sizeOf } from '../../../core/tensor.js';
import { poolFilter } from '../../kernels/convolution-geometry.js';
import type { Lowering, Lowerings, NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';
import { marginShape, type Windows, windowsOf, withMargins, withoutMargins } from './windows.js';

/** Smaller than any number that a maximum is taken of. */
const LOWEST = -3.4028234663852886e38;

interface Pool {
  readonly windows: Windows;
  readonly attributes: {
    readonly ksize: readonly number[];
    readonly strides: readonly number[];
    readonly padding: string;
  };
}

function poolOf(c: NodeLowering, shape: readonly number[]): Pool {
  const filter = poolFilter(c.attributes, shape.length - 2);
  const windows = windowsOf(c, shape, filter);
  const { strides, padding } = windows;
  return { windows, attributes: { ksize: [1, ...filter, 1], strides, padding } };
}

const maximum: Lowering = (c) => {
  const { windows, attributes } = poolOf(c, c.shape());
  return c.op(c.node.op, [withMargins(c, c.input(), windows, LOWEST)], attributes);
};

const maximumGradient: Lowering = (c) => {
  const { windows, attributes } = poolOf(c, c.shape(1));
  const x = withMargins(c, c.input(1), windows, LOWEST);
  const gradient = c.op(c.node.op, [x, c.input(2), c.input(0)], attributes);
  return withoutMargins(c, gradient, c.outputShape(), windows);
};

/** Margins count as elements for TensorFlow, and do not for tfjs. */
function corrected(c: NodeLowering, value: Ref, { axes, margins }: Windows): Ref {
  if (margins === undefined) return value;
  const factors = axes.map(({ input, filter, stride, padBefore, output }) =>
    Array.from({ length: output }, (_, i) => {
      const first = i * stride - padBefore;
      return filter / Math.max(1, Math.min(first + filter, input) - Math.max(first, 0));
    }),
  );
  const all = factors.reduce<number[]>((done, axis) => done.flatMap((f) => axis.map((g) => f * g)), [1]);
  const shape = [1, ...axes.map(({ output }) => output), 1];
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => all[i] ?? 1);
  const factor = c.writer.constant({ dtype: 'float32', shape, data });
  return c.op('Mul', [value, value.type === 'double' ? c.cast(factor, 'float64') : factor]);
}

const average: Lowering = (c) => {
  const { windows, attributes } = poolOf(c, c.shape());
  return corrected(c, c.op(c.node.op, [withMargins(c, c.input(), windows)], attributes), windows);
};

const averageGradient: Lowering = (c) => {
  const { windows, attributes } = poolOf(c, c.shape(1));
  const shape = c.sizes(marginShape(c.shape(1), windows));
  const gradient = c.op(c.node.op, [shape, corrected(c, c.input(0), windows)], attributes);
  return withoutMargins(c, gradient, c.outputShape(), windows);
};

export const pooling: Lowerings = {
  MaxPool: maximum,
  MaxPool3D: maximum,
  MaxPoolGrad: maximumGradient,
  MaxPool3DGrad: maximumGradient,
  AvgPool: average,
  AvgPool3D: average,
  AvgPoolGrad: averageGradient,
  AvgPool3DGrad: averageGradient,
};
