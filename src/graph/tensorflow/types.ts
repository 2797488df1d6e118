import type { DType, TensorData } from '../../core/tensor.js';

/** Element types of TensorFlow, by their names in its registry, with their numbers in types.proto. */
export const DATA_TYPES = {
  float: 1,
  double: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  qint8: 11,
  quint8: 12,
  qint32: 13,
  bfloat16: 14,
  qint16: 15,
  quint16: 16,
  uint16: 17,
  complex128: 18,
  half: 19,
  resource: 20,
  variant: 21,
  uint32: 22,
  uint64: 23,
} as const;

export type DataType = keyof typeof DATA_TYPES;

const BY_DTYPE: Readonly<Record<DType, DataType>> = {
  float32: 'float',
  float64: 'double',
  int32: 'int32',
  int64: 'int64',
  bool: 'bool',
  string: 'string',
};

export function dataTypeOf(dtype: DType): DataType {
  return BY_DTYPE[dtype];
}

/** The element type as ours; those that aimaas' own graphs do not have are none. */
export function dtypeOf(type: DataType): DType {
  const found = (Object.keys(BY_DTYPE) as DType[]).find((dtype) => BY_DTYPE[dtype] === type);
  if (found === undefined) throw new TypeError(`A ${type} holds no elements that can be read.`);
  return found;
}

/** -1 stands for any size, null for any shape. */
export type Shape = readonly number[] | null;

/** AttrValue of attr_value.proto, told apart by what it holds. */
export type AttrValue =
  | { readonly type: DataType }
  | { readonly types: readonly DataType[] }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly shape: Shape }
  | { readonly shapes: readonly Shape[] }
  | { readonly tensor: TensorData }
  | { readonly func: string };

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

/** An argument of a function: its name in the function, and its type. */
export interface Argument {
  readonly name: string;
  readonly type: DataType;
}

export interface FunctionDef {
  readonly name: string;
  readonly inputs: readonly Argument[];
  readonly outputs: readonly Argument[];
  readonly nodes: readonly NodeDef[];
  /** Output name → the tensor in the function that it is. */
  readonly returns: Readonly<Record<string, string>>;
}

export interface GraphDef {
  readonly nodes: readonly NodeDef[];
  readonly functions: readonly FunctionDef[];
}

/** A tensor of a graph as a signature names it. */
export interface TensorInfo {
  /** "node:0" */
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
}

export interface Signature {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

export interface SavedModel {
  readonly graph: GraphDef;
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Node that is run once when the model is loaded. */
  readonly initializer: string | undefined;
}
