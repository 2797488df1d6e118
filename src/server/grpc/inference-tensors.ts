import { badRequest } from '../request-error.js';
import { bytesOf, valuesFromBytes } from '../tensors/binary.js';
import { shapeOf } from '../tensors/check.js';
import { type Bytes, DATATYPES, type Datatype, isDatatype, type Values } from '../tensors/datatype.js';
import { elementCount, type Tensor, type Tensors } from '../tensors/tensor.js';
import { quote } from '../json-body.js';
import { bigintOf, type Integer, integerOf, numberOf } from './integers.js';

/** InferTensorContents. */
export interface Contents {
  readonly bool_contents?: readonly boolean[];
  readonly int_contents?: readonly number[];
  readonly int64_contents?: readonly Integer[];
  readonly uint_contents?: readonly number[];
  readonly uint64_contents?: readonly Integer[];
  readonly fp32_contents?: readonly number[];
  readonly fp64_contents?: readonly number[];
  readonly bytes_contents?: readonly Bytes[];
}

export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly Integer[];
  readonly contents?: Contents | null;
}

/** The field of the contents that holds a datatype; none for FP16 and BF16, which come raw only. */
const FIELDS: Readonly<Record<Datatype, keyof Contents | null>> = {
  BOOL: 'bool_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  FP16: null,
  BF16: null,
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

/**
 * The tensors of a ModelInferRequest, whose contents are beside them or all raw.
 * @throws RequestError 400 that names what is wrong.
 */
export function readInputs(inputs: readonly InputTensor[], raw: readonly Uint8Array[]): Tensors {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw badRequest(
      `The request has ${raw.length} raw_input_contents for ${inputs.length} inputs; expected one for each.`,
    );
  }
  const read = new Map<string, Tensor>();
  for (const [i, input] of inputs.entries()) {
    const { name, datatype } = input;
    if (name === '') throw badRequest(`Input ${i} has no name.`);
    if (read.has(name)) throw badRequest(`Input '${name}' is given twice.`);
    if (!isDatatype(datatype)) {
      throw badRequest(
        `Input '${name}' has datatype ${quote(datatype)}; expected one of ${Object.keys(DATATYPES).join(', ')}.`,
      );
    }
    const shape = shapeOf(name, input.shape.map(numberOf));
    const bytes = raw[i];
    const values =
      bytes === undefined
        ? fromContents(name, datatype, shape, input.contents ?? {})
        : valuesFromBytes(name, datatype, shape, bytes);
    read.set(name, { datatype, shape, values });
  }
  return Object.fromEntries(read);
}

function fromContents(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  contents: Contents,
): Values {
  const field = FIELDS[datatype];
  if (field === null)
    throw badRequest(`Input '${name}' is ${datatype}, which has to come in raw_input_contents.`);
  const given = contents[field] ?? [];
  const count = elementCount(shape);
  if (given.length !== count) {
    throw badRequest(
      `Input '${name}' has ${given.length} elements in ${field}; its shape [${shape.join(',')}] has ${count}.`,
    );
  }
  if (field === 'bytes_contents') return given as readonly Bytes[];
  const values = DATATYPES[datatype].make(count);
  for (let i = 0; i < count; i++) {
    const element = given[i] as number | boolean | Integer;
    const value = typeof element === 'boolean' ? Number(element) : element;
    if (datatype === 'INT64' || datatype === 'UINT64') (values as BigInt64Array)[i] = bigintOf(value);
    else (values as Float64Array)[i] = numberOf(value);
    // int_contents and uint_contents also hold what is too large for 8 and 16 bits, which would be cut.
    if (field.endsWith('int_contents') && (values as Float64Array)[i] !== value) {
      throw badRequest(`Element ${i} of input '${name}' is ${numberOf(value)}, which is no ${datatype}.`);
    }
  }
  return values;
}

/** A tensor's elements as typed contents; undefined for a datatype that has none. */
export function toContents({ datatype, values }: Tensor): Contents | undefined {
  const field = FIELDS[datatype];
  switch (field) {
    case null:
      return undefined;
    case 'bytes_contents':
      return { bytes_contents: (values as readonly Bytes[]).map(contentOf) };
    case 'bool_contents':
      return { bool_contents: Array.from(values as Uint8Array, (value) => value !== 0) };
    case 'int64_contents':
    case 'uint64_contents': {
      const unsigned = datatype === 'UINT64';
      return { [field]: Array.from(values as BigInt64Array, (value) => integerOf(value, unsigned)) };
    }
    case 'int_contents':
    case 'uint_contents':
    case 'fp32_contents':
    case 'fp64_contents':
      return { [field]: values as Float64Array };
  }
}

export function contentOf(value: Bytes): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/** The outputs of a ModelInferResponse: all raw, or all typed. */
export function writeOutputs(
  outputs: readonly { readonly name: string; readonly tensor: Tensor }[],
  raw: boolean,
): { outputs: object[]; raw_output_contents: Uint8Array[] } {
  const head = outputs.map(({ name, tensor: { datatype, shape } }) => ({ name, datatype, shape }));
  const contents = raw ? [] : outputs.map(({ tensor }) => toContents(tensor));
  if (raw || contents.includes(undefined)) {
    return { outputs: head, raw_output_contents: outputs.map(({ tensor }) => bytesOf(tensor)) };
  }
  return {
    outputs: head.map((output, i) => ({ ...output, contents: contents[i] })),
    raw_output_contents: [],
  };
}
