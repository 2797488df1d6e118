import protobuf from 'protobufjs/minimal.js';
import type { TensorData } from '../../core/tensor.js';
import {
  type Argument,
  type AttrValue,
  DATA_TYPES,
  dataTypeOf,
  type FunctionDef,
  type NodeDef,
  type SavedModel,
  type Shape,
  type Signature,
  type TensorInfo,
} from './types.js';

/**
 * The parts of the SavedModel format that we write, with field numbers from
 * https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf and …/core/framework.
 */
type Writer = protobuf.Writer;

const LENGTH = 2;
const VARINT = 0;
const FIXED32 = 5;

/** The version of the graph format of TensorFlow 2.9; newer ones read it. */
export const PRODUCER = 1087;

/** The tag under which TensorFlow Serving and every loader look. */
export const SERVE = 'serve';

/** The signature under which serving looks when it is told no other. */
export const SERVING_DEFAULT = 'serving_default';

/** The signature whose node runs once, at load. */
export const INITIALIZER = '__saved_model_init_op';

const PREDICT = 'tensorflow/serving/predict';

const tag = (writer: Writer, field: number, wire: number) => writer.uint32((field << 3) | wire);
const text = (writer: Writer, field: number, value: string) => tag(writer, field, LENGTH).string(value);
const integer = (writer: Writer, field: number, value: number) => tag(writer, field, VARINT).int64(value);

function message(writer: Writer, field: number, write: () => void): void {
  tag(writer, field, LENGTH).fork();
  write();
  writer.ldelim();
}

/** An entry of a map from text to messages. */
function entry(writer: Writer, field: number, key: string, write: () => void): void {
  message(writer, field, () => {
    text(writer, 1, key);
    message(writer, 2, write);
  });
}

/** The file saved_model.pb. */
export function encodeSavedModel(model: SavedModel): Uint8Array {
  const writer = protobuf.Writer.create();
  integer(writer, 1, 1);
  message(writer, 2, () => {
    message(writer, 1, () => {
      text(writer, 4, SERVE);
    });
    message(writer, 2, () => {
      for (const node of model.graph.nodes) message(writer, 1, () => writeNode(writer, node));
      if (model.graph.functions.length > 0) {
        message(writer, 2, () => {
          for (const item of model.graph.functions) message(writer, 1, () => writeFunction(writer, item));
        });
      }
      message(writer, 4, () => integer(writer, 1, PRODUCER));
    });
    for (const [name, signature] of Object.entries(model.signatures)) {
      entry(writer, 5, name, () => writeSignature(writer, signature, PREDICT));
    }
    const { initializer } = model;
    if (initializer === undefined) return;
    const nothing: TensorInfo = { name: initializer, type: 'variant', shape: null };
    entry(writer, 5, INITIALIZER, () =>
      writeSignature(writer, { inputs: {}, outputs: { [INITIALIZER]: nothing } }, ''),
    );
  });
  return writer.finish();
}

function writeSignature(writer: Writer, { inputs, outputs }: Signature, method: string): void {
  const write = (field: number, infos: Readonly<Record<string, TensorInfo>>): void => {
    for (const [key, { name, type, shape }] of Object.entries(infos)) {
      entry(writer, field, key, () => {
        text(writer, 1, name);
        if (name.includes(':')) integer(writer, 2, DATA_TYPES[type]);
        message(writer, 3, () => writeShape(writer, shape));
      });
    }
  };
  write(1, inputs);
  write(2, outputs);
  if (method !== '') text(writer, 3, method);
}

/** A node as it stands in a graph's message. */
export function encodeNode(node: NodeDef): Uint8Array {
  const writer = protobuf.Writer.create();
  writeNode(writer, node);
  return writer.finish();
}

function writeNode(writer: Writer, node: NodeDef): void {
  text(writer, 1, node.name);
  text(writer, 2, node.op);
  for (const input of node.input) text(writer, 3, input);
  for (const [name, value] of Object.entries(node.attr)) {
    entry(writer, 5, name, () => writeAttribute(writer, value));
  }
}

function writeFunction(writer: Writer, item: FunctionDef): void {
  const argument = (field: number, { name, type }: Argument): void =>
    message(writer, field, () => {
      text(writer, 1, name);
      integer(writer, 3, DATA_TYPES[type]);
    });
  message(writer, 1, () => {
    text(writer, 1, item.name);
    for (const input of item.inputs) argument(2, input);
    for (const output of item.outputs) argument(3, output);
  });
  for (const node of item.nodes) message(writer, 3, () => writeNode(writer, node));
  for (const [name, tensor] of Object.entries(item.returns)) {
    message(writer, 4, () => {
      text(writer, 1, name);
      text(writer, 2, tensor);
    });
  }
}

/** -1 for what is open; null for a shape of which nothing is known. */
function writeShape(writer: Writer, shape: Shape): void {
  if (shape === null) {
    integer(writer, 3, 1);
    return;
  }
  for (const size of shape) message(writer, 2, () => integer(writer, 1, size));
}

function writeAttribute(writer: Writer, value: AttrValue): void {
  const list = (write: () => void): void => message(writer, 1, write);
  const packed = (field: number, numbers: readonly number[]): void =>
    message(writer, field, () => numbers.forEach((number) => writer.int64(number)));
  if ('string' in value) text(writer, 2, value.string);
  else if ('int' in value) integer(writer, 3, value.int);
  else if ('float' in value) tag(writer, 4, FIXED32).float(value.float);
  else if ('bool' in value) integer(writer, 5, value.bool ? 1 : 0);
  else if ('type' in value) integer(writer, 6, DATA_TYPES[value.type]);
  else if ('shape' in value) message(writer, 7, () => writeShape(writer, value.shape));
  else if ('tensor' in value) message(writer, 8, () => writeTensor(writer, value.tensor));
  else if ('func' in value) message(writer, 10, () => text(writer, 1, value.func));
  else if ('ints' in value) list(() => packed(3, value.ints));
  else if ('types' in value) {
    list(() =>
      packed(
        6,
        value.types.map((type) => DATA_TYPES[type]),
      ),
    );
  } else list(() => value.shapes.forEach((shape) => message(writer, 7, () => writeShape(writer, shape))));
}

function writeTensor(writer: Writer, { dtype, shape, data }: TensorData): void {
  integer(writer, 1, DATA_TYPES[dataTypeOf(dtype)]);
  message(writer, 2, () => writeShape(writer, shape));
  if (ArrayBuffer.isView(data)) {
    tag(writer, 4, LENGTH).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } else {
    for (const value of data) text(writer, 8, value);
  }
}
