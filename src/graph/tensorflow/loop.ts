import type { FunctionDef, Shape } from './types.js';
import { GraphWriter, type Ref } from './writer.js';

export interface Loop {
  /** Beginning of the names of its two functions. */
  readonly name: string;
  /** How often it goes round, int32 []. */
  readonly count: Ref;
  /** What it carries from one round to the next. */
  readonly values: readonly Ref[];
  readonly shapes: readonly Shape[];
  /**
   * Whether the loop is made part of the graph, so that operations of a round run beside each other: good for big
   * operations, bad for small ones. The numbers are the same.
   */
  readonly inlined: boolean;
  /** Writes one round into the body's own writer: the number of the round and the values → the next values. */
  readonly round: (body: GraphWriter, at: Ref, values: readonly Ref[]) => readonly Ref[];
}

/** Writes a While that counts; gives the values after the last round. */
export function writeLoop(writer: GraphWriter, { name, count, values, shapes, inlined, round }: Loop): Ref[] {
  const carried = [writer.integers(0), count, ...values];
  const inputs = carried.map(({ type }, i) => ({ name: `carried_${i}`, type }));
  const unique = `${name}_${writer.functions.length}`;
  const condition = new GraphWriter({ body: true });
  const [first, limit] = inputs.map((input) => condition.argument(input.name, input.type));
  if (first === undefined || limit === undefined) throw new Error('A loop counts.');
  const more = condition.op('Less', [first, limit]);
  const check: FunctionDef = {
    name: `${unique}_more`,
    inputs,
    outputs: [{ name: 'more', type: 'bool' }],
    nodes: condition.nodes,
    returns: { more: more.name },
  };
  // Its place in the list of functions is taken before loops in the body take theirs, so that names stay unique.
  writer.functions.push(check);
  const body = new GraphWriter({ body: true, narrow: writer.narrow, functions: writer.functions });
  const [at, total, ...given] = inputs.map((input) => body.argument(input.name, input.type));
  if (at === undefined || total === undefined) throw new Error('A loop counts.');
  const after = [body.op('AddV2', [at, body.integers(1)]), total, ...round(body, at, given)];
  after.forEach(({ type }, i) => {
    if (type !== inputs[i]?.type) throw new Error(`Value ${i} of a loop becomes ${type}.`);
  });
  const outputs = after.map(({ type }, i) => ({ name: `next_${i}`, type }));
  writer.functions.push({
    name: `${unique}_round`,
    inputs,
    outputs,
    nodes: body.nodes,
    returns: Object.fromEntries(outputs.map((output, i) => [output.name, after[i]?.name ?? ''])),
  });
  const results = writer.ops('StatelessWhile', carried, {
    cond: `${unique}_more`,
    body: `${unique}_round`,
    output_shapes: [[], [], ...shapes],
    ...(inlined ? { _lower_using_switch_merge: true } : {}),
  });
  return results.slice(2);
}

/** A list of `count` tensors that the rounds of a loop fill. */
export function reserveList(
  writer: GraphWriter,
  shape: readonly number[],
  count: Ref,
  type: Ref['type'],
): Ref {
  return writer.op('TensorListReserve', [writer.integers(shape), count], { element_dtype: type });
}

/** The tensors of a list on top of each other. */
export function stackList(writer: GraphWriter, list: Ref, shape: readonly number[], type: Ref['type']): Ref {
  return writer.op('TensorListStack', [list, writer.integers(shape)], { element_dtype: type });
}
