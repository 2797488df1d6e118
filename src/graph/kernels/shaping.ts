import type { DType } from '../../core/tensor.js';
import { sizeOf } from '../../core/tensor.js';
import {
  booleanAttribute,
  numberAttribute,
  numbersAttribute,
  pairsAttribute,
  stringAttribute,
} from '../attributes.js';
import { broadcastShapes, normalizeAxis, resolveShape, sameShape } from '../shapes.js';
import { inputAt, type KernelDefinition, type KernelDefinitions } from './definition.js';
import { resolveStridedSlice } from './strided-slice.js';

const pad: KernelDefinition = {
  inputs: ['x'],
  infer: (inputs, attributes) => {
    const { shape, dtype } = inputAt(inputs, 0);
    const paddings = pairsAttribute(attributes, 'paddings');
    return [
      { shape: shape.map((size, i) => size + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0)), dtype },
    ];
  },
};

/** Kernels that move, cut, join or make elements without computing. */
export const shapingKernels: KernelDefinitions = {
  Reshape: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      return [{ shape: resolveShape(numbersAttribute(attributes, 'shape'), sizeOf(shape)), dtype }];
    },
  },
  ExpandDims: {
    inputs: ['input'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const axis = normalizeAxis(numberAttribute(attributes, 'dim', 0), shape.length + 1);
      return [{ shape: [...shape.slice(0, axis), 1, ...shape.slice(axis)], dtype }];
    },
  },
  Transpose: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      return [{ shape: numbersAttribute(attributes, 'perm').map((axis) => shape[axis] ?? 0), dtype }];
    },
  },
  Concat: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const first = inputAt(inputs, 0);
      const axis = normalizeAxis(numberAttribute(attributes, 'axis'), first.shape.length);
      const rest = (shape: readonly number[]) => shape.filter((_, i) => i !== axis);
      for (const input of inputs) {
        if (input.shape.length !== first.shape.length || !sameShape(rest(input.shape), rest(first.shape))) {
          throw new RangeError(
            `shapes [${first.shape.join(', ')}] and [${input.shape.join(', ')}] do not join`,
          );
        }
      }
      const joined = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
      return [{ shape: first.shape.map((size, i) => (i === axis ? joined : size)), dtype: first.dtype }];
    },
  },
  Pack: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), shape.length + 1);
      return [{ shape: [...shape.slice(0, axis), inputs.length, ...shape.slice(axis)], dtype }];
    },
  },
  Unpack: {
    inputs: ['value'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), shape.length);
      const part = shape.filter((_, i) => i !== axis);
      return Array.from({ length: shape[axis] ?? 0 }, () => ({ shape: part, dtype }));
    },
  },
  SplitV: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), shape.length);
      return splitSizes(attributes['numOrSizeSplits'], shape[axis] ?? 0).map((size) => ({
        shape: shape.map((dimension, i) => (i === axis ? size : dimension)),
        dtype,
      }));
    },
  },
  Slice: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const begin = numbersAttribute(attributes, 'begin');
      const size = numbersAttribute(attributes, 'size');
      return [
        {
          shape: shape.map((dimension, i) =>
            size[i] === -1 ? dimension - (begin[i] ?? 0) : (size[i] ?? dimension),
          ),
          dtype,
        },
      ];
    },
  },
  StridedSlice: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      return [{ shape: resolveStridedSlice(shape, attributes).shape, dtype }];
    },
  },
  PadV2: pad,
  MirrorPad: pad,
  Tile: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const { shape, dtype } = inputAt(inputs, 0);
      const reps = numbersAttribute(attributes, 'reps');
      return [{ shape: shape.map((dimension, i) => dimension * (reps[i] ?? 1)), dtype }];
    },
  },
  Fill: {
    inputs: [],
    infer: (_, attributes) => [
      { shape: numbersAttribute(attributes, 'shape'), dtype: stringAttribute(attributes, 'dtype') as DType },
    ],
  },
  OneHot: {
    inputs: ['indices'],
    infer: (inputs, attributes) => [
      {
        shape: [...inputAt(inputs, 0).shape, numberAttribute(attributes, 'depth')],
        dtype: (attributes['dtype'] ?? 'int32') as DType,
      },
    ],
  },
  BatchMatMul: {
    inputs: ['a', 'b'],
    infer: (inputs, attributes) => {
      const [a, b] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const [transposeA, transposeB] = [
        booleanAttribute(attributes, 'transposeA'),
        booleanAttribute(attributes, 'transposeB'),
      ];
      const [rows, innerA] = matrixDimensions(a.shape, transposeA);
      const [innerB, columns] = matrixDimensions(b.shape, transposeB);
      if (innerA !== innerB) {
        throw new RangeError(`matrices [${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not multiply`);
      }
      const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
      return [{ shape: [...batch, rows, columns], dtype: a.dtype }];
    },
  },
};

function matrixDimensions(shape: readonly number[], transpose: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  return transpose ? [columns, rows] : [rows, columns];
}

/** Sizes of the parts of an axis, from a number of parts or from sizes of which one may be -1. */
export function splitSizes(parts: unknown, length: number): number[] {
  if (typeof parts === 'number') return Array.from({ length: parts }, () => length / parts);
  const sizes = [...(parts as readonly number[])];
  const known = sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  return sizes.map((size) => (size === -1 ? length - known : size));
}
