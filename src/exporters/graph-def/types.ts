import type { DType, TensorData } from '../../core/tensor.js';

/** TensorFlow's names of element types, as the JSON form of a GraphDef has them. */
export type DataTypeName = 'DT_FLOAT' | 'DT_INT32' | 'DT_BOOL' | 'DT_STRING';

/** AttrValue of TensorFlow's attr_value.proto, in JSON; text is base64. */
export type AttrValue =
  | { readonly type: DataTypeName }
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly shape: TensorShape }
  | { readonly tensor: { readonly dtype: DataTypeName; readonly tensorShape: TensorShape } };

/** -1 stands for any size. */
export type TensorShape = { readonly dim: readonly { readonly size: string }[] };

export type NodeDef = {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: { readonly [name: string]: AttrValue };
};

/** A GraphDef whose constants are kept apart, by node name, as tfjs wants them. */
export type GraphDef = {
  readonly nodes: readonly NodeDef[];
  /** Nodes that fill the lookup tables once, at load; they share the constants. */
  readonly initializer: readonly NodeDef[];
  readonly weights: ReadonlyMap<string, TensorData>;
};

/**
 * The element type that tfjs computes a dtype with: it has no 64-bit numbers, so float64 becomes float32 and int64
 * becomes int32.
 */
export function narrowed(dtype: DType): 'float32' | 'int32' | 'bool' | 'string' {
  if (dtype === 'float64') return 'float32';
  return dtype === 'int64' ? 'int32' : dtype;
}

export function dataTypeName(dtype: DType): DataTypeName {
  const names = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL', string: 'DT_STRING' } as const;
  return names[narrowed(dtype)];
}

export function tensorShape(shape: readonly number[]): TensorShape {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}
