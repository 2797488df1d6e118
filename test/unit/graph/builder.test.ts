import { describe, expect, it } from 'vitest';
import { float32, type TensorData } from '../../../src/core/tensor.js';
import { engine } from '../../../src/engines/index.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import type { Graph } from '../../../src/graph/graph.js';
import { SYMBOLIC_BATCH } from '../../../src/graph/symbolic.js';

async function onBoth(
  graph: Graph,
  inputs: Record<string, TensorData>,
  output: string,
): Promise<unknown[][]> {
  const results: unknown[][] = [];
  for (const name of ['reference', 'onnxruntime']) {
    const executable = await (await engine(name)).compile(graph, {});
    results.push([...((await executable.run(inputs))[output]?.data ?? [])]);
    await executable.dispose();
  }
  return results;
}

/** age and city, as a user has them, to the matrix a network takes. */
function rawColumns(): Graph {
  const builder = new GraphBuilder();
  const age = builder.input('age', [SYMBOLIC_BATCH, 1], 'float64');
  const city = builder.input('city', [SYMBOLIC_BATCH, 1], 'string');
  const missing = builder.op('IsNan', [age]);
  const filled = builder.op('Select', [missing, builder.scalar(30, 'float64'), age]);
  const centred = builder.op('Sub', [filled, builder.scalar(1e9 + 30, 'float64')]);
  const scaled = builder.op('RealDiv', [centred, builder.scalar(10, 'float64')]);
  const number = builder.op('Cast', [scaled], { dtype: 'float32' });
  const indicator = builder.op('Cast', [missing], { dtype: 'float32' });
  const index = builder.op('LookupIndex', [city], { keys: ['Köln', '東京', ''], default: -1 });
  const oneHot = builder.op('OneHot', [builder.op('Reshape', [index], { shape: [SYMBOLIC_BATCH] })], {
    depth: 3,
    onValue: 1,
    offValue: 0,
    dtype: 'float32',
  });
  builder.output('matrix', builder.op('Concat', [number, indicator, oneHot], { axis: 1 }));
  return builder.build();
}

describe('GraphBuilder', () => {
  it('makes graphs from raw columns, in float64 where float32 would lose digits', async () => {
    const graph = rawColumns();
    const inputs: Record<string, TensorData> = {
      age: { dtype: 'float64', shape: [3, 1], data: Float64Array.of(1e9 + 40, NaN, 1e9 + 31) },
      city: { dtype: 'string', shape: [3, 1], data: ['東京', 'Oslo', ''] },
    };
    const expected = [1, 0, 0, 1, 0, Math.fround(-1e8), 1, 0, 0, 0, Math.fround(0.1), 0, 0, 0, 1];
    for (const values of await onBoth(graph, inputs, 'matrix')) expect(values).toEqual(expected);
  });

  it('looks labels up and takes the largest score', async () => {
    const builder = new GraphBuilder();
    const scores = builder.input('scores', [SYMBOLIC_BATCH, 3]);
    const best = builder.op('ArgMax', [scores], { axis: 1 });
    builder.output('label', builder.op('LookupLabel', [best], { labels: ['Adelie', 'Chinstrap', 'Gentoo'] }));
    const inputs = { scores: float32([2, 3], Float32Array.of(0.1, 0.2, 0.7, 0.9, 0.05, 0.05)) };
    for (const values of await onBoth(builder.build(), inputs, 'label'))
      expect(values).toEqual(['Gentoo', 'Adelie']);
  });

  it('inlines a graph into another', async () => {
    const inner = rawColumns();
    const builder = new GraphBuilder();
    const age = builder.input('years', [SYMBOLIC_BATCH, 1], 'float64');
    const city = builder.input('town', [SYMBOLIC_BATCH, 1], 'string');
    const { matrix } = builder.append(inner, { age, city });
    builder.output('total', builder.op('Sum', [matrix ?? -1], { axis: [1], keepDims: false }));
    const inputs: Record<string, TensorData> = {
      years: { dtype: 'float64', shape: [1, 1], data: Float64Array.of(1e9 + 30) },
      town: { dtype: 'string', shape: [1, 1], data: ['Köln'] },
    };
    for (const values of await onBoth(builder.build(), inputs, 'total')) expect(values).toEqual([1]);
    expect(() => builder.append(inner, { age })).toThrow('"city"');
  });

  it('says which operation does not fit its inputs', () => {
    const builder = new GraphBuilder();
    const a = builder.input('a', [2, 3]);
    const b = builder.input('b', [4]);
    expect(() => builder.op('Add', [a, b])).toThrow(/Add does not fit.*\[2, 3\] and \[4\]/);
    expect(() => builder.op('Add', [a, builder.scalar(1, 'float64')])).toThrow(/float32 and float64/);
    expect(() => builder.op('Reshape', [a], { shape: [4, -1] })).toThrow(/6 elements/);
    expect(() => builder.op('Nonsense', [a])).toThrow(/operation Nonsense cannot be part/);
    expect(() => builder.input('a', [1])).toThrow('"a" exists');
    expect(() => builder.constant(float32([3], Float32Array.of(1)))).toThrow('has 1 elements');
  });
});
