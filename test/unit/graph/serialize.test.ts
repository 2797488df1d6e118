import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/core/json.js';
import type { Graph } from '../../../src/graph/graph.js';
import { graphFromFiles, graphToFiles } from '../../../src/graph/serialize.js';

const graph: Graph = {
  values: [
    { shape: [-1, 2], dtype: 'float32' },
    { shape: [2, 2], dtype: 'float32' },
    { shape: [-1, 2], dtype: 'float32' },
    { shape: [], dtype: 'int32' },
    { shape: [2], dtype: 'string' },
    { shape: [-1, 2], dtype: 'float32' },
  ],
  inputs: [{ name: 'features', value: 0 }],
  outputs: [{ name: 'scores', value: 5 }],
  constants: new Map([
    [1, { dtype: 'float32' as const, shape: [2, 2], data: new Float32Array([1, 2, 3, NaN]) }],
    [3, { dtype: 'int32' as const, shape: [], data: new Int32Array([-1]) }],
    [4, { dtype: 'string' as const, shape: [2], data: ['ja', 'né, "é"'] }],
  ]),
  nodes: [
    {
      op: 'BatchMatMul',
      inputs: [0, 1],
      outputs: [2],
      attributes: { transposeA: false, transposeB: true, note: null },
      layer: 'dense 1',
    },
    {
      op: 'ClipByValue',
      inputs: [2],
      outputs: [5],
      attributes: { clipValueMin: -Infinity, clipValueMax: 6, zero: -0, axes: [0, NaN], words: ['a', 'b'] },
    },
  ],
};

/** Through JSON text and back, as a file does. */
const throughText = (json: Json): Json => JSON.parse(JSON.stringify(json)) as Json;

describe('a graph in files', () => {
  it('comes back equal, with numbers that JSON lacks and text constants', () => {
    const { topology, constants } = graphToFiles(graph);
    expect(Object.keys(constants)).toEqual(['constant_1', 'constant_3']);
    const back = graphFromFiles(throughText(topology), constants);
    expect(back).toEqual(graph);
    expect(Object.is(back.nodes[1]?.attributes.zero, -0)).toBe(true);
  });

  it('gives a scalar constant its rank back', () => {
    const { topology, constants } = graphToFiles(graph);
    const flat = {
      ...constants,
      constant_3: { dtype: 'int32' as const, shape: [1], data: new Int32Array([-1]) },
    };
    expect(graphFromFiles(topology, flat).constants.get(3)?.shape).toEqual([]);
  });

  it('is refused when a constant is missing or of another size', () => {
    const { topology, constants } = graphToFiles(graph);
    const { constant_1: kernel, ...rest } = constants;
    expect(() => graphFromFiles(topology, rest)).toThrow(/"constant_1" is missing/);
    const cut = { ...constants, constant_1: { ...kernel, shape: [1, 2] } as typeof kernel & object };
    expect(() => graphFromFiles(topology, cut)).toThrow(/is float32 \[1, 2\], expected float32 \[2, 2\]/);
  });

  it('is refused when a node reads what is not made, or in another format version', () => {
    const { topology, constants } = graphToFiles(graph);
    const [first, second] = topology.nodes as readonly Json[];
    expect(() => graphFromFiles({ ...topology, nodes: [second ?? null, first ?? null] }, constants)).toThrow(
      /ClipByValue reads value 2 before it is made/,
    );
    expect(() => graphFromFiles({ ...topology, schemaVersion: 2 }, constants)).toThrow(/format version 2/);
    expect(() => graphFromFiles(null, constants)).toThrow(/format version object/);
  });
});
