import type { DType } from '../../core/tensor.js';
import { axisAttribute, booleanAttribute, numberAttribute } from '../attributes.js';
import { normalizeAxes, normalizeAxis, reducedShape } from '../shapes.js';
import { inputAt, type KernelDefinition, type KernelDefinitions } from './definition.js';

function reduction(dtype: (input: DType) => DType): KernelDefinition {
  return {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = inputAt(inputs, 0);
      const axes = normalizeAxes(axisAttribute(attributes), x.shape.length);
      return [
        {
          shape: reducedShape(x.shape, axes, booleanAttribute(attributes, 'keepDims')),
          dtype: dtype(x.dtype),
        },
      ];
    },
  };
}

const argument: KernelDefinition = {
  inputs: ['x'],
  infer: (inputs, attributes) => {
    const { shape } = inputAt(inputs, 0);
    const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), shape.length);
    return [{ shape: reducedShape(shape, [axis], false), dtype: 'int32' }];
  },
};

/** Kernels that take axes away. */
export const reductionKernels: KernelDefinitions = {
  Sum: reduction((dtype) => (dtype === 'bool' ? 'int32' : dtype)),
  Prod: reduction((dtype) => (dtype === 'bool' ? 'int32' : dtype)),
  Mean: reduction((dtype) => (dtype === 'float64' ? 'float64' : 'float32')),
  Max: reduction((dtype) => dtype),
  Min: reduction((dtype) => dtype),
  All: reduction(() => 'bool'),
  Any: reduction(() => 'bool'),
  ArgMax: argument,
  ArgMin: argument,
  TopK: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = inputAt(inputs, 0);
      const shape = [...x.shape.slice(0, -1), numberAttribute(attributes, 'k')];
      return [
        { shape, dtype: x.dtype },
        { shape, dtype: 'int32' },
      ];
    },
  },
};
