import { AimaasError } from '../../core/errors.js';
import type { DType, TensorData, TensorValues } from '../../core/tensor.js';
import { tf } from './tensorflow.js';

/** tfjs' element type as ours. */
function dtypeOf(dtype: tf.DataType): DType {
  if (dtype === 'complex64') {
    throw new AimaasError('UNSUPPORTED', 'Complex numbers cannot be part of a compiled model.');
  }
  return dtype;
}

/** Our element type as tfjs'; tfjs has no float64 and int64. */
export function tfDType(dtype: DType): tf.DataType {
  if (dtype === 'float64') return 'float32';
  if (dtype === 'int64') return 'int32';
  return dtype;
}

/** Values as a backend is given them, as typed data of the graph. A copy: tfjs may reuse the array. */
export function tensorFromBackend(
  values: tf.BackendValues,
  shape: readonly number[],
  dtype: tf.DataType,
): TensorData {
  return { shape: [...shape], dtype: dtypeOf(dtype), data: valuesFromBackend(values, dtypeOf(dtype)) };
}

/** A copy of a backend's values as an array of our element type. */
export function valuesFromBackend(values: tf.BackendValues | readonly string[], dtype: DType): TensorValues {
  switch (dtype) {
    case 'string':
      return Array.from(values as (Uint8Array | string)[], (item) =>
        typeof item === 'string' ? item : new TextDecoder().decode(item),
      );
    case 'int32':
      return Int32Array.from(values as ArrayLike<number>);
    case 'bool':
      return Uint8Array.from(values as ArrayLike<number>);
    case 'float32':
      return Float32Array.from(values as ArrayLike<number>);
    case 'float64':
      return Float64Array.from(values as ArrayLike<number>);
    case 'int64':
      return BigInt64Array.from(Array.from(values as ArrayLike<number>), BigInt);
  }
}

/** A tensor of the graph as a tfjs tensor in the current backend. */
export function toTensor(tensor: TensorData): tf.Tensor {
  const shape = [...tensor.shape];
  switch (tensor.dtype) {
    case 'string':
      return tf.tensor(tensor.data as string[], shape, 'string');
    case 'float64':
      return tf.tensor(Float32Array.from(tensor.data as Float64Array), shape, 'float32');
    case 'int64':
      return tf.tensor(Int32Array.from(tensor.data as BigInt64Array, Number), shape, 'int32');
    case 'float32':
    case 'int32':
    case 'bool':
      return tf.tensor(tensor.data as Float32Array, shape, tensor.dtype);
  }
}
