import { isJsonObject } from '../../../core/json.js';
import { parseExactly, parseJson, quote, readExactly } from '../../json-body.js';
import { badRequest } from '../../request-error.js';
import type { ServedModel } from '../../served-model.js';
import { valuesFromBytes } from '../../tensors/binary.js';
import { shapeOf } from '../../tensors/check.js';
import { DATATYPES, type Datatype, isDatatype } from '../../tensors/datatype.js';
import { valuesFromJson } from '../../tensors/json.js';
import { elementCount, type Tensor, type Tensors, type TensorSpec } from '../../tensors/tensor.js';

type Members = Readonly<Record<string, unknown>>;

/** An output that the client asked for. */
export interface RequestedOutput {
  readonly name: string;
  /** Whether it is to come as bytes behind the JSON. */
  readonly binary: boolean;
  /** How many of the highest classes are wanted instead of all numbers; 0 for the numbers. */
  readonly classes: number;
}

/** A request for inference, as the Open Inference Protocol has it. */
export interface InferRequest {
  /** What the client calls the request; it is sent back. */
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** null for all outputs. */
  readonly outputs: readonly RequestedOutput[] | null;
  /** Whether outputs of which nothing else is said are to come as bytes. */
  readonly binaryOutputs: boolean;
  /** Milliseconds after which the answer is of no use. */
  readonly timeout: number | undefined;
}

/**
 * Reads the body of `…/infer`: JSON, or JSON of `headerLength` bytes and the bytes of the tensors behind it (the
 * binary tensor data extension). With a length of 0, the whole body is the data of the model's only input.
 * @throws RequestError 400 that names what is wrong.
 */
export function readInferRequest(
  body: Buffer,
  headerLength: string | undefined,
  model: ServedModel,
): InferRequest {
  if (headerLength === undefined) return fromBody(body, Buffer.alloc(0));
  const length = /^\d{1,10}$/.test(headerLength) ? Number(headerLength) : NaN;
  if (!(length <= body.length)) {
    throw badRequest(
      `Inference-Header-Content-Length is ${quote(headerLength)}; the body has ${body.length} bytes.`,
    );
  }
  if (length === 0) return rawRequest(body, model);
  return fromBody(body.subarray(0, length), body.subarray(length));
}

function fromBody(json: Buffer, binary: Buffer): InferRequest {
  return readExactly(
    () => fromJson(parseJson(json), binary),
    () => fromJson(parseExactly(json), binary),
  );
}

/** A body that is nothing but the elements of the one input; of a free size, there are as many as the bytes give. */
function rawRequest(body: Buffer, { name, inputTensors }: ServedModel): InferRequest {
  const [spec] = inputTensors;
  if (spec === undefined || inputTensors.length > 1) {
    throw badRequest(
      `A body without JSON is possible for models with one input; model '${name}' has ${inputTensors.length}.`,
    );
  }
  const { datatype } = spec;
  const { size } = DATATYPES[datatype];
  // Of an only element of BYTES, the body is the content and no length precedes it.
  const values = size === null ? [body] : undefined;
  const shape = rawShape(spec, size === null ? 1 : body.length / size);
  const tensor = { datatype, shape, values: values ?? valuesFromBytes(spec.name, datatype, shape, body) };
  return {
    id: undefined,
    inputs: { [spec.name]: tensor },
    outputs: null,
    binaryOutputs: true,
    timeout: undefined,
  };
}

function rawShape({ name, shape }: TensorSpec, count: number): number[] {
  const rest = elementCount(shape.filter((size) => size !== -1));
  const free = shape.filter((size) => size === -1).length;
  const missing = count / rest;
  if (free > 1 || !Number.isInteger(missing) || (free === 0 && missing !== 1)) {
    throw badRequest(`${count} elements do not fill input '${name}' of shape [${shape.join(',')}].`);
  }
  return shape.map((size) => (size === -1 ? missing : size));
}

function fromJson(value: unknown, binary: Buffer): InferRequest {
  if (!isJsonObject(value)) throw badRequest(`The body is ${quote(value)}, not an object.`);
  const { id, inputs } = value;
  if (id !== undefined && typeof id !== 'string') throw badRequest(`"id" is ${quote(id)}, not a string.`);
  if (!Array.isArray(inputs)) {
    throw badRequest(
      inputs === undefined ? 'The body has no "inputs".' : `"inputs" is ${quote(inputs)}, not a list.`,
    );
  }
  const parameters = membersOf(value.parameters, '"parameters"');
  const binaryOutputs = flag(parameters, 'binary_data_output') ?? false;
  return {
    id,
    inputs: readInputs(inputs, binary),
    outputs: readOutputs(value.outputs, binaryOutputs),
    binaryOutputs,
    timeout: timeoutOf(parameters.timeout),
  };
}

function membersOf(value: unknown, what: string): Members {
  if (value === undefined || value === null) return {};
  if (isJsonObject(value)) return value;
  throw badRequest(`${what} is ${quote(value)}, not an object.`);
}

function flag(parameters: Members, name: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`Parameter "${name}" is ${quote(value)}, not true or false.`);
}

function wholeNumber(parameters: Members, name: string): number | undefined {
  const value = parameters[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw badRequest(`Parameter "${name}" is ${quote(value)}, not a whole number.`);
}

/** The parameter `timeout`, microseconds. 0 is none. */
export function timeoutOf(value: unknown): number | undefined {
  const microseconds = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (microseconds === undefined || microseconds === 0) return undefined;
  if (typeof microseconds === 'number' && microseconds > 0) return microseconds / 1000;
  throw badRequest(`Parameter "timeout" is ${quote(value)}, not a number of microseconds.`);
}

function nameOf(value: Members, what: string): string {
  if (typeof value.name === 'string' && value.name !== '') return value.name;
  throw badRequest(`${what} has the name ${quote(value.name)}; expected a text.`);
}

function readInputs(list: readonly unknown[], binary: Buffer): Tensors {
  const inputs = new Map<string, Tensor>();
  let at = 0;
  for (const [i, item] of list.entries()) {
    const input = membersOf(item ?? quote(item), `Input ${i}`);
    const name = nameOf(input, `Input ${i}`);
    if (inputs.has(name)) throw badRequest(`Input '${name}' is given twice.`);
    const { datatype } = input;
    if (!isDatatype(datatype)) {
      throw badRequest(
        `Input '${name}' has datatype ${quote(datatype)}; expected one of ${Object.keys(DATATYPES).join(', ')}.`,
      );
    }
    const shape = shapeOf(name, input.shape);
    const size = wholeNumber(
      membersOf(input.parameters, `"parameters" of input '${name}'`),
      'binary_data_size',
    );
    if (size === undefined) {
      inputs.set(name, { datatype, shape, values: valuesFromJson(name, datatype, shape, input.data) });
      continue;
    }
    inputs.set(name, {
      datatype,
      shape,
      values: binaryValues(name, datatype, shape, binary.subarray(at, at + size), size),
    });
    at += size;
  }
  if (at < binary.length) {
    throw badRequest(`The body has ${binary.length - at} bytes more than its inputs say they have.`);
  }
  return Object.fromEntries(inputs);
}

function binaryValues(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  bytes: Buffer,
  size: number,
): Tensor['values'] {
  if (bytes.length === size) return valuesFromBytes(name, datatype, shape, bytes);
  throw badRequest(`Input '${name}' should have ${size} bytes of data; the body ends after ${bytes.length}.`);
}

function readOutputs(value: unknown, binaryOutputs: boolean): RequestedOutput[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw badRequest(`"outputs" is ${quote(value)}, not a list.`);
  if (value.length === 0) return null;
  const names = new Set<string>();
  return value.map((item: unknown, i) => {
    const output = membersOf(item ?? quote(item), `Output ${i}`);
    const name = nameOf(output, `Output ${i}`);
    if (names.has(name)) throw badRequest(`Output '${name}' is asked for twice.`);
    names.add(name);
    const parameters = membersOf(output.parameters, `"parameters" of output '${name}'`);
    const classes = wholeNumber(parameters, 'classification') ?? 0;
    return { name, binary: flag(parameters, 'binary_data') ?? binaryOutputs, classes };
  });
}
