import protobuf from 'protobufjs/minimal.js';
import { isServed, type ForeignSignature } from './foreign-model.js';
import { encodeNode } from './proto.js';
import { readMessage } from './reading.js';
import type { DataType, NodeDef, TensorInfo } from './types.js';

/** A conversion to a type, without loss. */
type Conversion = readonly [op: 'Bitcast' | 'Cast', to: DataType];

interface Route {
  /** The type that passes through the addon. */
  readonly carrier: DataType;
  /** From the carrier to the type itself. */
  readonly conversions: readonly Conversion[];
}

const CARRIED: Partial<Record<DataType, Route>> = {
  double: { carrier: 'int64', conversions: [['Bitcast', 'double']] },
  uint64: { carrier: 'int64', conversions: [['Bitcast', 'uint64']] },
  uint32: { carrier: 'int32', conversions: [['Bitcast', 'uint32']] },
  uint16: { carrier: 'int32', conversions: [['Cast', 'uint16']] },
  int16: { carrier: 'int32', conversions: [['Cast', 'int16']] },
  uint8: { carrier: 'int32', conversions: [['Cast', 'uint8']] },
  int8: { carrier: 'int32', conversions: [['Cast', 'int8']] },
  half: {
    carrier: 'int32',
    conversions: [
      ['Cast', 'uint16'],
      ['Bitcast', 'half'],
    ],
  },
  bfloat16: {
    carrier: 'int32',
    conversions: [
      ['Cast', 'uint16'],
      ['Bitcast', 'bfloat16'],
    ],
  },
};

/** The element type under which a tensor of a foreign graph passes through tfjs-node's addon, which knows few. */
export function foreignCarrierOf(type: DataType): DataType {
  return CARRIED[type]?.carrier ?? type;
}

/** A SavedModel whose signature the addon can feed and fetch: tensors by their names in the signature. */
export interface CarriedModel {
  /** The file to load instead; undefined where it does as it is. */
  readonly bytes: Uint8Array | undefined;
  readonly feeds: ReadonlyMap<string, string>;
  readonly fetches: ReadonlyMap<string, string>;
}

/**
 * Puts conversions before and behind a signature's tensors whose types the addon does not pass. What is fed is not
 * computed, so an input's node may become a conversion of a new placeholder. All else in the file stays as it is.
 * @throws Error for an input that is one of several outputs of a node.
 */
export function carriedModel(bytes: Uint8Array, signature: ForeignSignature): CarriedModel {
  const replaced = new Map<string, NodeDef>();
  const added: NodeDef[] = [];
  const feeds = new Map<string, string>();
  const fetches = new Map<string, string>();
  Object.entries(signature.inputs).forEach(([key, info], i) => {
    const route = CARRIED[info.type];
    feeds.set(key, route === undefined ? info.name : carryInput(info, `aimaas_feed_${i}`, route));
  });
  Object.entries(signature.outputs).forEach(([key, info], i) => {
    const route = CARRIED[info.type];
    fetches.set(key, route === undefined ? info.name : carryOutput(info, `aimaas_fetch_${i}`, route));
  });
  if (added.length === 0) return { bytes: undefined, feeds, fetches };
  return { bytes: withNodes(bytes, replaced, added), feeds, fetches };

  function carryInput({ name, shape }: TensorInfo, feed: string, { carrier, conversions }: Route): string {
    const [node = '', output = '0'] = name.split(':');
    if (output !== '0') throw new Error(`its input ${name} is not the first output of a node.`);
    added.push({
      name: feed,
      op: 'Placeholder',
      input: [],
      attr: { dtype: { type: carrier }, shape: { shape } },
    });
    let [from, type] = [feed, carrier];
    conversions.forEach(([op, to], i) => {
      const isLast = i === conversions.length - 1;
      const step = conversion(op, isLast ? node : `${feed}_${i}`, from, type, to);
      if (isLast) replaced.set(node, step);
      else added.push(step);
      [from, type] = [step.name, to];
    });
    return `${feed}:0`;
  }

  function carryOutput({ name, type }: TensorInfo, fetch: string, { carrier, conversions }: Route): string {
    const types = [carrier, ...conversions.map(([, to]) => to)];
    let [from, held] = [name, type];
    for (let i = conversions.length - 1; i >= 0; i--) {
      const [op, to] = [(conversions[i] as Conversion)[0], types[i] as DataType];
      const step = conversion(op, i === 0 ? fetch : `${fetch}_${i}`, from, held, to);
      added.push(step);
      [from, held] = [step.name, to];
    }
    return `${fetch}:0`;
  }
}

function conversion(
  op: 'Bitcast' | 'Cast',
  name: string,
  from: string,
  type: DataType,
  to: DataType,
): NodeDef {
  const attr =
    op === 'Bitcast'
      ? { T: { type }, type: { type: to } }
      : { SrcT: { type }, DstT: { type: to }, Truncate: { bool: false } };
  return { name, op, input: [from], attr };
}

/** The file with nodes of its served graph replaced and added. */
function withNodes(
  bytes: Uint8Array,
  replaced: ReadonlyMap<string, NodeDef>,
  added: readonly NodeDef[],
): Uint8Array {
  const found = new Set<string>();
  const changeNode = (node: Uint8Array): Uint8Array => {
    let name = '';
    readMessage(node, { 1: (reader) => (name = reader.string()) });
    const other = replaced.get(name);
    if (other === undefined) return node;
    found.add(name);
    return encodeNode(other);
  };
  const changed = rewritten(bytes, 2, (metaGraph) =>
    isServed(metaGraph)
      ? rewritten(metaGraph, 2, (graph) => rewritten(graph, 1, changeNode, added.map(encodeNode)))
      : metaGraph,
  );
  const missing = [...replaced.keys()].find((name) => !found.has(name));
  if (missing !== undefined) throw new Error(`its graph has no node ${missing}, which its signature names.`);
  return changed;
}

/** A message with each value of one of its fields changed, and values added; the other fields are copied. */
function rewritten(
  bytes: Uint8Array,
  field: number,
  change: (content: Uint8Array) => Uint8Array,
  added: readonly Uint8Array[] = [],
): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (content: Uint8Array): void => {
    const head = protobuf.Writer.create()
      .uint32((field << 3) | 2)
      .uint32(content.length);
    parts.push(head.finish(), content);
  };
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag >>> 3 === field) add(change(reader.bytes()));
    else {
      reader.skipType(tag & 7);
      parts.push(bytes.subarray(start, reader.pos));
    }
  }
  added.forEach(add);
  return Buffer.concat(parts);
}
