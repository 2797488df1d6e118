import { badRequest } from '../request-error.js';
import { valuesFromBytes } from '../tensors/binary.js';
import { shapeOf } from '../tensors/check.js';
import { type Bytes, DATATYPES, type Datatype, type Values } from '../tensors/datatype.js';
import { TENSORFLOW_TYPES } from '../tensors/tensorflow-types.js';
import { elementCount, type Tensor } from '../tensors/tensor.js';
import { contentOf } from './inference-tensors.js';
import { bigintOf, type Integer, integerOf, numberOf } from './integers.js';

export interface TensorShape {
  readonly dim: readonly { readonly size: Integer }[];
  readonly unknown_rank: boolean;
}

type Fields = 'float_val' | 'double_val' | 'int_val' | 'half_val' | 'uint32_val';

/** tensorflow.TensorProto. */
export interface TensorProto extends Readonly<Record<Fields, readonly number[]>> {
  readonly dtype: number;
  readonly tensor_shape: TensorShape | null;
  readonly tensor_content: Uint8Array;
  readonly string_val: readonly Uint8Array[];
  readonly int64_val: readonly Integer[];
  readonly uint64_val: readonly Integer[];
  readonly bool_val: readonly boolean[];
}

type ElementField = Fields | 'string_val' | 'int64_val' | 'uint64_val' | 'bool_val';

/** The field that holds the elements of a datatype. */
const FIELDS: Readonly<Record<Datatype, ElementField>> = {
  FP32: 'float_val',
  FP64: 'double_val',
  INT32: 'int_val',
  UINT8: 'int_val',
  INT16: 'int_val',
  INT8: 'int_val',
  BYTES: 'string_val',
  INT64: 'int64_val',
  BOOL: 'bool_val',
  BF16: 'half_val',
  UINT16: 'int_val',
  FP16: 'half_val',
  UINT32: 'uint32_val',
  UINT64: 'uint64_val',
};

const DATATYPES_BY_NUMBER = new Map(
  (Object.keys(FIELDS) as Datatype[]).map((datatype) => [TENSORFLOW_TYPES[datatype].number, datatype]),
);

/** Elements to which one value may be spread: a message of a few bytes must not become gigabytes. */
const MOST_SPREAD = 2 ** 20;

/**
 * A TensorProto as a tensor. As in TensorFlow, the last of too few values stands for all that follow.
 * @throws RequestError 400 that names what is wrong.
 */
export function readTensorProto(name: string, proto: TensorProto): Tensor {
  const datatype = DATATYPES_BY_NUMBER.get(proto.dtype);
  if (datatype === undefined) {
    throw badRequest(`Tensor '${name}' has dtype ${proto.dtype}, which no model here takes.`);
  }
  if (proto.tensor_shape?.unknown_rank === true) throw badRequest(`Tensor '${name}' has no known shape.`);
  const shape = shapeOf(
    name,
    (proto.tensor_shape?.dim ?? []).map(({ size }) => numberOf(size)),
  );
  const content = proto.tensor_content;
  if (content.length > 0) {
    return { datatype, shape, values: valuesFromBytes(name, datatype, shape, content) };
  }
  return { datatype, shape, values: spread(name, datatype, elementCount(shape), proto) };
}

function spread(name: string, datatype: Datatype, count: number, proto: TensorProto): Values {
  const given = proto[FIELDS[datatype]] as readonly (number | Integer | boolean | Uint8Array)[];
  if (given.length > count || (given.length === 0 && count > 0)) {
    throw badRequest(`Tensor '${name}' has ${given.length} values; its shape has ${count}.`);
  }
  if (given.length < count && count > MOST_SPREAD) {
    throw badRequest(
      `Tensor '${name}' spreads ${given.length} values to ${count}; at most ${MOST_SPREAD} are possible.`,
    );
  }
  const last = given.length - 1;
  if (datatype === 'BYTES') return Array.from({ length: count }, (_, i) => given[Math.min(i, last)] as Bytes);
  const values = DATATYPES[datatype].make(count);
  for (let i = 0; i < count; i++) {
    const element = given[Math.min(i, last)] as number | Integer | boolean;
    const value = typeof element === 'boolean' ? Number(element) : element;
    if (datatype === 'INT64' || datatype === 'UINT64') (values as BigInt64Array)[i] = bigintOf(value);
    else (values as Float64Array)[i] = numberOf(value);
  }
  return values;
}

/** A tensor as a TensorProto with typed values, which every client reads. */
export function writeTensorProto({ datatype, shape, values }: Tensor): object {
  return {
    dtype: TENSORFLOW_TYPES[datatype].number,
    tensor_shape: shapeProto(shape),
    [FIELDS[datatype]]: elements(datatype, values),
  };
}

export function shapeProto(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size })) };
}

function elements(datatype: Datatype, values: Values): unknown {
  switch (datatype) {
    case 'BYTES':
      return (values as readonly Bytes[]).map(contentOf);
    case 'BOOL':
      return Array.from(values as Uint8Array, (value) => value !== 0);
    case 'INT64':
    case 'UINT64':
      return Array.from(values as BigInt64Array, (value) => integerOf(value, datatype === 'UINT64'));
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'FP16':
    case 'BF16':
    case 'FP32':
    case 'FP64':
      return values;
  }
}
