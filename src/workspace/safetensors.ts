import { readFile } from 'node:fs/promises';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../core/json.js';
import { sizeOf, type TensorData, type TensorValues } from '../core/tensor.js';
import { readError, writeFileAtomic } from './atomic.js';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header (little
 * endian), the header as JSON, the tensors' bytes without gaps. This code is for little-endian machines, as is the format.
 */
const CODES = { float64: 'F64', int64: 'I64', float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
type StoredDType = keyof typeof CODES;

const BYTES: Record<StoredDType, number> = { float64: 8, int64: 8, float32: 4, int32: 4, bool: 1 };
const PREFIX = 8;
/** What the format allows; a longer one is not a header. */
const LONGEST_HEADER = 100_000_000;

type Entry = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
};

function bytesOf(values: TensorValues): Uint8Array {
  if (!ArrayBuffer.isView(values)) throw new TypeError('safetensors holds no tensors of strings.');
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Writes tensors to one file, atomically. Larger element types come first, so that every tensor is aligned to its own.
 * @throws AimaasError STORAGE when the file cannot be written; TypeError for a tensor of strings.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const sorted = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, bytes: bytesOf(tensor.data) }))
    .sort((a, b) => BYTES[b.tensor.dtype as StoredDType] - BYTES[a.tensor.dtype as StoredDType]);
  const header: Record<string, Json> = metadata === undefined ? {} : { __metadata__: metadata };
  let offset = 0;
  for (const { name, tensor, bytes } of sorted) {
    if (tensor.data.length !== sizeOf(tensor.shape)) {
      throw new RangeError(
        `Tensor "${name}" of shape [${tensor.shape.join(', ')}] has ${tensor.data.length} values.`,
      );
    }
    header[name] = {
      dtype: CODES[tensor.dtype as StoredDType],
      shape: tensor.shape,
      data_offsets: [offset, offset + bytes.byteLength],
    };
    offset += bytes.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeBigUInt64LE(BigInt(padded.length));
  await writeFileAtomic(path, [prefix, padded, ...sorted.map(({ bytes }) => bytes)]);
}

/**
 * All tensors of a file.
 * @throws AimaasError ARTIFACT_CORRUPT when the file is not complete or not safetensors, ARTIFACT_NOT_FOUND without one.
 */
export async function readSafetensors(path: string): Promise<Record<string, TensorData>> {
  const file = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AimaasError('ARTIFACT_NOT_FOUND', `There is no file ${path}.`, { cause: error });
    }
    throw readError(error, path);
  });
  const headerLength = file.length < PREFIX ? Infinity : Number(file.readBigUInt64LE(0));
  if (headerLength > LONGEST_HEADER || PREFIX + headerLength > file.length)
    throw corrupt(path, 'it is cut short');
  const start = PREFIX + headerLength;
  const tensors: Record<string, TensorData> = {};
  for (const [name, entry] of Object.entries(
    parseHeader(path, file.subarray(PREFIX, start).toString('utf8')),
  )) {
    if (name === '__metadata__') continue;
    tensors[name] = readTensor(path, name, entry, file, start);
  }
  return tensors;
}

function parseHeader(path: string, text: string): JsonObject {
  try {
    const header = JSON.parse(text) as Json;
    if (isJsonObject(header)) return header;
  } catch {
    // Reported below: whatever is wrong with it, it is not a header.
  }
  throw corrupt(path, 'its header is not JSON');
}

function isEntry(entry: Json | undefined): entry is Entry {
  const whole = (value: Json): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return (
    isJsonObject(entry) &&
    typeof entry['dtype'] === 'string' &&
    Array.isArray(entry['shape']) &&
    (entry['shape'] as readonly Json[]).every(whole) &&
    Array.isArray(entry['data_offsets']) &&
    entry['data_offsets'].length === 2 &&
    (entry['data_offsets'] as readonly Json[]).every(whole)
  );
}

function readTensor(
  path: string,
  name: string,
  entry: Json | undefined,
  file: Buffer,
  start: number,
): TensorData {
  if (!isEntry(entry)) throw corrupt(path, `tensor "${name}" is not described as it should be`);
  const dtype = (Object.keys(CODES) as StoredDType[]).find((candidate) => CODES[candidate] === entry.dtype);
  if (dtype === undefined)
    throw corrupt(path, `tensor "${name}" is of type ${entry.dtype}, which is not read here`);
  const [from, to] = entry.data_offsets;
  if (to - from !== sizeOf(entry.shape) * BYTES[dtype] || start + to > file.length) {
    throw corrupt(path, `tensor "${name}" does not have the bytes of its shape`);
  }
  return { dtype, shape: entry.shape, data: valuesOf(dtype, file.subarray(start + from, start + to)) };
}

function valuesOf(dtype: StoredDType, bytes: Buffer): TensorValues {
  // A view needs to begin at a multiple of its element size; a copy does.
  const aligned = bytes.byteOffset % BYTES[dtype] === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset } = aligned;
  const length = aligned.byteLength / BYTES[dtype];
  switch (dtype) {
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'bool':
      return new Uint8Array(buffer, byteOffset, length);
  }
}

function corrupt(path: string, what: string): AimaasError {
  return new AimaasError('ARTIFACT_CORRUPT', `The file ${path} is damaged: ${what}.`, {
    hint: 'Make the artifact it belongs to again, with --force.',
    details: { path },
  });
}
