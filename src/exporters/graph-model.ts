import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { TensorData } from '../core/tensor.js';
import { type Graph, type ValueId, valueInfo } from '../graph/graph.js';
import { lowerNodes } from '../graph/tensorflow/lower.js';
import { PRODUCER } from '../graph/tensorflow/proto.js';
import { openShape } from '../graph/tensorflow/shapes.js';
import {
  type AttrValue,
  dataTypeOf,
  type DataType,
  type NodeDef,
  type Shape,
} from '../graph/tensorflow/types.js';
import { GraphWriter, type Ref } from '../graph/tensorflow/writer.js';

/** The one file of weights, by tfjs' convention for its name. */
export const WEIGHTS_FILE = 'group1-shard1of1.bin';

/** Kernels for which tfjs' graph models have no operation. */
const NOT_IN_TFJS: ReadonlySet<string> = new Set([
  ...[
    'AvgPool3DGrad',
    'AvgPoolGrad',
    'Conv2DBackpropFilter',
    'Conv3DBackpropFilterV2',
    'Conv3DBackpropInputV2',
  ],
  ...[
    'DepthwiseConv2dNativeBackpropFilter',
    'DepthwiseConv2dNativeBackpropInput',
    'EluGrad',
    'MaxPool3DGrad',
  ],
  ...['MaxPoolGrad', 'ResizeBilinearGrad', 'ResizeNearestNeighborGrad', 'UnsortedSegmentSum'],
]);

export interface GraphModel {
  /** The content of model.json. */
  readonly json: JsonObject;
  /** The content of the file of weights. */
  readonly weights: Buffer;
}

/**
 * A graph as a tfjs graph model (tfjs-converter's web format): TensorFlow's operations in JSON, with the constants apart.
 * Values of `named` can be fed and fetched under those names.
 * @throws AimaasError UNSUPPORTED for an operation that tfjs does not have in graph models.
 */
export function graphModel(
  graph: Graph,
  about: { readonly generatedBy: string; readonly metadata: JsonObject },
  named: ReadonlyMap<ValueId, string> = new Map(),
): GraphModel {
  for (const { op, layer } of graph.nodes) {
    if (!NOT_IN_TFJS.has(op)) continue;
    const where = layer === undefined ? '' : ` (in layer "${layer}")`;
    throw new AimaasError('UNSUPPORTED', `The operation ${op}${where} cannot be exported to tfjs.`, {
      hint: 'Export the other formats: aimaas export --format onnx,saved-model',
    });
  }
  const writer = new GraphWriter({ narrow: true });
  const given = new Map<ValueId, Ref>();
  graph.inputs.forEach(({ value }, i) => {
    const { shape, dtype } = valueInfo(graph, value);
    const attributes = { dtype: writer.typeOf(dtype), shape: openShape(shape) };
    given.set(value, writer.op('Placeholder', [], attributes, `input_${i}`));
  });
  const made = lowerNodes(graph, writer, given, named);
  const signature: Record<'inputs' | 'outputs', Record<string, JsonObject>> = { inputs: {}, outputs: {} };
  const declare = (side: 'inputs' | 'outputs', name: string, value: ValueId, ref: Ref): void => {
    const tensorShape = shapeJson(openShape(valueInfo(graph, value).shape));
    signature[side][name] = { name: `${ref.node}:0`, dtype: typeJson(ref.type), tensorShape };
  };
  for (const { name, value } of graph.inputs) declare('inputs', name, value, known(given.get(value)));
  for (const { name, value } of graph.outputs) {
    const ref = writer.op('Identity', [known(made.get(name))], {}, name);
    declare('outputs', name, value, ref);
  }
  return assemble(writer, signature, about);
}

function known<T>(ref: T | undefined): T {
  if (ref === undefined) throw new Error('A value of the graph was not written.');
  return ref;
}

function assemble(
  writer: GraphWriter,
  signature: JsonObject,
  about: { readonly generatedBy: string; readonly metadata: JsonObject },
): GraphModel {
  const weights: Buffer[] = [];
  const specs: JsonObject[] = [];
  const keep = (name: string, tensor: TensorData): void => {
    weights.push(bytesOf(tensor));
    specs.push({ name, shape: tensor.shape, dtype: tensor.dtype });
  };
  for (const { name, attr } of writer.nodes) {
    const value = attr['value'];
    if (value !== undefined && 'tensor' in value) keep(name, value.tensor);
  }
  const versions = { producer: PRODUCER };
  const initializer = fillTables(writer, keep);
  const json: JsonObject = {
    format: 'graph-model',
    generatedBy: about.generatedBy,
    convertedBy: null,
    signature,
    modelTopology: { node: writer.nodes.map(nodeJson), versions },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: specs }],
    userDefinedMetadata: about.metadata,
    ...(initializer.length === 0 ? {} : { modelInitializer: { node: initializer, versions } }),
  };
  return { json, weights: Buffer.concat(weights) };
}

/** The nodes that fill the lookup tables once, at load; they share the weights. */
function fillTables(writer: GraphWriter, keep: (name: string, tensor: TensorData) => void): JsonObject[] {
  return writer.tables.flatMap(({ handle, keys, values }) => {
    const name = handle.node;
    const node = writer.nodes.find((candidate) => candidate.name === name);
    const constant = (part: string, tensor: TensorData): JsonObject => {
      keep(`${name}/${part}`, tensor);
      const attr = { dtype: { type: dataTypeOf(tensor.dtype) }, value: { tensor } };
      return nodeJson({ name: `${name}/${part}`, op: 'Const', input: [], attr });
    };
    return [
      ...(node === undefined ? [] : [nodeJson(node)]),
      constant('keys', keys),
      constant('values', values),
      {
        name: `${name}/import`,
        op: 'LookupTableImportV2',
        input: [name, `${name}/keys`, `${name}/values`],
        attr: {},
      },
    ];
  });
}

/** NodeDef in the JSON form of Protocol Buffers. */
function nodeJson({ name, op, input, attr }: NodeDef): JsonObject {
  return {
    name,
    op,
    ...(input.length === 0 ? {} : { input: [...input] }),
    attr: Object.fromEntries(Object.entries(attr).map(([key, value]) => [key, attributeJson(value)])),
  };
}

function attributeJson(value: AttrValue): JsonObject {
  if ('type' in value) return { type: typeJson(value.type) };
  if ('int' in value) return { i: String(value.int) };
  if ('float' in value) return { f: value.float };
  if ('bool' in value) return { b: value.bool };
  // Text is bytes, and these are base64.
  if ('string' in value) return { s: Buffer.from(value.string, 'utf8').toString('base64') };
  if ('shape' in value) return { shape: shapeJson(value.shape) };
  if ('ints' in value) return { list: { i: value.ints.map(String) } };
  if ('tensor' in value) {
    const { dtype, shape } = value.tensor;
    return { tensor: { dtype: typeJson(dataTypeOf(dtype)), tensorShape: shapeJson(shape) } };
  }
  throw new Error(`tfjs has no attribute such as ${JSON.stringify(value)}.`);
}

function typeJson(type: DataType): string {
  return `DT_${type.toUpperCase()}`;
}

function shapeJson(shape: Shape): JsonObject {
  return shape === null ? { unknownRank: true } : { dim: shape.map((size) => ({ size: String(size) })) };
}

/** A tensor as tfjs' weight files have it: little-endian; text as UTF-8 with its length in four bytes before it. */
function bytesOf({ data }: TensorData): Buffer {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    data.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
