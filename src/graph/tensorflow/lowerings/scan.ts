import { type Graph, type ValueId, valueInfo } from '../../graph.js';
import { scanBody, scanLayout } from '../../scan/layout.js';
import { openShape } from '../shapes.js';
import { reserveList, stackList, writeLoop } from '../loop.js';
import type { Lowering } from '../lowering.js';
import type { GraphWriter, Ref } from '../writer.js';

type LowerNodes = (
  graph: Graph,
  writer: GraphWriter,
  given: ReadonlyMap<ValueId, Ref>,
) => ReadonlyMap<string, Ref>;

/** A loop over the leading axis of tensors, as a While that gathers its elements and fills lists with its results. */
export function scan(lowerNodes: LowerNodes): Lowering {
  return (c) => {
    const { writer } = c;
    if (writer.narrow) throw c.unsupported('tfjs runs loops that are written out only');
    const { states, sequences, length, reverse } = scanLayout(c.node);
    const body = scanBody(c.node);
    const count = writer.integers(length);
    const infos = body.outputs.slice(states).map(({ value }) => valueInfo(body, value));
    const lists = infos.map(({ shape, dtype }) =>
      reserveList(writer, openShape(shape), count, writer.typeOf(dtype)),
    );
    const after = writeLoop(writer, {
      name: 'scan',
      count,
      values: [...c.inputs, ...lists],
      shapes: [...c.inputs.map((_, i) => openShape(c.shape(i))), ...lists.map(() => [])],
      inlined: false,
      round: (inside, at, carried) => {
        const position = reverse ? inside.op('Sub', [inside.integers(length - 1), at]) : at;
        const given = new Map<ValueId, Ref>();
        body.inputs.forEach(({ value }, i) => {
          const ref = carried[i];
          if (ref === undefined) throw new Error('The body of a loop takes more than the loop is given.');
          const isElement = i >= states && i < states + sequences;
          given.set(value, isElement ? inside.op('GatherV2', [ref, position, inside.integers(0)]) : ref);
        });
        const made = lowerNodes(body, inside, given);
        const outputs = body.outputs.map(({ name }): Ref => {
          const ref = made.get(name);
          if (ref === undefined) throw new Error(`The body of a loop has no output "${name}".`);
          return ref;
        });
        const filled = outputs.slice(states).map((value, i) => {
          const list = carried[c.inputs.length + i];
          if (list === undefined) throw new Error('A loop has more results than lists.');
          return inside.op('TensorListSetItem', [list, position, value]);
        });
        return [...outputs.slice(0, states), ...carried.slice(states, c.inputs.length), ...filled];
      },
    });
    const stacked = infos.map(({ shape, dtype }, i): Ref => {
      const list = after[c.inputs.length + i];
      if (list === undefined) throw new Error('A loop has more results than lists.');
      return stackList(writer, list, openShape(shape), writer.typeOf(dtype));
    });
    return [...after.slice(0, states), ...stacked];
  };
}
