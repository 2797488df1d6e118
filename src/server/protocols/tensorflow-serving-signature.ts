import type { SignatureInput } from '../../core/bundle.js';
import type { JsonObject } from '../../core/json.js';
import type { ColumnModel } from '../served-model.js';

export const DEFAULT_SIGNATURE = 'serving_default';

/** How TensorFlow names the type of a raw column. Dates travel as ISO 8601 text. */
export const TENSOR_TYPES: Readonly<Record<SignatureInput['dtype'], string>> = {
  number: 'DT_DOUBLE',
  string: 'DT_STRING',
  boolean: 'DT_BOOL',
  date: 'DT_STRING',
};

/** A TensorInfo as protobuf's JSON prints it; -1 is the number of rows. */
function tensorInfo(name: string, dtype: string, shape: readonly number[]): JsonObject {
  return {
    dtype,
    tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
    name,
  };
}

/** The signatures of a model by name: one, which takes its raw columns. */
export function signatureMap(model: ColumnModel): JsonObject {
  const { task, classes } = model.predictor;
  const inputs = Object.fromEntries(
    model.inputs.map(({ name, dtype }) => [name, tensorInfo(name, TENSOR_TYPES[dtype], [-1])]),
  );
  const outputs =
    task === 'regression'
      ? { value: tensorInfo('value', 'DT_FLOAT', [-1]) }
      : {
          label: tensorInfo('label', 'DT_STRING', [-1]),
          probabilities: tensorInfo('probabilities', 'DT_FLOAT', [-1, classes.length]),
        };
  return { [DEFAULT_SIGNATURE]: { inputs, outputs, method_name: 'tensorflow/serving/predict' } };
}
