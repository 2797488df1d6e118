import protobuf from 'protobufjs/minimal.js';
import { sizeOf, type TensorData, type TensorValues } from '../../core/tensor.js';
import { INITIALIZER } from './proto.js';
import {
  dataType,
  type Fields,
  int64,
  readEntry,
  readMessage,
  readShape,
  type Reader,
  readTensorInfo,
} from './reading.js';
import {
  type AttrValue,
  type DataType,
  dtypeOf,
  type NodeDef,
  type SavedModel,
  type Shape,
  type Signature,
  type TensorInfo,
} from './types.js';

/** A list of numbers in one field, as proto3 packs them. */
function packed(reader: Reader): number[] {
  const list = protobuf.Reader.create(reader.bytes());
  const numbers: number[] = [];
  while (list.pos < list.len) numbers.push(int64(list));
  return numbers;
}

/**
 * Reads saved_model.pb: the graph, its signatures, and what is run at load. Functions are left out, as graphs for
 * inference call none.
 */
export function decodeSavedModel(bytes: Uint8Array): SavedModel {
  const nodes: NodeDef[] = [];
  const signatures: Record<string, Signature> = {};
  let initializer: string | undefined;
  const graph: Fields = { 1: (reader) => nodes.push(readNode(reader.bytes())) };
  const signature = (reader: Reader): void => {
    const { key, value } = readEntry(reader.bytes());
    const read = readSignature(value);
    if (key === INITIALIZER) initializer = read.outputs[INITIALIZER]?.name;
    else signatures[key] = read;
  };
  const metaGraph: Fields = { 2: (reader) => readMessage(reader.bytes(), graph), 5: signature };
  readMessage(bytes, { 2: (reader) => readMessage(reader.bytes(), metaGraph) });
  return { graph: { nodes, functions: [] }, signatures, initializer };
}

function readSignature(bytes: Uint8Array): Signature {
  const inputs: Record<string, TensorInfo> = {};
  const outputs: Record<string, TensorInfo> = {};
  const into = (infos: Record<string, TensorInfo>) => (reader: Reader) => {
    const { key, value } = readEntry(reader.bytes());
    infos[key] = readTensorInfo(value);
  };
  readMessage(bytes, { 1: into(inputs), 2: into(outputs) });
  return { inputs, outputs };
}

function readNode(bytes: Uint8Array): NodeDef {
  let [name, op] = ['', ''];
  const input: string[] = [];
  const attr: Record<string, AttrValue> = {};
  readMessage(bytes, {
    1: (reader) => (name = reader.string()),
    2: (reader) => (op = reader.string()),
    3: (reader) => input.push(reader.string()),
    5: (reader) => {
      const { key, value } = readEntry(reader.bytes());
      const read = readAttribute(value);
      if (read !== undefined) attr[key] = read;
    },
  });
  return { name, op, input, attr };
}

function readAttribute(bytes: Uint8Array): AttrValue | undefined {
  let value: AttrValue | undefined;
  readMessage(bytes, {
    1: (reader) => readMessage(reader.bytes(), { 3: (list) => (value = { ints: packed(list) }) }),
    2: (reader) => (value = { string: reader.string() }),
    3: (reader) => (value = { int: int64(reader) }),
    4: (reader) => (value = { float: reader.float() }),
    5: (reader) => (value = { bool: reader.bool() }),
    6: (reader) => (value = { type: dataType(reader.int32()) }),
    7: (reader) => (value = { shape: readShape(reader.bytes()) }),
    8: (reader) => (value = { tensor: readTensor(reader.bytes()) }),
  });
  return value;
}

function readTensor(bytes: Uint8Array): TensorData {
  let type: DataType = 'float';
  let shape: Shape = [];
  let content: Uint8Array = new Uint8Array();
  const strings: string[] = [];
  readMessage(bytes, {
    1: (reader) => (type = dataType(reader.int32())),
    2: (reader) => (shape = readShape(reader.bytes())),
    4: (reader) => (content = reader.bytes()),
    8: (reader) => strings.push(reader.string()),
  });
  const dtype = dtypeOf(type);
  const data = dtype === 'string' ? strings : valuesOf(dtype, content);
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`A constant of shape [${shape.join(', ')}] has ${data.length} elements.`);
  }
  return { dtype, shape, data };
}

const VALUES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

function valuesOf(dtype: keyof typeof VALUES, content: Uint8Array): TensorValues {
  // A copy, because the bytes in the file are not aligned.
  return new VALUES[dtype](Uint8Array.from(content).buffer);
}
