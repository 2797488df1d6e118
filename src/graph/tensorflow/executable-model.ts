import { type Graph, type ValueId, valueInfo } from '../graph.js';
import { optimize } from '../passes/index.js';
import { fed, fetched } from './interface.js';
import { lowerNodes } from './lower.js';
import { encodeSavedModel } from './proto.js';
import { writeInitializer } from './saved-model.js';
import { openShape } from './shapes.js';
import { GraphWriter, type Ref } from './writer.js';

/** A graph as a SavedModel for the engine, with the tensor to feed or fetch for each input and output. */
export interface ExecutableModel {
  readonly bytes: Uint8Array;
  readonly feeds: ReadonlyMap<string, string>;
  readonly fetches: ReadonlyMap<string, string>;
}

export function executableModel(graph: Graph): ExecutableModel {
  const simple = optimize(graph);
  const writer = new GraphWriter();
  const feeds = new Map<string, string>();
  const given = new Map<ValueId, Ref>();
  simple.inputs.forEach(({ name, value }, i) => {
    const { shape, dtype } = valueInfo(simple, value);
    const input = fed(writer, `input_${i}`, dtype, openShape(shape));
    feeds.set(name, tensorName(input.feed));
    given.set(value, input.value);
  });
  const made = lowerNodes(simple, writer, given);
  const fetches = new Map<string, string>();
  simple.outputs.forEach(({ name }, i) => {
    const ref = made.get(name);
    if (ref !== undefined) fetches.set(name, tensorName(fetched(writer, `output_${i}`, ref)));
  });
  const initializer = writeInitializer(writer);
  const bytes = encodeSavedModel({
    graph: { nodes: writer.nodes, functions: writer.functions },
    signatures: {},
    initializer,
  });
  return { bytes, feeds, fetches };
}

/** A tensor as it is fed and fetched. */
export function tensorName(ref: Ref): string {
  return `${ref.node}:${ref.output}`;
}
