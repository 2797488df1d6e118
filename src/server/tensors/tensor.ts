import { DATATYPES, type Datatype, type Values } from './datatype.js';

/** A dense row-major tensor. `values` are of the array type of its datatype. */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly values: Values;
}

export type Tensors = Readonly<Record<string, Tensor>>;

/** A tensor that a model takes or gives. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where the size is free. */
  readonly shape: readonly number[];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements of one row: of everything behind the first axis. */
function rowSize({ shape }: Tensor): number {
  return elementCount(shape.slice(1));
}

/** Rows `from` to `to` of every tensor. Shares memory with the whole. */
export function takeRows(tensors: Tensors, from: number, to: number): Tensors {
  return mapTensors(tensors, (tensor) => {
    const size = rowSize(tensor);
    const { values } = tensor;
    const part = ArrayBuffer.isView(values)
      ? values.subarray(from * size, to * size)
      : values.slice(from * size, to * size);
    return { datatype: tensor.datatype, shape: [to - from, ...tensor.shape.slice(1)], values: part };
  });
}

/** The rows of all parts one after the other. Parts have the same tensors and differ in their first axis only. */
export function joinRows(parts: readonly Tensors[]): Tensors {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? {};
  return mapTensors(first, (tensor, name) => joined(parts.map((part) => part[name] as Tensor)));
}

/** Sets a key whatever it is called: assigning to __proto__ would not. */
function mapTensors(tensors: Tensors, change: (tensor: Tensor, name: string) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, name)]));
}

function joined(parts: readonly Tensor[]): Tensor {
  const { datatype, shape } = parts[0] as Tensor;
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const whole = [rows, ...shape.slice(1)];
  if (datatype === 'BYTES') {
    const values = parts.flatMap((part) => part.values as readonly string[]);
    return { datatype, shape: whole, values };
  }
  const values = DATATYPES[datatype].make(elementCount(whole));
  let at = 0;
  for (const part of parts) {
    // The parts have one datatype, so their arrays are of one type; the compiler cannot know it.
    (values as Float64Array).set(part.values as Float64Array, at);
    at += part.values.length;
  }
  return { datatype, shape: whole, values };
}

/** Whether the rows of two requests may be joined: they have the same tensors, types, and sizes behind the first axis. */
export function canJoin(one: Tensors, other: Tensors): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => {
    const [a, b] = [one[name], other[name]];
    return (
      a !== undefined &&
      b !== undefined &&
      a.datatype === b.datatype &&
      a.shape.length === b.shape.length &&
      a.shape.every((size, axis) => axis === 0 || size === b.shape[axis])
    );
  });
}
