import { tf } from '../tensorflow.js';

type PerAxis = number | readonly number[];

interface Convolution {
  readonly strides: PerAxis;
  readonly pad: unknown;
  readonly dataFormat?: string;
  readonly dilations?: PerAxis | null;
  readonly dimRoundingMode?: string | null;
}

function perAxis(value: PerAxis | null | undefined, axes: number): readonly number[] {
  if (typeof value === 'object' && value !== null) return value;
  return Array<number>(axes).fill(value ?? 1);
}

const product = (sizes: readonly number[]): number => sizes.reduce((whole, size) => whole * size, 1);

/**
 * The filter [...spatial, in, out] with zeros between its elements: what a dilated convolution is a plain one with. Axis
 * by axis, as not every runtime pads tensors of many axes.
 */
function spread(filter: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  return dilations.reduce((given, dilation, axis) => {
    if (dilation === 1) return given;
    const [size = 1] = given.shape.slice(axis);
    const [before, after] = [given.shape.slice(0, axis), given.shape.slice(axis + 1)];
    const apart = tf.pad(tf.reshape(given, [product(before), size, 1, product(after)]), [
      [0, 0],
      [0, 0],
      [0, dilation - 1],
      [0, 0],
    ]);
    const whole = tf.reshape(apart, [product(before), size * dilation, product(after)]);
    const length = (size - 1) * dilation + 1;
    return tf.reshape(tf.slice(whole, [0, 0, 0], [-1, length, -1]), [...before, length, ...after]);
  }, filter);
}

/** The elements of a spread filter's gradient that belong to elements of the filter. */
function gather(gradient: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  const origin = gradient.shape.map(() => 0);
  return tf.stridedSlice(gradient, origin, gradient.shape, [...dilations, 1, 1]);
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
      const axes = filter.shape.length - 2;
      const dilations = perAxis(attributes.dilations, axes);
      const plain = {
        ...attributes,
        dilations: dilations.map(() => 1),
        dataFormat: attributes.dataFormat ?? (axes === 3 ? 'NDHWC' : 'NHWC'),
      };
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
  dilatable('Conv3D', 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2'),
  dilatable('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'),
  dilatable(
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
  ),
];
