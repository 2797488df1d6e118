import { numbersAttribute } from '../attributes.js';
import type { Attributes, ValueInfo } from '../graph.js';
import { poolFilter, windowAxes } from './convolution-geometry.js';
import { inputAt, type KernelDefinition, type KernelDefinitions } from './definition.js';

/** [batch, ...spatial, channels] and filter [...spatial, in, out]. */
const convolution: KernelDefinition = {
  inputs: ['x', 'filter'],
  infer: (inputs, attributes) => {
    const [x, filter] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    if (x.shape.at(-1) !== filter.shape.at(-2)) {
      throw new RangeError(
        `the input has ${x.shape.at(-1) ?? 0} channels, the filter ${filter.shape.at(-2) ?? 0}`,
      );
    }
    return [convolved(x, filter, attributes, filter.shape.at(-1) ?? 0)];
  },
};

function convolved(x: ValueInfo, filter: ValueInfo, attributes: Attributes, channels: number): ValueInfo {
  const axes = windowAxes(x.shape, filter.shape.slice(0, -2), attributes);
  return { shape: [x.shape[0] ?? 0, ...axes.map(({ output }) => output), channels], dtype: x.dtype };
}

function shapeFrom(inputs: readonly string[], attribute: string): KernelDefinition {
  return {
    inputs,
    infer: (infos, attributes) => [
      { shape: numbersAttribute(attributes, attribute), dtype: inputAt(infos, 0).dtype },
    ],
  };
}

const pool: KernelDefinition = {
  inputs: ['x'],
  infer: (inputs, attributes) => {
    const { shape, dtype } = inputAt(inputs, 0);
    const axes = windowAxes(shape, poolFilter(attributes, shape.length - 2), attributes);
    return [{ shape: [shape[0] ?? 0, ...axes.map(({ output }) => output), shape.at(-1) ?? 0], dtype }];
  },
};

function sameAsInput(inputs: readonly string[], index: number): KernelDefinition {
  return { inputs, infer: (infos) => [inputAt(infos, index)] };
}

const resize: KernelDefinition = {
  inputs: ['images'],
  infer: (inputs, attributes) => {
    const { shape, dtype } = inputAt(inputs, 0);
    const [height, width] = numbersAttribute(attributes, 'size');
    return [{ shape: [shape[0] ?? 0, height ?? 0, width ?? 0, shape[3] ?? 0], dtype }];
  },
};

/** Convolutions, poolings, resizing, and their gradients; channels come last. */
export const convolutionKernels: KernelDefinitions = {
  Conv2D: convolution,
  Conv3D: convolution,
  Conv2DBackpropInput: shapeFrom(['dy', 'filter'], 'inputShape'),
  Conv3DBackpropInputV2: shapeFrom(['dy', 'filter'], 'inputShape'),
  Conv2DBackpropFilter: shapeFrom(['x', 'dy'], 'filterShape'),
  Conv3DBackpropFilterV2: shapeFrom(['x', 'dy'], 'filterShape'),
  DepthwiseConv2dNative: {
    inputs: ['x', 'filter'],
    infer: (inputs, attributes) => {
      const [x, filter] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const channels = (filter.shape.at(-1) ?? 0) * (filter.shape.at(-2) ?? 0);
      return [convolved(x, filter, attributes, channels)];
    },
  },
  DepthwiseConv2dNativeBackpropInput: shapeFrom(['dy', 'filter'], 'inputShape'),
  DepthwiseConv2dNativeBackpropFilter: shapeFrom(['x', 'dy'], 'filterShape'),
  MaxPool: pool,
  MaxPool3D: pool,
  AvgPool: pool,
  AvgPool3D: pool,
  MaxPoolGrad: sameAsInput(['dy', 'input', 'output'], 1),
  MaxPool3DGrad: sameAsInput(['dy', 'input', 'output'], 1),
  AvgPoolGrad: sameAsInput(['dy', 'input'], 1),
  AvgPool3DGrad: sameAsInput(['dy', 'input'], 1),
  ResizeNearestNeighbor: resize,
  ResizeBilinear: resize,
  ResizeNearestNeighborGrad: sameAsInput(['images', 'dy'], 0),
  ResizeBilinearGrad: sameAsInput(['images', 'dy'], 0),
};
