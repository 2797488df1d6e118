import protobuf from 'protobufjs/minimal.js';
import { DATA_TYPES, type DataType, type Shape, type TensorInfo } from './types.js';

/** Reading protobuf messages of TensorFlow field by field. */
export type Reader = protobuf.Reader;

/** How the fields of a message are read, by their numbers; the others are skipped. */
export type Fields = Readonly<Record<number, (reader: Reader) => void>>;

export function readMessage(bytes: Uint8Array, fields: Fields): void {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const read = fields[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read(reader);
  }
}

/** An entry of a map from text to messages. */
export function readEntry(bytes: Uint8Array): { readonly key: string; readonly value: Uint8Array } {
  let key = '';
  let value: Uint8Array = new Uint8Array();
  readMessage(bytes, { 1: (reader) => (key = reader.string()), 2: (reader) => (value = reader.bytes()) });
  return { key, value };
}

export const int64 = (reader: Reader): number => Number(reader.int64());

export function dataType(number: number): DataType {
  const found = (Object.keys(DATA_TYPES) as DataType[]).find((type) => DATA_TYPES[type] === number);
  if (found === undefined) throw new TypeError(`The SavedModel has a data type ${number}.`);
  return found;
}

export function readShape(bytes: Uint8Array): Shape {
  const sizes: number[] = [];
  const unknown = { rank: false };
  readMessage(bytes, {
    2: (reader) => {
      let size = 0;
      readMessage(reader.bytes(), { 1: (field) => (size = int64(field)) });
      sizes.push(size);
    },
    3: (reader) => (unknown.rank = reader.bool()),
  });
  return unknown.rank ? null : sizes;
}

/** A tensor that a signature names; its name is empty where it is several tensors at once, such as a sparse one. */
export function readTensorInfo(bytes: Uint8Array): TensorInfo {
  let name = '';
  let type: DataType = 'variant';
  let shape: Shape = [];
  readMessage(bytes, {
    1: (field) => (name = field.string()),
    2: (field) => (type = dataType(field.int32())),
    3: (field) => (shape = readShape(field.bytes())),
  });
  return { name, type, shape };
}
