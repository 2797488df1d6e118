import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { sizeOf } from '../../core/tensor.js';
import {
  type AttrValue,
  type DataTypeName,
  dataTypeName,
  type GraphDef,
  narrowed,
  type NodeDef,
  tensorShape,
} from './types.js';

/** A tensor in a GraphDef: "node" or, for a later output of a node, "node:1". */
export type Ref = string;

/** Makes a GraphDef node by node. Equal constants of few elements become one. */
export class GraphDefWriter {
  private readonly nodes: NodeDef[] = [];
  private readonly initializer: NodeDef[] = [];
  private readonly weights = new Map<string, TensorData>();
  private readonly shared = new Map<string, Ref>();
  private readonly names = new Set<string>();

  node(op: string, input: readonly Ref[], attr: NodeDef['attr'] = {}, name = op): Ref {
    const unique = this.uniqueName(name);
    this.nodes.push({ name: unique, op, ...(input.length === 0 ? {} : { input }), attr });
    return unique;
  }

  constant(tensor: TensorData): Ref {
    const key = sizeOf(tensor.shape) <= 64 ? keyOf(tensor) : undefined;
    const known = key === undefined ? undefined : this.shared.get(key);
    if (known !== undefined) return known;
    const name = this.uniqueName('constant');
    const narrow = narrowTensor(tensor);
    this.nodes.push(constantNode(name, narrow));
    this.weights.set(name, narrow);
    if (key !== undefined) this.shared.set(key, name);
    return name;
  }

  /** A whole number, or several as a vector. */
  integers(values: number | readonly number[]): Ref {
    const shape = typeof values === 'number' ? [] : [values.length];
    const data = Int32Array.from(typeof values === 'number' ? [values] : values);
    return this.constant({ dtype: 'int32', shape, data });
  }

  float(value: number): Ref {
    return this.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /** The handle of a lookup table that the initializer fills with these keys and values. */
  table(keys: TensorData, values: TensorData): Ref {
    const name = this.uniqueName('table');
    const attr = { key_dtype: type(keys.dtype), value_dtype: type(values.dtype) };
    const handle: NodeDef = { name, op: 'HashTableV2', attr };
    this.nodes.push(handle);
    const [keysName, valuesName] = [`${name}/keys`, `${name}/values`];
    this.weights.set(keysName, narrowTensor(keys));
    this.weights.set(valuesName, narrowTensor(values));
    this.initializer.push(handle, constantNode(keysName, keys), constantNode(valuesName, values), {
      name: `${name}/import`,
      op: 'LookupTableImportV2',
      input: [name, keysName, valuesName],
      attr: {},
    });
    return name;
  }

  finish(): GraphDef {
    return { nodes: this.nodes, initializer: this.initializer, weights: this.weights };
  }

  private uniqueName(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }
}

export function type(dtype: TensorData['dtype']): { readonly type: DataTypeName } {
  return { type: dataTypeName(dtype) };
}

/** Text as GraphDef's JSON has it. */
export function text(value: string): AttrValue {
  return { s: Buffer.from(value, 'utf8').toString('base64') };
}

function constantNode(name: string, { dtype, shape }: TensorData): NodeDef {
  const tensor = { dtype: dataTypeName(dtype), tensorShape: tensorShape(shape) };
  return { name, op: 'Const', attr: { dtype: type(dtype), value: { tensor } } };
}

function keyOf(tensor: TensorData): string {
  const cells = Array.from(tensor.data as ArrayLike<unknown>, (cell) =>
    Object.is(cell, -0) ? '-0' : typeof cell === 'string' ? JSON.stringify(cell) : String(cell),
  );
  return `${narrowed(tensor.dtype)} ${tensor.shape.join(',')} ${cells.join(' ')}`;
}

/** The tensor in an element type that tfjs has. */
function narrowTensor(tensor: TensorData): TensorData {
  const dtype = narrowed(tensor.dtype);
  if (dtype === tensor.dtype) return tensor;
  if (dtype === 'float32') return { ...tensor, dtype, data: Float32Array.from(tensor.data as Float64Array) };
  const data = Int32Array.from(tensor.data as BigInt64Array, (value: bigint) => {
    const narrow = Number(BigInt.asIntN(32, value));
    if (BigInt(narrow) === value) return narrow;
    throw new AimaasError(
      'UNSUPPORTED',
      `The whole number ${value} does not fit the 32 bits that tfjs has.`,
      {
        hint: 'Export the other formats: aimaas export --format onnx',
      },
    );
  });
  return { ...tensor, dtype, data };
}
