import type { Datatype } from './datatype.js';

/** What TensorFlow calls the datatypes: names and numbers of tensorflow.DataType. */
export const TENSORFLOW_TYPES: Readonly<
  Record<Datatype, { readonly name: string; readonly number: number }>
> = {
  FP32: { name: 'DT_FLOAT', number: 1 },
  FP64: { name: 'DT_DOUBLE', number: 2 },
  INT32: { name: 'DT_INT32', number: 3 },
  UINT8: { name: 'DT_UINT8', number: 4 },
  INT16: { name: 'DT_INT16', number: 5 },
  INT8: { name: 'DT_INT8', number: 6 },
  BYTES: { name: 'DT_STRING', number: 7 },
  INT64: { name: 'DT_INT64', number: 9 },
  BOOL: { name: 'DT_BOOL', number: 10 },
  BF16: { name: 'DT_BFLOAT16', number: 14 },
  UINT16: { name: 'DT_UINT16', number: 17 },
  FP16: { name: 'DT_HALF', number: 19 },
  UINT32: { name: 'DT_UINT32', number: 22 },
  UINT64: { name: 'DT_UINT64', number: 23 },
};
