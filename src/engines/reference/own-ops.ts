import { AimaasError } from '../../core/errors.js';
import { sizeOf, type TensorData, type TensorValues } from '../../core/tensor.js';
import { numberAttribute, numbersAttribute, stringsAttribute } from '../../graph/attributes.js';
import type { Attributes } from '../../graph/graph.js';

type OwnOp = (inputs: readonly TensorData[], attributes: Attributes) => TensorData;

function at(inputs: readonly TensorData[], index: number): TensorData {
  const input = inputs[index];
  if (input === undefined) throw new AimaasError('INTERNAL', `Input ${index} is missing.`);
  return input;
}

/** The operations that graphs have beyond tfjs' kernels. */
export const ownOps: Readonly<Partial<Record<string, OwnOp>>> = {
  RandomUniform: (inputs, attributes) => {
    const shape = numbersAttribute(attributes, 'shape');
    const begin = Number(at(inputs, 1).data[numberAttribute(attributes, 'index')]);
    const data = (at(inputs, 0).data as Float32Array).slice(begin, begin + sizeOf(shape));
    return { dtype: 'float32', shape, data };
  },
  LookupIndex: (inputs, attributes) => {
    const keys = new Map(stringsAttribute(attributes, 'keys').map((key, i) => [key, BigInt(i)]));
    const otherwise = BigInt(numberAttribute(attributes, 'default', -1));
    const { shape, data } = at(inputs, 0);
    const indices = BigInt64Array.from(data as readonly string[], (key) => keys.get(key) ?? otherwise);
    return { dtype: 'int64', shape, data: indices };
  },
  LookupLabel: (inputs, attributes) => {
    const labels = stringsAttribute(attributes, 'labels');
    const { shape, data } = at(inputs, 0);
    return {
      dtype: 'string',
      shape,
      data: Array.from(data as ArrayLike<unknown>, (i) => labels[Number(i)] ?? ''),
    };
  },
};

export function computesDouble(op: string): boolean {
  return Object.hasOwn(doubleOps, op);
}

/** Elementwise arithmetic in float64 and int64, which tfjs does not have. */
export function runDouble(op: string, inputs: readonly TensorData[], shape: readonly number[]): TensorValues {
  const compute = doubleOps[op];
  if (compute === undefined) {
    throw new AimaasError('UNSUPPORTED', `The reference engine does not compute ${op} in float64.`);
  }
  const result = new Float64Array(sizeOf(shape));
  const readers = inputs.map((input) => broadcastReader(input, shape));
  for (let i = 0; i < result.length; i++) result[i] = compute(...readers.map((read) => read(i)));
  return result;
}

const doubleOps: Readonly<Partial<Record<string, (...x: number[]) => number>>> = {
  Add: (a = 0, b = 0) => a + b,
  Sub: (a = 0, b = 0) => a - b,
  Multiply: (a = 0, b = 0) => a * b,
  RealDiv: (a = 0, b = 0) => a / b,
  FloorDiv: (a = 0, b = 0) => Math.floor(a / b),
  Mod: (a = 0, b = 0) => a - Math.floor(a / b) * b,
  Maximum: (a = 0, b = 0) => Math.max(a, b),
  Minimum: (a = 0, b = 0) => Math.min(a, b),
  Pow: (a = 0, b = 0) => a ** b,
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  Greater: (a = 0, b = 0) => Number(a > b),
  GreaterEqual: (a = 0, b = 0) => Number(a >= b),
  Less: (a = 0, b = 0) => Number(a < b),
  LessEqual: (a = 0, b = 0) => Number(a <= b),
  Select: (condition, t = 0, e = 0) => (condition === 0 ? e : t),
  Abs: (x = 0) => Math.abs(x),
  Neg: (x = 0) => -x,
  Floor: (x = 0) => Math.floor(x),
  Ceil: (x = 0) => Math.ceil(x),
  Sqrt: (x = 0) => Math.sqrt(x),
  Square: (x = 0) => x * x,
  Exp: (x = 0) => Math.exp(x),
  Log: (x = 0) => Math.log(x),
  Log1p: (x = 0) => Math.log1p(x),
  Sin: (x = 0) => Math.sin(x),
  Cos: (x = 0) => Math.cos(x),
  Tanh: (x = 0) => Math.tanh(x),
  Sigmoid: (x = 0) => 1 / (1 + Math.exp(-x)),
  Reciprocal: (x = 0) => 1 / x,
  IsNan: (x) => Number(Number.isNaN(x)),
  IsInf: (x) => Number(x === Infinity || x === -Infinity),
  IsFinite: (x) => Number(Number.isFinite(x)),
  Identity: (x = 0) => x,
};

/** Reads the element that broadcasting puts at a position of `shape`. */
export function broadcastReader(tensor: TensorData, shape: readonly number[]): (index: number) => number {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
    const size = tensor.shape[axis] ?? 1;
    strides.unshift(size === 1 ? 0 : stride);
    stride *= size;
  }
  while (strides.length < shape.length) strides.unshift(0);
  return (index) => {
    let [rest, offset] = [index, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      offset += (rest % size) * (strides[axis] ?? 0);
      rest = Math.floor(rest / size);
    }
    return Number(tensor.data[offset]);
  };
}
