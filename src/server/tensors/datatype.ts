/**
 * Element types of the tensors that clients send and get, by their names in the Open Inference Protocol. FP16 and BF16
 * are held as their bits; BYTES is text or any bytes.
 */
export type Datatype = keyof typeof DATATYPES;

type TypedArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** The elements of a BYTES tensor. A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

export type Values = TypedArray | readonly Bytes[];

interface DatatypeInfo {
  /** Bytes of an element; null where they vary. */
  readonly size: number | null;
  /** Room for some elements, all of them zero, false or empty. */
  make(length: number): Values;
}

export const DATATYPES = {
  BOOL: { size: 1, make: (length: number) => new Uint8Array(length) },
  UINT8: { size: 1, make: (length: number) => new Uint8Array(length) },
  UINT16: { size: 2, make: (length: number) => new Uint16Array(length) },
  UINT32: { size: 4, make: (length: number) => new Uint32Array(length) },
  UINT64: { size: 8, make: (length: number) => new BigUint64Array(length) },
  INT8: { size: 1, make: (length: number) => new Int8Array(length) },
  INT16: { size: 2, make: (length: number) => new Int16Array(length) },
  INT32: { size: 4, make: (length: number) => new Int32Array(length) },
  INT64: { size: 8, make: (length: number) => new BigInt64Array(length) },
  FP16: { size: 2, make: (length: number) => new Uint16Array(length) },
  BF16: { size: 2, make: (length: number) => new Uint16Array(length) },
  FP32: { size: 4, make: (length: number) => new Float32Array(length) },
  FP64: { size: 8, make: (length: number) => new Float64Array(length) },
  BYTES: { size: null, make: (length: number) => new Array<Bytes>(length).fill('') },
} as const satisfies Record<string, DatatypeInfo>;

export function isDatatype(name: unknown): name is Datatype {
  return typeof name === 'string' && Object.hasOwn(DATATYPES, name);
}
