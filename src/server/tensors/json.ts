import { shortestFloat32 } from '../../core/float32.js';
import { quote, RoundedInteger } from '../json-body.js';
import { badRequest } from '../request-error.js';
import { type Bytes, DATATYPES, type Datatype, type Values } from './datatype.js';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from './half.js';
import { elementCount, type Tensor } from './tensor.js';
import { textOf } from './text.js';

type Element = number | bigint | Bytes;

/** The whole numbers a datatype holds. */
const RANGES: Partial<Record<Datatype, readonly [number, number]>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 2 ** 32 - 1],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
};

const WIDE_RANGES = { INT64: [-(2n ** 63n), 2n ** 63n - 1n], UINT64: [0n, 2n ** 64n - 1n] } as const;

/**
 * A JSON value, of a string also its bytes, as an element; undefined where it does not fit. null is NaN, as it is where we
 * write numbers.
 */
function elementReader(datatype: Datatype): (value: unknown) => Element | undefined {
  switch (datatype) {
    case 'BOOL':
      return (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined);
    case 'FP32':
    case 'FP64':
      return numberOf;
    case 'FP16':
      return (value) => converted(numberOf(value), toHalf);
    case 'BF16':
      return (value) => converted(numberOf(value), toBfloat16);
    case 'INT64':
    case 'UINT64': {
      const [least, most] = WIDE_RANGES[datatype];
      return (value) => {
        const integer = integerOf(value);
        return integer !== undefined && integer >= least && integer <= most ? integer : undefined;
      };
    }
    case 'BYTES':
      return (value) =>
        typeof value === 'string' || value instanceof Uint8Array ? value : value === null ? '' : undefined;
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'INT8':
    case 'INT16':
    case 'INT32': {
      const [least, most] = RANGES[datatype] ?? [0, 0];
      return (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
          ? value
          : undefined;
    }
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value === null ? NaN : typeof value === 'bigint' ? Number(value) : undefined;
}

/** @throws RoundedInteger for a number that may not be the one that was sent. */
function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string') return /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (!Number.isSafeInteger(value)) throw new RoundedInteger(value);
  return BigInt(value);
}

function converted(value: number | undefined, convert: (value: number) => number): number | undefined {
  return value === undefined ? undefined : convert(value);
}

/**
 * The elements of a JSON list, flat or nested as the shape says.
 * @throws RequestError 400 that names the tensor, and the element that does not fit; RoundedInteger for a whole number of
 * 64 bits that needs to be read exactly.
 */
export function valuesFromJson(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  data: unknown,
): Values {
  if (!Array.isArray(data)) throw badRequest(`The data of tensor '${name}' are ${quote(data)}, not a list.`);
  const count = elementCount(shape);
  const flat = Array.isArray(data[0]) ? flattened(name, shape, data) : (data as readonly unknown[]);
  if (flat.length !== count) {
    throw badRequest(
      `Tensor '${name}' has ${flat.length} elements; its shape [${shape.join(',')}] has ${count}.`,
    );
  }
  const values = DATATYPES[datatype].make(count) as Element[];
  const read = elementReader(datatype);
  for (let i = 0; i < count; i++) {
    const element = read(flat[i]);
    if (element === undefined) {
      throw badRequest(`Element ${i} of tensor '${name}' is ${quote(flat[i])}, which is no ${datatype}.`);
    }
    values[i] = element;
  }
  return values as Values;
}

function flattened(name: string, shape: readonly number[], data: readonly unknown[]): unknown[] {
  const flat: unknown[] = [];
  const visit = (value: unknown, axis: number): void => {
    if (axis === shape.length) {
      flat.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[axis]) {
      throw badRequest(`The nested data of tensor '${name}' do not have its shape [${shape.join(',')}].`);
    }
    for (const part of value as unknown[]) visit(part, axis + 1);
  };
  visit(data, 0);
  return flat;
}

/** A number as JSON: with the digits a float32 has, and null where it is no finite number. */
function float32Json(value: number): string {
  return Number.isFinite(value) ? String(shortestFloat32(value)) : 'null';
}

/** Writes an element of a tensor as JSON. */
export function elementWriter({ datatype, values }: Tensor): (index: number) => string {
  switch (datatype) {
    case 'BOOL':
      return (i) => (values[i] === 0 ? 'false' : 'true');
    case 'FP32':
      return (i) => float32Json(values[i] as number);
    case 'FP64':
      return (i) => (Number.isFinite(values[i]) ? String(values[i]) : 'null');
    case 'FP16':
      return (i) => float32Json(fromHalf(values[i] as number));
    case 'BF16':
      return (i) => float32Json(fromBfloat16(values[i] as number));
    case 'BYTES':
      return (i) => JSON.stringify(textFor(values[i] as Bytes));
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'UINT64':
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64':
      return (i) => String(values[i]);
  }
}

/** JSON has no bytes: those that are not UTF-8 have their wrong ones replaced. Clients that need them ask for binary. */
function textFor(bytes: Bytes): string {
  return textOf(bytes) ?? Buffer.from(bytes).toString('utf8');
}

/** All elements as a flat JSON list. */
export function flatJson(tensor: Tensor): string {
  const write = elementWriter(tensor);
  let text = '[';
  for (let i = 0; i < tensor.values.length; i++) text += i === 0 ? write(i) : `,${write(i)}`;
  return `${text}]`;
}

/**
 * Writes the part of a tensor at one index of all axes before `axis`, nested.
 * @param write writes an element; by default as `elementWriter`.
 */
export function nestedJson(
  tensor: Tensor,
  axis: number,
  write: (index: number) => string = elementWriter(tensor),
): (index: number) => string {
  const { shape } = tensor;
  const nested = (level: number, from: number): string => {
    if (level === shape.length) return write(from);
    const size = elementCount(shape.slice(level + 1));
    const parts: string[] = [];
    for (let i = 0; i < (shape[level] as number); i++) parts.push(nested(level + 1, from + i * size));
    return `[${parts.join(',')}]`;
  };
  const size = elementCount(shape.slice(axis));
  return (index) => nested(axis, index * size);
}
