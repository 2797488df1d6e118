import { type Graph, type ValueId, valueInfo } from '../graph.js';
import { optimize } from '../passes/index.js';
import { lowerNodes } from './lower.js';
import { encodeSavedModel, SERVING_DEFAULT } from './proto.js';
import { openShape } from './shapes.js';
import type { SavedModel, Signature, TensorInfo } from './types.js';
import { GraphWriter, type Ref } from './writer.js';

export function tensorInfo(ref: Ref, shape: readonly number[] | null): TensorInfo {
  return { name: `${ref.node}:${ref.output}`, type: ref.type, shape };
}

/**
 * Makes the operation that fills the lookup tables of a graph when it is loaded. undefined where there are none.
 */
export function writeInitializer(writer: GraphWriter): string | undefined {
  if (writer.tables.length === 0) return undefined;
  const imports = writer.tables.map(
    ({ handle, keys, values }) =>
      writer.node('LookupTableImportV2', [handle, writer.constant(keys), writer.constant(values)]).name,
  );
  return writer.node('NoOp', [], {}, 'initialize', imports).name;
}

/**
 * A graph as a SavedModel whose signature `serving_default` has the graph's inputs and outputs under their own names, but
 * for inputs that `keys` calls otherwise. The weights are constants in the graph, so that the file stands alone.
 */
export function toSavedModel(graph: Graph, keys: ReadonlyMap<string, string> = new Map()): Uint8Array {
  return encodeSavedModel(savedModelOf(graph, keys));
}

function savedModelOf(graph: Graph, keys: ReadonlyMap<string, string>): SavedModel {
  // Written out, loops need no functions, which not every reader of SavedModels runs.
  const simple = optimize(graph, { loops: 'expand' });
  const writer = new GraphWriter();
  const inputs: Record<string, TensorInfo> = {};
  const given = new Map<ValueId, Ref>();
  simple.inputs.forEach(({ name, value }, i) => {
    const { shape, dtype } = valueInfo(simple, value);
    const open = openShape(shape);
    const attributes = { dtype: writer.typeOf(dtype), shape: open };
    const ref = writer.op('Placeholder', [], attributes, `input_${i}`);
    inputs[keys.get(name) ?? name] = tensorInfo(ref, open);
    given.set(value, ref);
  });
  const made = lowerNodes(simple, writer, given);
  const outputs: Record<string, TensorInfo> = {};
  simple.outputs.forEach(({ name, value }, i) => {
    const ref = made.get(name);
    if (ref === undefined) throw new Error(`The graph has no output "${name}".`);
    // A node of its own: a signature may not name one tensor twice, nor an input as output.
    const output = writer.op('Identity', [ref], {}, `output_${i}`);
    outputs[name] = tensorInfo(output, openShape(valueInfo(simple, value).shape));
  });
  const initializer = writeInitializer(writer);
  const signature: Signature = { inputs, outputs };
  return {
    graph: { nodes: writer.nodes, functions: [] },
    signatures: { [SERVING_DEFAULT]: signature },
    initializer,
  };
}
