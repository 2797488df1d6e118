import { describe, expect, it } from 'vitest';
import type { DType, TensorData } from '../../../src/core/tensor.js';
import { graphModel } from '../../../src/exporters/graph-model.js';
import { loadGraphModel } from '../../../src/exporters/tfjs-runtime.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import type { Graph } from '../../../src/graph/graph.js';
import { expandScans } from '../../../src/graph/scan/expand.js';
import { SYMBOLIC_BATCH as B } from '../../../src/graph/symbolic.js';
import { CASES_BEYOND_TFJS, GRAPH_CASES, graphOf, throughOnnx, values } from '../../helpers/graph-cases.js';

const ABOUT = { generatedBy: 'test', metadata: {} };

async function throughTfjs(graph: Graph, feeds: Record<string, TensorData>): Promise<number[]> {
  const { json, weights } = graphModel(expandScans(graph), ABOUT);
  const model = await loadGraphModel(json, weights);
  const [y] = await model.execute(feeds, ['y']);
  model.dispose();
  return Array.from(y as Float32Array, Number);
}

describe('an operation in tfjs gives what it gives in ONNX Runtime', () => {
  it.each(GRAPH_CASES)('%s', async (_, build) => {
    const graph = graphOf(build);
    for (const batch of [1, 5]) {
      const feeds = { x: values(batch, 4) };
      const [tfjs, onnx] = [await throughTfjs(graph, feeds), await throughOnnx(graph, feeds)];
      expect(tfjs.length).toBe(onnx.length);
      tfjs.forEach((value, i) => {
        const other = onnx[i] ?? 0;
        if (Number.isNaN(other)) expect(value).toBeNaN();
        else expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(other)));
      });
    }
  });
});

describe('text in tfjs', () => {
  const build = (keys: readonly string[]): Graph => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [B, 1], 'string');
    const index = builder.op('LookupIndex', [x], { keys: [...keys], default: -1 });
    builder.output('y', builder.op('Cast', [index], { dtype: 'float32' }));
    return builder.build();
  };
  const text = (...data: string[]): Record<string, TensorData> => ({
    x: { dtype: 'string', shape: [data.length, 1], data },
  });

  it('finds keys of any script, and the default for others', async () => {
    const graph = build(['a', 'né "q"', '日本', '__proto__', ' ']);
    expect(await throughTfjs(graph, text('日本', 'né "q"', 'A', '', 'a', '__proto__', ' '))).toEqual([
      2, 1, -1, -1, 0, 3, 4,
    ]);
  });

  it('works without any key', async () => {
    expect(await throughTfjs(build([]), text('a', ''))).toEqual([-1, -1]);
  });
});

describe('numbers that need 64 bits', () => {
  it('keep their differences when a constant near them is taken away', async () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [B, 1], 'float64');
    const centered = builder.op('Sub', [x, builder.scalar(2008.0290697674418, 'float64')]);
    builder.output('y', builder.op('Cast', [centered], { dtype: 'float32' }));
    const feeds: Record<string, TensorData> = {
      x: { dtype: 'float64', shape: [3, 1], data: Float64Array.of(2007, 2008, 2009) },
    };
    const y = await throughTfjs(builder.build(), feeds);
    [2007, 2008, 2009].forEach((year, i) => expect(y[i]).toBeCloseTo(year - 2008.0290697674418, 6));
  });

  it('are refused where they are whole and do not fit 32 bits', () => {
    const builder = new GraphBuilder();
    const big: TensorData = { dtype: 'int64', shape: [], data: BigInt64Array.of(2n ** 40n) };
    const x = builder.op('Cast', [builder.input('x', [B, 1])], { dtype: 'int64' });
    builder.output('y', builder.op('Add', [x, builder.constant(big)]));
    expect(() => graphModel(builder.build(), ABOUT)).toThrow(/1099511627776 does not fit the 32 bits/);
  });
});

it.each(CASES_BEYOND_TFJS)('%s, which tfjs does not have, is refused by name', (name, build) => {
  const [op = name] = name.split(',');
  expect(() => graphModel(graphOf(build), ABOUT)).toThrow(
    new RegExp(`The operation ${op} cannot be exported to tfjs`),
  );
});

it('an operation without a form in tfjs is named with its layer', () => {
  const builder = new GraphBuilder();
  builder.layer = 'noise';
  const x = builder.input('x', [4, 1]);
  const ids = builder.input('ids', [4], 'int32' satisfies DType);
  builder.output('y', builder.op('UnsortedSegmentSum', [x, ids], { numSegments: 2 }));
  expect(() => graphModel(builder.build(), ABOUT)).toThrow(
    /UnsortedSegmentSum .*"noise".*cannot be exported to tfjs/,
  );
});
