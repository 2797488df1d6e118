import { numberAttribute, numbersAttribute } from '../attributes.js';
import type { Attributes } from '../graph.js';

export interface StridedSlice {
  /** Per axis of the input: first index, end (exclusive; -1 stands for "before the first" with a negative stride), stride. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
  /** Shape before new axes are added and shrunk ones taken away. */
  readonly sliceShape: readonly number[];
  readonly shape: readonly number[];
}

/**
 * TensorFlow's strided_slice with its bit masks, resolved to plain numbers.
 * Follows https://www.tensorflow.org/api_docs/python/tf/strided_slice.
 */
export function resolveStridedSlice(shape: readonly number[], attributes: Attributes): StridedSlice {
  const mask = (name: string) => numberAttribute(attributes, name, 0);
  const [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] = [
    mask('beginMask'),
    mask('endMask'),
    mask('ellipsisMask'),
    mask('newAxisMask'),
    mask('shrinkAxisMask'),
  ];
  const [begins, ends] = [numbersAttribute(attributes, 'begin'), numbersAttribute(attributes, 'end')];
  const givenStrides = numbersAttribute(attributes, 'strides');
  const newAxes = begins.filter((_, i) => newAxisMask & (1 << i) && !(ellipsisMask & (1 << i))).length;
  const result = {
    begin: [] as number[],
    end: [] as number[],
    strides: [] as number[],
    sliceShape: [] as number[],
  };
  const finalShape: number[] = [];
  const takeWhole = () => {
    const size = shape[result.begin.length] ?? 0;
    result.begin.push(0);
    result.end.push(size);
    result.strides.push(1);
    result.sliceShape.push(size);
    finalShape.push(size);
  };
  begins.forEach((given, i) => {
    const bit = 1 << i;
    if (ellipsisMask & bit) {
      const following = begins.length - i - 1;
      const followingNew = begins.filter((_, j) => j > i && newAxisMask & (1 << j)).length;
      const covered = shape.length - result.begin.length - (following - followingNew);
      for (let k = 0; k < covered; k++) takeWhole();
      return;
    }
    if (newAxisMask & bit) {
      finalShape.push(1);
      return;
    }
    const size = shape[result.begin.length] ?? 0;
    const stride = givenStrides[i] ?? 1;
    const clamp = (index: number) => {
      const positive = index < 0 ? index + size : index;
      return stride > 0 ? Math.min(Math.max(positive, 0), size) : Math.min(Math.max(positive, -1), size - 1);
    };
    if (shrinkAxisMask & bit) {
      const index = given < 0 ? given + size : given;
      result.begin.push(index);
      result.end.push(index + 1);
      result.strides.push(1);
      result.sliceShape.push(1);
      return;
    }
    const begin = beginMask & bit ? (stride > 0 ? 0 : size - 1) : clamp(given);
    const end = endMask & bit ? (stride > 0 ? size : -1) : clamp(ends[i] ?? size);
    const length = Math.max(0, Math.ceil((end - begin) / stride));
    result.begin.push(begin);
    result.end.push(end);
    result.strides.push(stride);
    result.sliceShape.push(length);
    finalShape.push(length);
  });
  if (newAxes > begins.length) throw new RangeError('strided slice has more new axes than entries');
  while (result.begin.length < shape.length) takeWhole();
  return { ...result, shape: finalShape };
}
