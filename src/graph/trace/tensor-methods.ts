import * as tf from '@tensorflow/tfjs-core';

/**
 * Operations that are methods of tensors in the package @tensorflow/tfjs, but not with its parts alone, although some
 * of tfjs' own code (the orthogonal initializer, the gradients of prod and of gathering in batches) calls them.
 */
const OPERATIONS = [
  'abs',
  'add',
  'cast',
  'ceil',
  'clipByValue',
  'cumsum',
  'div',
  'dot',
  'equal',
  'exp',
  'expandDims',
  'floor',
  'gather',
  'greater',
  'greaterEqual',
  'less',
  'log',
  'matMul',
  'max',
  'maximum',
  'mean',
  'min',
  'minimum',
  'mod',
  'mul',
  'neg',
  'norm',
  'oneHot',
  'pad',
  'pow',
  'relu',
  'reshape',
  'reverse',
  'round',
  'sigmoid',
  'sign',
  'slice',
  'softmax',
  'split',
  'sqrt',
  'square',
  'squeeze',
  'stridedSlice',
  'sub',
  'sum',
  'tanh',
  'tile',
  'topk',
  'transpose',
  'unstack',
] as const satisfies readonly (keyof typeof tf)[];

type Method = (this: tf.Tensor, ...given: unknown[]) => unknown;

const shaped: Readonly<Record<string, Method>> = {
  flatten() {
    return tf.reshape(this, [this.size]);
  },
  as1D() {
    return tf.reshape(this, [this.size]);
  },
  as2D(...shape) {
    return tf.reshape(this, shape as number[]);
  },
  asScalar() {
    return tf.reshape(this, []);
  },
  toFloat() {
    return tf.cast(this, 'float32');
  },
  toInt() {
    return tf.cast(this, 'int32');
  },
  concat(others, axis) {
    const rest = others instanceof tf.Tensor ? [others] : (others as tf.Tensor[]);
    return tf.concat([this, ...rest], axis as number);
  },
};

/** Adds the methods that are missing; where @tensorflow/tfjs is loaded too, none is. */
export function addTensorMethods(): void {
  const prototype = tf.Tensor.prototype as unknown as Record<string, Method | undefined>;
  for (const name of OPERATIONS) {
    const operation = tf[name] as (...given: unknown[]) => unknown;
    prototype[name] ??= function (...given) {
      return operation(this, ...given);
    };
  }
  for (const [name, method] of Object.entries(shaped)) prototype[name] ??= method;
}
