import protobuf from 'protobufjs/minimal.js';
import type { DType, TensorData } from '../../core/tensor.js';

/**
 * The parts of the ONNX file format that we write, with field numbers from
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */
export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number | bigint }
  | { readonly string: string }
  | { readonly tensor: TensorData }
  | { readonly graph: OnnxGraph }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly strings: readonly string[] };

export interface OnnxNode {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  /** A string names a dimension that is not fixed; undefined: the shape is not given. */
  readonly shape: readonly (number | string)[] | undefined;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, TensorData>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** Domain → version of its operators. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producerVersion: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** ModelProto.ir_version: 9 is what goes with opset 18 to 20. */
const IR_VERSION = 9;

/** TensorProto.DataType. */
export const ELEMENT_TYPES: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
};

type Writer = protobuf.Writer;
const LENGTH = 2;
const VARINT = 0;
const FIXED32 = 5;

const tag = (writer: Writer, field: number, wire: number) => writer.uint32((field << 3) | wire);
const text = (writer: Writer, field: number, value: string) => tag(writer, field, LENGTH).string(value);
const integer = (writer: Writer, field: number, value: number | bigint) =>
  tag(writer, field, VARINT).int64(typeof value === 'bigint' ? String(value) : value);

function message(writer: Writer, field: number, write: () => void): void {
  tag(writer, field, LENGTH).fork();
  write();
  writer.ldelim();
}

export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = protobuf.Writer.create();
  integer(writer, 1, IR_VERSION);
  text(writer, 2, 'aimaas');
  text(writer, 3, model.producerVersion);
  message(writer, 7, () => writeGraph(writer, model.graph));
  for (const [domain, version] of Object.entries(model.opsets)) {
    message(writer, 8, () => {
      text(writer, 1, domain);
      integer(writer, 2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata ?? {})) {
    message(writer, 14, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: Writer, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, graph.name);
  for (const [name, tensor] of graph.initializers)
    message(writer, 5, () => writeTensor(writer, tensor, name));
  for (const input of graph.inputs) message(writer, 11, () => writeValue(writer, input));
  for (const output of graph.outputs) message(writer, 12, () => writeValue(writer, output));
}

function writeNode(writer: Writer, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain !== '') text(writer, 7, node.domain);
}

/** AttributeProto.AttributeType. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

function writeAttribute(writer: Writer, name: string, attribute: OnnxAttribute): void {
  text(writer, 1, name);
  if ('float' in attribute) {
    tag(writer, 2, FIXED32).float(attribute.float);
    integer(writer, 20, TYPE.float);
  } else if ('int' in attribute) {
    integer(writer, 3, attribute.int);
    integer(writer, 20, TYPE.int);
  } else if ('string' in attribute) {
    text(writer, 4, attribute.string);
    integer(writer, 20, TYPE.string);
  } else if ('tensor' in attribute) {
    message(writer, 5, () => writeTensor(writer, attribute.tensor, ''));
    integer(writer, 20, TYPE.tensor);
  } else if ('graph' in attribute) {
    message(writer, 6, () => writeGraph(writer, attribute.graph));
    integer(writer, 20, TYPE.graph);
  } else if ('floats' in attribute) {
    for (const value of attribute.floats) tag(writer, 7, FIXED32).float(value);
    integer(writer, 20, TYPE.floats);
  } else if ('ints' in attribute) {
    for (const value of attribute.ints) integer(writer, 8, value);
    integer(writer, 20, TYPE.ints);
  } else {
    for (const value of attribute.strings) text(writer, 9, value);
    integer(writer, 20, TYPE.strings);
  }
}

function writeTensor(writer: Writer, tensor: TensorData, name: string): void {
  for (const dimension of tensor.shape) integer(writer, 1, dimension);
  integer(writer, 2, ELEMENT_TYPES[tensor.dtype]);
  const { data } = tensor;
  if (ArrayBuffer.isView(data)) {
    tag(writer, 9, LENGTH).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } else {
    for (const value of data) text(writer, 6, value);
  }
  if (name !== '') text(writer, 8, name);
}

function writeValue(writer: Writer, value: OnnxValue): void {
  text(writer, 1, value.name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      integer(writer, 1, ELEMENT_TYPES[value.dtype]);
      const { shape } = value;
      if (shape === undefined) return;
      message(writer, 2, () => {
        for (const dimension of shape) {
          message(writer, 1, () => {
            if (typeof dimension === 'number') integer(writer, 1, dimension);
            else text(writer, 2, dimension);
          });
        }
      });
    }),
  );
}
