import type { JsonObject } from '../../core/json.js';
import { badRequest } from '../request-error.js';
import type { ColumnModel, ServedModel } from '../served-model.js';
import { TENSORFLOW_TYPES } from '../tensors/tensorflow-types.js';
import type { TensorSpec } from '../tensors/tensor.js';

export const DEFAULT_SIGNATURE = 'serving_default';
export const METHOD_NAME = 'tensorflow/serving/predict';

/** A TensorInfo as protobuf's JSON prints it; -1 is a free size, such as the number of rows. */
function tensorInfo({ name, datatype, shape }: TensorSpec): JsonObject {
  return {
    dtype: TENSORFLOW_TYPES[datatype].name,
    tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
    name,
  };
}

function tensorInfos(specs: readonly TensorSpec[]): JsonObject {
  return Object.fromEntries(specs.map((spec) => [spec.name, tensorInfo(spec)]));
}

/** The signatures of a model by name: one. */
export function signatureMap({ inputTensors, outputTensors }: ServedModel): JsonObject {
  const signature = {
    inputs: tensorInfos(inputTensors),
    outputs: tensorInfos(outputTensors),
    method_name: METHOD_NAME,
  };
  return { [DEFAULT_SIGNATURE]: signature };
}

/** @throws RequestError 400 for a signature that there is not. "" is the default one. */
export function checkSignatureName(name: string): void {
  if (name === '' || name === DEFAULT_SIGNATURE) return;
  throw badRequest(`Serving signature name: "${name}" not found in signature def`);
}

/** @throws RequestError 400 for a classifier that is asked for values, and the other way round. */
export function requireMethod(model: ColumnModel, method: 'classify' | 'regress'): void {
  if ((method === 'regress') === (model.predictor.task === 'regression')) return;
  const expected = method === 'regress' ? 'regression' : 'classification';
  throw badRequest(
    `Expected ${expected} signature method_name to be tensorflow/serving/${method}. Was: ${METHOD_NAME}`,
  );
}
