import { isJsonObject } from '../../core/json.js';
import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import type { TensorModel } from '../served-model.js';
import { bytesOfBase64 } from '../tensors/base64.js';
import { nestedJson, valuesFromJson } from '../tensors/json.js';
import { type Tensor, type Tensors, type TensorSpec } from '../tensors/tensor.js';

/**
 * The tensors of `instances` of a model whose tensors are its signature: every item is an element of the first axis of
 * the one input, or an object with one for each input.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function tensorsFromInstances({ inputTensors }: TensorModel, instances: unknown): Tensors {
  if (!Array.isArray(instances)) {
    throw badRequest(`JSON Value: ${quote({ instances })} Excepting 'instances' to be an list/array`);
  }
  if (instances.length === 0) {
    throw badRequest(`JSON Value: ${quote({ instances })} No values in 'instances' array`);
  }
  const items: readonly unknown[] = instances;
  const names = inputTensors.map(({ name }) => name).sort();
  const [only] = inputTensors;
  if (only !== undefined && names.length === 1 && !isNamed(items[0])) {
    return { [only.name]: tensorOf(only, items) };
  }
  for (const [index, item] of items.entries()) {
    const keys = isJsonObject(item) ? Object.keys(item).sort() : [];
    if (isJsonObject(item) && keys.join('\n') === names.join('\n')) continue;
    throw badRequest(
      `Failed to process element: ${index} of 'instances' list. JSON object: ${quote(item)} keys must be equal to: ${names.join(',')}`,
      { details: { row: index } },
    );
  }
  const column = (name: string): unknown[] => items.map((item) => (item as Record<string, unknown>)[name]);
  return Object.fromEntries(inputTensors.map((spec) => [spec.name, tensorOf(spec, column(spec.name))]));
}

/** An object of named values; one of {"b64": …} is a value itself. */
function isNamed(value: unknown): boolean {
  return isJsonObject(value) && !isBytes(value);
}

/**
 * The tensors of `inputs`: an object by name, or the value of the one input.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function tensorsFromInputs({ inputTensors }: TensorModel, inputs: unknown): Tensors {
  if (!isNamed(inputs)) {
    const [only] = inputTensors;
    if (only !== undefined && inputTensors.length === 1) return { [only.name]: tensorOf(only, inputs) };
    throw badRequest(
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    );
  }
  const named = inputs as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    inputTensors.map((spec) => {
      if (Object.hasOwn(named, spec.name)) return [spec.name, tensorOf(spec, named[spec.name])];
      throw badRequest(`Missing named input: ${spec.name} in 'inputs' object.`, {
        details: { column: spec.name },
      });
    }),
  );
}

/** A nested list as a tensor; its first elements tell its shape. */
function tensorOf({ name, datatype }: TensorSpec, value: unknown): Tensor {
  const shape: number[] = [];
  for (let part = value; Array.isArray(part); part = (part as unknown[])[0]) {
    shape.push(part.length);
    if (shape.length > 32) throw badRequest(`Tensor name: ${name} has more than 32 dimensions`);
  }
  const plain = datatype === 'BYTES' ? withoutB64(value, name) : value;
  const isScalar = shape.length === 0;
  // A list of one stands for a scalar, whose own data are no list.
  return { datatype, shape, values: valuesFromJson(name, datatype, shape, isScalar ? [plain] : plain) };
}

function withoutB64(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((part) => withoutB64(part, name));
  if (!isBytes(value)) return value;
  const bytes = bytesOfBase64(value.b64);
  if (bytes !== undefined) return bytes;
  throw badRequest(`Tensor name: ${name} has ${quote(value)}, which is not base64`);
}

function isBytes(value: unknown): value is { readonly b64: string } {
  return isJsonObject(value) && typeof value.b64 === 'string' && Object.keys(value).length === 1;
}

/** Answers in row form: `{"predictions": […]}` with a value a row, or an object where there are several outputs. */
export function predictionsJson({ outputTensors }: TensorModel, answers: Tensors): string {
  const outputs = outputTensors.map(({ name }) => ({ name, tensor: answers[name] as Tensor }));
  const rows = outputs[0]?.tensor.shape[0];
  const uneven = outputs.find(({ tensor }) => tensor.shape[0] !== rows);
  if (rows === undefined || uneven !== undefined) {
    const name = (uneven ?? outputs[0])?.name ?? '';
    throw badRequest(
      `Tensor name: ${name} has inconsistent batch size; ask with 'inputs' instead of 'instances' for outputs by column`,
    );
  }
  const writers = outputs.map(({ name, tensor }) => ({ name, write: nestedWriter(name, tensor, 1) }));
  const items: string[] = [];
  for (let row = 0; row < rows; row++) {
    const values = writers.map(({ name, write }) => ({ name, text: write(row) }));
    items.push(values.length === 1 ? (values[0]?.text ?? '') : objectText(values));
  }
  return `{"predictions":[${items.join(',')}]}`;
}

/** Answers in column form: `{"outputs": …}`, by name where there are several. */
export function outputsJson({ outputTensors }: TensorModel, answers: Tensors): string {
  const values = outputTensors.map(({ name }) => ({
    name,
    text: nestedWriter(name, answers[name] as Tensor, 0)(0),
  }));
  return `{"outputs":${values.length === 1 ? (values[0]?.text ?? '') : objectText(values)}}`;
}

function objectText(values: readonly { readonly name: string; readonly text: string }[]): string {
  return `{${values.map(({ name, text }) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** Outputs called *_bytes are {"b64"}. */
function nestedWriter(name: string, tensor: Tensor, axis: number): (index: number) => string {
  const asB64 = tensor.datatype === 'BYTES' && name.endsWith('_bytes');
  const { values } = tensor;
  return nestedJson(
    tensor,
    axis,
    asB64
      ? (i) => JSON.stringify({ b64: Buffer.from(values[i] as Uint8Array).toString('base64') })
      : undefined,
  );
}
