import { VERSION } from '../../core/version.js';
import { valueInfo, type Graph, type ValueId } from '../graph.js';
import { optimizeForOnnx } from './optimize.js';
import { lowerNodes } from './lower.js';
import { encodeModel, type OnnxGraph } from './proto.js';
import { declaredShape, OnnxWriter } from './writer.js';

/** Versions of the operator sets that we write; a domain is declared where it is used. */
export const OPSETS: Readonly<Record<string, number>> = { '': 18, 'ai.onnx.ml': 3 };

/**
 * The graph as an ONNX model, after optimizing it. Inputs and outputs keep their names; a symbolic batch becomes the
 * free dimension "batch". Throws UNSUPPORTED for an operation that has no ONNX form.
 */
export function toOnnx(graph: Graph, metadata?: Readonly<Record<string, string>>): Uint8Array {
  return writeOnnx(optimizeForOnnx(graph), metadata);
}

/** A graph as an ONNX model, as it is. */
export function writeOnnx(optimized: Graph, metadata?: Readonly<Record<string, string>>): Uint8Array {
  const writer = new OnnxWriter();
  const given = new Map<ValueId, string>();
  for (const { name, value } of optimized.inputs) {
    const { shape, dtype } = valueInfo(optimized, value);
    writer.names.reserve(name);
    writer.inputs.push({ name, dtype, shape: declaredShape(shape) });
    given.set(value, name);
  }
  const preferred = new Map<ValueId, string>();
  for (const { name, value } of optimized.outputs) {
    writer.names.reserve(name);
    if (!given.has(value) && !preferred.has(value) && !optimized.constants.has(value))
      preferred.set(value, name);
  }
  const outputs = lowerNodes(optimized, writer, given, preferred);
  for (const { name, value } of optimized.outputs) {
    const { shape, dtype } = valueInfo(optimized, value);
    const made = outputs[name] ?? name;
    if (made !== name) writer.node('Identity', [made], {}, [name]);
    writer.outputs.push({ name, dtype, shape: declaredShape(shape) });
  }
  return onnxModel(writer.graph('aimaas'), metadata);
}

/** A complete model file around a graph. */
export function onnxModel(graph: OnnxGraph, metadata?: Readonly<Record<string, string>>): Uint8Array {
  const opsets: Record<string, number> = {};
  for (const domain of usedDomains(graph)) opsets[domain] = OPSETS[domain] ?? 1;
  return encodeModel({
    graph,
    opsets: { '': OPSETS[''] ?? 18, ...opsets },
    producerVersion: VERSION,
    metadata,
  });
}

function usedDomains(graph: OnnxGraph): Set<string> {
  const domains = new Set<string>();
  for (const node of graph.nodes) {
    domains.add(node.domain);
    for (const attribute of Object.values(node.attributes)) {
      if ('graph' in attribute) for (const domain of usedDomains(attribute.graph)) domains.add(domain);
    }
  }
  return domains;
}
