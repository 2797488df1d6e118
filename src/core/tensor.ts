/** Element types of tensors that cross a boundary (engine, file, exporter). */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool' | 'string';

export type TensorValues =
  Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly string[];

/** A dense row-major tensor. bool is a Uint8Array of 0 and 1. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function float32(shape: readonly number[], data: Float32Array): TensorData & { data: Float32Array } {
  return { dtype: 'float32', shape, data };
}
