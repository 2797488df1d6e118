import { numberAttribute, numbersAttribute, stringsAttribute } from '../attributes.js';
import { normalizeAxis } from '../shapes.js';
import { inputAt, type KernelDefinitions } from './definition.js';

/** Kernels that read or write by index, and our two that go between strings and indices. */
export const indexingKernels: KernelDefinitions = {
  GatherV2: {
    inputs: ['x', 'indices'],
    infer: (inputs, attributes) => {
      const [x, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), x.shape.length);
      const batchDims = numberAttribute(attributes, 'batchDims', 0);
      return [
        {
          shape: [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)],
          dtype: x.dtype,
        },
      ];
    },
  },
  GatherNd: {
    inputs: ['params', 'indices'],
    infer: (inputs) => {
      const [params, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const depth = indices.shape.at(-1) ?? 0;
      return [{ shape: [...indices.shape.slice(0, -1), ...params.shape.slice(depth)], dtype: params.dtype }];
    },
  },
  ScatterNd: {
    inputs: ['indices', 'updates'],
    infer: (inputs, attributes) => [
      { shape: numbersAttribute(attributes, 'shape'), dtype: inputAt(inputs, 1).dtype },
    ],
  },
  UnsortedSegmentSum: {
    inputs: ['x', 'segmentIds'],
    infer: (inputs, attributes) => {
      const [x, ids] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const segments = numberAttribute(attributes, 'numSegments');
      return [{ shape: [segments, ...x.shape.slice(ids.shape.length)], dtype: x.dtype }];
    },
  },
  LookupIndex: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      stringsAttribute(attributes, 'keys');
      const { shape, dtype } = inputAt(inputs, 0);
      if (dtype !== 'string') throw new TypeError(`its input is ${dtype}, not string`);
      return [{ shape, dtype: 'int64' }];
    },
  },
  LookupLabel: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      stringsAttribute(attributes, 'labels');
      return [{ shape: inputAt(inputs, 0).shape, dtype: 'string' }];
    },
  },
  RandomUniform: {
    inputs: ['pool', 'offsets'],
    infer: (_, attributes) => [{ shape: numbersAttribute(attributes, 'shape'), dtype: 'float32' }],
  },
};
