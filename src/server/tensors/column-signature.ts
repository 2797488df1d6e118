import type { SignatureInput } from '../../core/bundle.js';
import type { Datatype } from './datatype.js';
import type { TensorSpec } from './tensor.js';

/** How a raw column travels as a tensor. Dates are ISO 8601 text. */
const COLUMN_DATATYPES: Readonly<Record<SignatureInput['dtype'], Datatype>> = {
  number: 'FP64',
  string: 'BYTES',
  boolean: 'BOOL',
  date: 'BYTES',
};

/** The input tensors of a model of raw columns: one a column, a row an element. */
export function columnInputTensors(inputs: readonly SignatureInput[]): TensorSpec[] {
  return inputs.map(({ name, dtype }) => ({ name, datatype: COLUMN_DATATYPES[dtype], shape: [-1] }));
}

/** Its output tensors: `label` and `probabilities` (in the order of the classes), or `value`. */
export function columnOutputTensors(classes: readonly string[]): TensorSpec[] {
  if (classes.length === 0) return [{ name: 'value', datatype: 'FP32', shape: [-1] }];
  return [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, classes.length] },
  ];
}
