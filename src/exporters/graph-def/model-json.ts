import type { JsonObject } from '../../core/json.js';
import type { TensorData } from '../../core/tensor.js';
import { type Graph, valueInfo } from '../../graph/graph.js';
import { isSymbolic } from '../../graph/symbolic.js';
import type { LoweredGraph } from './lower.js';
import { dataTypeName, tensorShape } from './types.js';

/** The one file of weights, by tfjs' convention for its name. */
export const WEIGHTS_FILE = 'group1-shard1of1.bin';

/** The producer version of a GraphDef as TensorFlow 2.15 writes it. */
const PRODUCER = 1645;

/** model.json and the weights of a tfjs graph model (tfjs-converter's web format). */
export function modelJson(
  graph: Graph,
  lowered: LoweredGraph,
  about: { readonly generatedBy: string; readonly metadata: JsonObject },
): { readonly json: JsonObject; readonly weights: Buffer } {
  const weights: Buffer[] = [];
  const specs: JsonObject[] = [];
  for (const [name, tensor] of lowered.weights) {
    weights.push(bytesOf(tensor));
    specs.push({ name, shape: tensor.shape, dtype: tensor.dtype });
  }
  const versions = { producer: PRODUCER };
  const json: JsonObject = {
    format: 'graph-model',
    generatedBy: about.generatedBy,
    convertedBy: null,
    signature: {
      inputs: tensorInfos(graph, graph.inputs, lowered.inputs),
      outputs: tensorInfos(graph, graph.outputs, lowered.outputs),
    },
    modelTopology: { node: lowered.nodes, versions },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: specs }],
    userDefinedMetadata: about.metadata,
    ...(lowered.initializer.length === 0
      ? {}
      : { modelInitializer: { node: lowered.initializer, versions } }),
  };
  return { json, weights: Buffer.concat(weights) };
}

function tensorInfos(graph: Graph, named: Graph['inputs'], refs: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(
    named.map(({ name, value }): [string, JsonObject] => {
      const { dtype, shape } = valueInfo(graph, value);
      const open = shape.map((size) => (isSymbolic(size) ? -1 : size));
      return [
        name,
        { name: `${refs.get(name) ?? name}:0`, dtype: dataTypeName(dtype), tensorShape: tensorShape(open) },
      ];
    }),
  );
}

/** A tensor as tfjs' weight files have it: little-endian; text as UTF-8 with its length in four bytes before it. */
function bytesOf({ dtype, data }: TensorData): Buffer {
  if (dtype !== 'string') {
    const view = data as Float32Array | Int32Array | Uint8Array;
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  }
  return Buffer.concat(
    (data as readonly string[]).flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
