import { tf, withBackend } from '../tensorflow.js';

/**
 * The gradient of an operation that only picks elements: each goes back to where it came from. Where that is shows when
 * positions instead of numbers go through the operation.
 */
function picking(kernelName: string): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => {
      if (x === undefined || Array.isArray(dy)) throw new Error(`${kernelName} saved no input.`);
      return {
        x: () => {
          const from = positions(kernelName, x, attributes);
          const back = tf.unsortedSegmentSum(tf.reshape(dy, [dy.size]), tf.tensor1d(from, 'int32'), x.size);
          return tf.reshape(back, x.shape);
        },
      };
    },
  };
}

function positions(kernelName: string, { shape, size }: tf.Tensor, attributes: tf.NamedAttrMap): Int32Array {
  return withBackend('cpu', () => {
    let picked = new Int32Array();
    tf.tidy(() => {
      const x = tf.reshape(tf.range(0, size, 1, 'int32'), shape);
      picked = tf.engine().runKernel<tf.Tensor>(kernelName, { x }, attributes).dataSync() as typeof picked;
    });
    return picked.slice();
  });
}

const single = (dy: tf.Tensor | tf.Tensor[]): tf.Tensor => (Array.isArray(dy) ? (dy[0] as tf.Tensor) : dy);

/** Gradients that tfjs 4.22 lacks, of operations that pick or place elements. */
export const selectionGradients: readonly tf.GradConfig[] = [
  picking('StridedSlice'),
  picking('MirrorPad'),
  {
    kernelName: 'GatherNd',
    inputsToSave: ['params', 'indices'],
    gradFunc: (dy, [params, indices]) => ({
      params: () => tf.scatterND(indices as tf.Tensor, single(dy), params?.shape ?? []),
      indices: () => tf.zeros(indices?.shape ?? []),
    }),
  },
  {
    kernelName: 'ScatterNd',
    inputsToSave: ['indices'],
    gradFunc: (dy, [indices]) => ({
      updates: () => tf.gatherND(single(dy), indices as tf.Tensor),
      indices: () => tf.zeros(indices?.shape ?? []),
    }),
  },
  {
    kernelName: 'TopK',
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc: (dy, [x, indices]) => ({
      x: () => {
        const width = x?.shape.at(-1) ?? 1;
        // tf.oneHot refuses a depth of one.
        if (width === 1) return tf.clone(single(dy));
        const places = tf.oneHot(indices as tf.Tensor, width);
        return tf.sum(tf.mul(tf.expandDims(single(dy), -1), tf.cast(places, 'float32')), -2);
      },
    }),
  },
  {
    kernelName: 'Cumprod',
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, y], attributes) => {
      const { axis, exclusive, reverse } = attributes as unknown as {
        axis: number;
        exclusive: boolean;
        reverse: boolean;
      };
      return {
        x: () => {
          const sums = tf.cumsum(tf.mul(single(dy), y as tf.Tensor), axis, exclusive, !reverse);
          return tf.divNoNan(sums, x as tf.Tensor);
        },
      };
    },
  },
];
