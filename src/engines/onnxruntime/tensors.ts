import type * as ort from 'onnxruntime-node';
import type { DType, TensorData, TensorValues } from '../../core/tensor.js';

type OrtModule = typeof ort;

/** A tensor over the same memory. */
export function toOrt({ Tensor }: OrtModule, { dtype, shape, data }: TensorData): ort.Tensor {
  return new Tensor(dtype, data, [...shape]);
}

/** The contents of a result; numbers share its memory. */
export function fromOrt(tensor: ort.Tensor): TensorData {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as TensorValues };
}
