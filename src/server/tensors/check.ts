import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import type { TensorModel } from '../served-model.js';
import type { Tensor, Tensors, TensorSpec } from './tensor.js';

/** A shape as a list of sizes. @throws RequestError 400 */
export function shapeOf(name: string, shape: unknown): number[] {
  const sizes = Array.isArray(shape) ? shape : [undefined];
  if (sizes.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    const whole = sizes as number[];
    if (Number.isSafeInteger(whole.reduce((product, size) => product * Math.max(1, size), 1))) return whole;
  }
  throw badRequest(`The shape of tensor '${name}' is ${quote(shape)}, not a list of sizes.`);
}

/**
 * Checks that these are the tensors a model takes, and gives the number of its rows: 1 for a model that is not
 * batchable.
 * @throws RequestError 400 that names what is missing, not known, or of another type or shape.
 */
export function checkTensors({ name, inputTensors, batchable }: TensorModel, inputs: Tensors): number {
  const known = inputTensors.map((spec) => spec.name);
  const unknown = Object.keys(inputs).find((given) => !known.includes(given));
  if (unknown !== undefined) {
    throw badRequest(`Model '${name}' has no input '${unknown}'; its inputs are ${listed(known)}.`);
  }
  const missing = known.filter((wanted) => !Object.hasOwn(inputs, wanted));
  if (missing.length > 0) {
    throw badRequest(
      `Model '${name}' needs ${listed(known)}, but the request has ${listed(Object.keys(inputs))}: ${listed(missing)} is missing.`,
    );
  }
  for (const spec of inputTensors) checkTensor(spec, inputs[spec.name] as Tensor);
  if (!batchable) return 1;
  const rows = inputTensors.map((spec) => inputs[spec.name]?.shape[0] ?? 0);
  const uneven = rows.findIndex((count) => count !== rows[0]);
  if (uneven !== -1) {
    throw badRequest(
      `Input '${String(known[uneven])}' has ${String(rows[uneven])} rows and input '${String(known[0])}' has ${String(rows[0])}.`,
    );
  }
  return rows[0] ?? 1;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', ');
}

function checkTensor(spec: TensorSpec, { datatype, shape }: Tensor): void {
  if (datatype !== spec.datatype) {
    throw badRequest(`Input '${spec.name}' is ${datatype}; the model takes ${spec.datatype}.`);
  }
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => (size === -1 ? axis === 0 || shape[axis] !== 0 : size === shape[axis]));
  if (!fits) {
    throw badRequest(
      `Input '${spec.name}' has shape [${shape.join(',')}]; the model takes [${spec.shape.join(',')}], where -1 is any size.`,
    );
  }
}
