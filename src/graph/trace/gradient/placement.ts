import { sizeOf } from '../../../core/tensor.js';
import { normalizeAxis } from '../../shapes.js';
import { tf } from '../tensorflow.js';

/**
 * Rows taken along an axis give their gradients back to where they were taken from, batch by batch. tfjs 4.22 has that
 * for no batches, and fails with one.
 */
const gather: tf.GradConfig = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (given, [x, indices], attributes) => {
    if (x === undefined || indices === undefined || Array.isArray(given)) {
      throw new Error('GatherV2 saved no inputs.');
    }
    const { axis: asked, batchDims = 0 } = attributes as unknown as { axis: number; batchDims?: number };
    const axis = normalizeAxis(asked, x.shape.length);
    return {
      x: () => {
        const batches = sizeOf(x.shape.slice(0, batchDims));
        const outer = sizeOf(x.shape.slice(batchDims, axis));
        const length = x.shape[axis] ?? 1;
        const inner = sizeOf(x.shape.slice(axis + 1));
        const taken = sizeOf(indices.shape.slice(batchDims));
        const turned = (tensor: tf.Tensor): tf.Tensor =>
          outer === 1 ? tensor : tf.transpose(tensor, [0, 2, 1, 3]);
        const rows = turned(tf.reshape(given, [batches, outer, taken, inner]));
        const sums = tf.unsortedSegmentSum(
          tf.reshape(rows, [batches * taken, outer * inner]),
          rowNumbers(indices, batches, taken, length),
          batches * length,
        );
        return tf.reshape(turned(tf.reshape(sums, [batches, length, outer, inner])), x.shape);
      },
      indices: () => tf.zeros(indices.shape),
    };
  },
};

/** Indices that count on from batch to batch. */
function rowNumbers(indices: tf.Tensor, batches: number, taken: number, length: number): tf.Tensor1D {
  const whole = tf.cast(indices, 'int32');
  if (batches === 1) return tf.reshape(whole, [batches * taken]);
  const starts = tf.tensor2d(
    Array.from({ length: batches }, (_, batch) => batch * length),
    [batches, 1],
    'int32',
  );
  return tf.reshape(tf.add(tf.reshape(whole, [batches, taken]), starts), [batches * taken]);
}

/** Gradients that tfjs 4.22 lacks or has wrong, of operations that put elements elsewhere. */
export const placementGradients: readonly tf.GradConfig[] = [
  gather,
  {
    kernelName: 'DepthToSpace',
    gradFunc: (dy, _saved, attributes) => {
      const { blockSize: block } = attributes as unknown as { blockSize: number };
      return {
        x: () => {
          const [batch = 1, height = 1, width = 1, depth = 1] = (dy as tf.Tensor).shape;
          const [rows, columns] = [height / block, width / block];
          const parts = tf.reshape(dy as tf.Tensor, [batch, rows, block, columns, block, depth]);
          const turned = tf.transpose(parts, [0, 1, 3, 2, 4, 5]);
          return tf.reshape(turned, [batch, rows, columns, block * block * depth]);
        },
      };
    },
  },
  {
    kernelName: 'FlipLeftRight',
    gradFunc: (dy) => ({ image: () => tf.reverse(dy as tf.Tensor, 2) }),
  },
];
