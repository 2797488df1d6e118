import { valueInfo, type Graph, type ValueId } from '../../graph.js';
import { scanBody, scanLayout } from '../../scan/layout.js';
import type { Emitter } from '../emitter.js';
import { declaredShape, OnnxWriter } from '../writer.js';

type LowerNodes = (
  graph: Graph,
  writer: OnnxWriter,
  given: ReadonlyMap<ValueId, string>,
) => Record<string, string>;

/** A loop as ONNX' Scan. Captured values are read from the enclosing graph, as subgraphs may. */
export function scanEmitter(lowerNodes: LowerNodes): Emitter {
  return (e) => {
    const { states, sequences, reverse } = scanLayout(e.node);
    const body = scanBody(e.node);
    // The batch size is computed outside, where an input tells it.
    if (e.writer.hasBatch()) e.writer.batch();
    const writer = new OnnxWriter(e.writer.names, e.writer);
    const given = new Map<ValueId, string>();
    body.inputs.forEach(({ value }, i) => {
      if (i >= states + sequences) {
        given.set(value, e.input(i));
        return;
      }
      const name = writer.names.next('x');
      const { shape, dtype } = valueInfo(body, value);
      writer.inputs.push({ name, dtype, shape: declaredShape(shape) });
      given.set(value, name);
    });
    const made = lowerNodes(body, writer, given);
    // Outputs must each be made by a node of their own; what is not is passed through one.
    const fresh = new Set(writer.nodes.flatMap((node) => node.outputs));
    for (const { name, value } of body.outputs) {
      const source = made[name] ?? name;
      const own = fresh.delete(source) ? source : writer.emit('Identity', [source]);
      const { shape, dtype } = valueInfo(body, value);
      writer.outputs.push({ name: own, dtype, shape: declaredShape(shape) });
    }
    const directions = (count: number) => ({ ints: Array.from({ length: count }, () => (reverse ? 1 : 0)) });
    const results = body.outputs.length - states;
    e.writer.node(
      'Scan',
      e.inputs.slice(0, states + sequences),
      {
        body: { graph: writer.graph('body') },
        num_scan_inputs: { int: sequences },
        scan_input_directions: directions(sequences),
        ...(results === 0 ? {} : { scan_output_directions: directions(results) }),
      },
      e.outputs,
    );
  };
}
