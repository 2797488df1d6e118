import { tf } from '../tensorflow.js';

interface Convolution {
  readonly strides: number | [number, number];
  readonly pad: unknown;
  readonly dataFormat?: string;
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: string | null;
}

function pair(value: number | [number, number] | null | undefined): [number, number] {
  if (value === undefined || value === null) return [1, 1];
  return typeof value === 'number' ? [value, value] : value;
}

/** The filter [h, w, in, out] with zeros between its elements: what a dilated convolution is a plain one with. */
function spread(filter: tf.Tensor, [high, wide]: [number, number]): tf.Tensor {
  const [h = 1, w = 1, inputs = 1, outputs = 1] = filter.shape;
  const apart = tf.pad(tf.reshape(filter, [h, 1, w, 1, inputs, outputs]), [
    [0, 0],
    [0, high - 1],
    [0, 0],
    [0, wide - 1],
    [0, 0],
    [0, 0],
  ]);
  const whole = tf.reshape(apart, [h * high, w * wide, inputs, outputs]);
  return tf.slice(whole, [0, 0, 0, 0], [(h - 1) * high + 1, (w - 1) * wide + 1, inputs, outputs]);
}

/** The elements of a spread filter's gradient that belong to elements of the filter. */
function gather(gradient: tf.Tensor, [high, wide]: [number, number]): tf.Tensor {
  return tf.stridedSlice(gradient, [0, 0, 0, 0], gradient.shape, [high, wide, 1, 1]);
}

/** A gradient that knows dilations, which tfjs 4.22 refuses: by way of the filter with zeros in it. */
function dilatable(kernelName: string, inputGradient: string, filterGradient: string): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, [x, filter], given) => {
      if (x === undefined || filter === undefined || Array.isArray(dy)) {
        throw new Error(`${kernelName} saved no inputs.`);
      }
      const attributes = given as unknown as Convolution;
      const dilations = pair(attributes.dilations);
      const plain = { ...attributes, dilations: [1, 1], dataFormat: attributes.dataFormat ?? 'NHWC' };
      const wide = dilations.some((size) => size > 1) ? spread(filter, dilations) : filter;
      const run = (name: string, inputs: object, more: object): tf.Tensor =>
        tf.engine().runKernel(name, inputs as tf.NamedTensorMap, { ...plain, ...more } as tf.NamedAttrMap);
      return {
        x: () => run(inputGradient, { dy, filter: wide }, { inputShape: x.shape }),
        filter: () => {
          const gradient = run(filterGradient, { x, dy }, { filterShape: wide.shape });
          return wide === filter ? gradient : gather(gradient, dilations);
        },
      };
    },
  };
}

/** Transposed convolution of volumes: its gradients are the convolution and that one's gradient for the filter. */
const transposed3d: tf.GradConfig = {
  kernelName: 'Conv3DBackpropInputV2',
  inputsToSave: ['dy', 'filter'],
  gradFunc: (upstream, [dy, filter], given) => {
    if (dy === undefined || filter === undefined || Array.isArray(upstream)) {
      throw new Error('The transposed convolution saved no inputs.');
    }
    const { strides, pad } = given as unknown as Convolution;
    const run = (name: string, inputs: object, more: object): tf.Tensor =>
      tf
        .engine()
        .runKernel(
          name,
          inputs as tf.NamedTensorMap,
          { strides, pad, ...more } as unknown as tf.NamedAttrMap,
        );
    return {
      dy: () => run('Conv3D', { x: upstream, filter }, { dataFormat: 'NDHWC', dilations: [1, 1, 1] }),
      filter: () => run('Conv3DBackpropFilterV2', { x: upstream, dy }, { filterShape: filter.shape }),
    };
  },
};

export const convolutionGradients: readonly tf.GradConfig[] = [
  transposed3d,
  dilatable('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'),
  dilatable(
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
  ),
];
