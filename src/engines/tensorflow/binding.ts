import { createRequire } from 'node:module';
import type { DType, TensorData } from '../../core/tensor.js';
import type { Crossing } from './messages.js';

/** What we use of the addon in @tensorflow/tfjs-node-gpu (its binding/tfjs_binding.cc). */
export interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  /** 64-bit integers are given as an Int32Array of twice the length, text as UTF-8 in an array of Uint8Arrays. */
  createTensor(shape: readonly number[], type: number, data: ArrayBufferView | readonly Uint8Array[]): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayBufferView | readonly Uint8Array[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** `inputs` and `outputs` are names of tensors with commas between them. */
  runSavedModel(
    id: number,
    tensors: readonly number[],
    inputs: string,
    outputs: string,
  ): { readonly id: number; readonly shape: readonly number[]; readonly dtype: number }[];
}

export function loadBinding(path: string): Binding {
  return createRequire(import.meta.url)(path) as Binding;
}

/** TF_DataType of the types that the addon passes. */
const TYPES = { float32: 1, int32: 3, string: 7, int64: 9, bool: 10 } as const;

type Passed = keyof typeof TYPES;

function isPassed(dtype: DType): dtype is Passed {
  return Object.hasOwn(TYPES, dtype);
}

/** Makes a tensor for feeding; to be deleted by whoever asked for it. */
export function createTensor(binding: Binding, { dtype, shape, data }: TensorData | Crossing): number {
  if (!isPassed(dtype)) throw new TypeError(`The addon passes no ${dtype}.`);
  if (!ArrayBuffer.isView(data)) {
    return binding.createTensor(
      shape,
      TYPES[dtype],
      data.map((text) => (typeof text === 'string' ? Buffer.from(text, 'utf8') : text)),
    );
  }
  const words = dtype === 'int64' ? new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4) : data;
  return binding.createTensor(shape, TYPES[dtype], words);
}

/** Reads a fetched tensor and deletes it. */
export function takeTensor(
  binding: Binding,
  { id, shape, dtype }: { readonly id: number; readonly shape: readonly number[]; readonly dtype: number },
): Crossing {
  try {
    const name = (Object.keys(TYPES) as Passed[]).find((key) => TYPES[key] === dtype);
    if (name === undefined) throw new TypeError(`The addon passes no type ${dtype}.`);
    const data = binding.tensorDataSync(id);
    if (ArrayBuffer.isView(data)) return { dtype: name, shape, data: data as Float32Array };
    return { dtype: 'string', shape, data };
  } finally {
    binding.deleteTensor(id);
  }
}
