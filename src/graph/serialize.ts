import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../core/json.js';
import type { DType, TensorData } from '../core/tensor.js';
import { sizeOf } from '../core/tensor.js';
import type { AttributeValue, Graph, GraphNode, NamedValue, ValueId, ValueInfo } from './graph.js';

/**
 * A graph as what goes into files: its topology as JSON, and its constants by name as tensors for a safetensors file.
 * Text constants stay in the topology, since safetensors has no strings.
 *
 *     const { topology, constants } = graphToFiles(graph);
 *     await writeJsonAtomic(join(dir, 'network.json'), topology);
 *     await writeSafetensors(join(dir, 'network.safetensors'), constants);
 *
 *     const graph = graphFromFiles(JSON.parse(await readFile(…)), await readSafetensors(…));
 */
export type GraphFiles = {
  readonly topology: JsonObject;
  readonly constants: Readonly<Record<string, TensorData>>;
};

/** JSON has no NaN, no infinities and no negative zero; these stand for them as {"number": "-Infinity"}. */
function numberToJson(value: number): Json {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { number: Object.is(value, -0) ? '-0' : String(value) };
}

function attributeToJson(value: AttributeValue): Json {
  if (typeof value === 'number') return numberToJson(value);
  if (Array.isArray(value)) return value.map((item: AttributeValue) => attributeToJson(item));
  return value;
}

function attributeFromJson(json: Json): AttributeValue {
  if (Array.isArray(json)) {
    return json.map((item: Json) => attributeFromJson(item)) as readonly number[];
  }
  if (isJsonObject(json)) return Number(json.number);
  return json as null | boolean | number | string;
}

export function graphToFiles(graph: Graph): GraphFiles {
  const constants: Record<string, TensorData> = {};
  const topology: JsonObject = { schemaVersion: 1, ...graphToJson(graph, constants, '') };
  return { topology, constants };
}

/** A graph, or the body of a loop: then names of constants start with its place, since all go into one file. */
function graphToJson(graph: Graph, constants: Record<string, TensorData>, place: string): JsonObject {
  const named: JsonObject[] = [];
  for (const [value, tensor] of graph.constants) {
    if (tensor.dtype === 'string') {
      named.push({ value, shape: tensor.shape, strings: tensor.data as readonly string[] });
    } else {
      const name = `${place}constant_${value}`;
      constants[name] = tensor;
      named.push({ value, name });
    }
  }
  return {
    values: graph.values.map(({ shape, dtype }) => ({ shape, dtype })),
    inputs: graph.inputs.map(({ name, value }) => ({ name, value })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value })),
    constants: named,
    nodes: graph.nodes.map((node, i) => ({
      op: node.op,
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([name, value]) => [name, attributeToJson(value)]),
      ),
      ...(node.layer === undefined ? {} : { layer: node.layer }),
      ...(node.body === undefined ? {} : { body: graphToJson(node.body, constants, `${place}node_${i}.`) }),
    })),
  };
}

type StoredNode = {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: JsonObject;
  readonly layer?: string;
  readonly body?: StoredGraph;
};

type StoredConstant = { readonly value: ValueId } & (
  { readonly name: string } | { readonly shape: readonly number[]; readonly strings: readonly string[] }
);

type StoredGraph = {
  readonly values: readonly { readonly shape: readonly number[]; readonly dtype: DType }[];
  readonly inputs: readonly NamedValue[];
  readonly outputs: readonly NamedValue[];
  readonly constants: readonly StoredConstant[];
  readonly nodes: readonly StoredNode[];
};

/**
 * The graph that `graphToFiles` took apart.
 * @throws AimaasError ARTIFACT_INCOMPATIBLE for another format version, ARTIFACT_CORRUPT when a constant is absent, has
 * the wrong size, or a node refers to a value that is not there yet.
 */
export function graphFromFiles(topology: Json, constants: Readonly<Record<string, TensorData>>): Graph {
  if (!isJsonObject(topology) || topology.schemaVersion !== 1) {
    const version = isJsonObject(topology) ? JSON.stringify(topology.schemaVersion) : typeof topology;
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `A stored network has format version ${version}; expected 1.`,
      { hint: 'Train again with this version of aimaas: aimaas train --force' },
    );
  }
  return graphFromJson(topology as unknown as StoredGraph, constants);
}

function graphFromJson(stored: StoredGraph, constants: Readonly<Record<string, TensorData>>): Graph {
  const values: ValueInfo[] = stored.values.map(({ shape, dtype }) => ({ shape, dtype }));
  const restored = new Map<ValueId, TensorData>();
  for (const constant of stored.constants) {
    restored.set(constant.value, constantFrom(constant, values[constant.value], constants));
  }
  const nodes: GraphNode[] = stored.nodes.map((node) => ({
    op: node.op,
    inputs: node.inputs,
    outputs: node.outputs,
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([name, value]) => [name, attributeFromJson(value)]),
    ),
    ...(node.layer === undefined ? {} : { layer: node.layer }),
    ...(node.body === undefined ? {} : { body: graphFromJson(node.body, constants) }),
  }));
  const graph: Graph = {
    values,
    inputs: stored.inputs,
    outputs: stored.outputs,
    constants: restored,
    nodes,
  };
  checkOrder(graph);
  return graph;
}

function corrupt(message: string): AimaasError {
  return new AimaasError('ARTIFACT_CORRUPT', `A stored network is damaged: ${message}.`, {
    hint: 'Train again: aimaas train --force',
  });
}

function constantFrom(
  stored: StoredConstant,
  info: ValueInfo | undefined,
  constants: Readonly<Record<string, TensorData>>,
): TensorData {
  if (info === undefined) throw corrupt(`constant ${stored.value} has no value of that number`);
  if ('strings' in stored) return { dtype: 'string', shape: stored.shape, data: stored.strings };
  const tensor = constants[stored.name];
  if (tensor === undefined) throw corrupt(`the tensor "${stored.name}" is missing`);
  if (tensor.dtype !== info.dtype || sizeOf(tensor.shape) !== sizeOf(info.shape)) {
    throw corrupt(
      `the tensor "${stored.name}" is ${tensor.dtype} [${tensor.shape.join(', ')}], expected ${info.dtype} [${info.shape.join(', ')}]`,
    );
  }
  // A scalar may come back from a file as a tensor of one element; the graph knows its rank.
  return { ...tensor, shape: info.shape };
}

/** Every value that is read has been made before: by an input, a constant or an earlier node. */
function checkOrder(graph: Graph): void {
  const known = new Set<ValueId>([...graph.inputs.map(({ value }) => value), ...graph.constants.keys()]);
  const inRange = (value: ValueId): boolean => graph.values[value] !== undefined;
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      if (!known.has(input)) throw corrupt(`${node.op} reads value ${input} before it is made`);
    }
    for (const output of node.outputs) {
      if (!inRange(output)) throw corrupt(`${node.op} makes value ${output}, which is not listed`);
      known.add(output);
    }
  }
  for (const { name, value } of graph.outputs) {
    if (!known.has(value)) throw corrupt(`output "${name}" is never made`);
  }
}
