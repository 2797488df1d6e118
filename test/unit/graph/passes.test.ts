import { describe, expect, it } from 'vitest';
import { float32 } from '../../../src/core/tensor.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import type { Graph, ValueId } from '../../../src/graph/graph.js';
import { simplifyAlgebra } from '../../../src/graph/passes/algebra.js';
import { delayBroadcasts } from '../../../src/graph/passes/broadcasts.js';
import { shareCommonSubexpressions } from '../../../src/graph/passes/common-subexpressions.js';
import { foldConstants } from '../../../src/graph/passes/constant-folding.js';
import { removeDeadCode } from '../../../src/graph/passes/dead-code.js';
import { fuseBias } from '../../../src/graph/passes/bias.js';
import { optimize } from '../../../src/graph/passes/index.js';
import { dropUnitAxes } from '../../../src/graph/passes/unit-axes.js';

function graphOf(build: (builder: GraphBuilder, x: ValueId) => ValueId): Graph {
  const builder = new GraphBuilder();
  const x = builder.input('x', [2, 3]);
  builder.output('y', build(builder, x));
  return builder.build();
}

const operations = (graph: Graph) => graph.nodes.map(({ op }) => op);

describe('removeDeadCode', () => {
  it('drops what no output needs, and keeps inputs', () => {
    const graph = graphOf((b, x) => {
      b.op('Exp', [b.op('Neg', [x])]);
      b.scalar(4);
      return b.op('Abs', [x]);
    });
    const clean = removeDeadCode(graph);
    expect(operations(clean)).toEqual(['Abs']);
    expect(clean.constants.size).toBe(0);
    expect(clean.inputs).toHaveLength(1);
  });
});

describe('shareCommonSubexpressions', () => {
  it('computes equal things once, and tells attributes and random draws apart', () => {
    const graph = graphOf((b, x) => {
      const [a, c] = [b.op('Add', [x, b.scalar(1)]), b.op('Add', [x, b.scalar(1)])];
      return b.op('Multiply', [b.op('Exp', [a]), b.op('Exp', [c])]);
    });
    expect(operations(shareCommonSubexpressions(graph))).toEqual(['Add', 'Exp', 'Multiply']);
    const different = graphOf((b, x) =>
      b.op('Add', [
        b.op('Softmax', [x], { dim: 0 }),
        b.op('Add', [b.op('Softmax', [x], { dim: 1 }), b.op('LeakyRelu', [x], { alpha: NaN })]),
      ]),
    );
    expect(operations(shareCommonSubexpressions(different))).toHaveLength(5);
  });
});

describe('simplifyAlgebra', () => {
  const simplified = (build: Parameters<typeof graphOf>[0]) =>
    operations(removeDeadCode(simplifyAlgebra(graphOf(build))));

  it('removes what changes nothing', () => {
    expect(simplified((b, x) => b.op('Multiply', [x, b.scalar(1)]))).toEqual([]);
    expect(simplified((b, x) => b.op('Add', [b.scalar(0), x]))).toEqual([]);
    expect(simplified((b, x) => b.op('Sub', [x, b.scalar(0)]))).toEqual([]);
    expect(simplified((b, x) => b.op('RealDiv', [x, b.scalar(1)]))).toEqual([]);
    expect(simplified((b, x) => b.op('Cast', [x], { dtype: 'float32' }))).toEqual([]);
    expect(
      simplified((b, x) => b.op('Reshape', [b.op('Reshape', [x], { shape: [6] })], { shape: [2, 3] })),
    ).toEqual([]);
    expect(
      simplified((b, x) => b.op('Reshape', [b.op('Reshape', [x], { shape: [6] })], { shape: [3, 2] })),
    ).toEqual(['Reshape']);
    expect(simplified((b, x) => b.op('Transpose', [x], { perm: [0, 1] }))).toEqual([]);
  });

  it('keeps what broadcasts, and what is 0 − x or 1 / x', () => {
    expect(
      simplified((b, x) =>
        b.op('Multiply', [x, b.constant(float32([4, 1, 1], Float32Array.of(1, 1, 1, 1)))]),
      ),
    ).toEqual(['Multiply']);
    expect(simplified((b, x) => b.op('Sub', [b.scalar(0), x]))).toEqual(['Sub']);
    expect(simplified((b, x) => b.op('RealDiv', [b.scalar(1), x]))).toEqual(['RealDiv']);
    expect(
      simplified((b, x) => b.op('Cast', [b.op('Cast', [x], { dtype: 'int32' })], { dtype: 'float32' })),
    ).toEqual(['Cast', 'Cast']);
  });
});

describe('foldConstants', () => {
  it('computes constants ahead', () => {
    const graph = graphOf((b, x) =>
      b.op('Multiply', [x, b.op('Sqrt', [b.op('RealDiv', [b.scalar(1), b.scalar(4)])])]),
    );
    const folded = removeDeadCode(foldConstants(graph));
    expect(operations(folded)).toEqual(['Multiply']);
    expect([...folded.constants.values()].map(({ data }) => [...data])).toEqual([[0.5]]);
  });
});

describe('delayBroadcasts', () => {
  const ones = (b: GraphBuilder) => b.op('Fill', [], { shape: [2, 3], value: 1, dtype: 'float32' });

  it('keeps a repeated number a number until an operation repeats it anyhow', () => {
    const graph = graphOf((b, x) => {
      const spread = b.op('Multiply', [ones(b), b.op('RealDiv', [b.scalar(1), b.scalar(3)])]);
      return b.op('Multiply', [x, b.op('Square', [spread])]);
    });
    const optimized = optimize(graph);
    expect(operations(optimized)).toEqual(['Multiply']);
    expect(optimized.constants.size).toBe(1);
  });

  it('uses a row before it is tiled', () => {
    const graph = graphOf((b, x) => {
      const row = b.op('Sum', [x], { axis: [0], keepDims: true });
      return b.op('Sub', [x, b.op('Tile', [row], { reps: [2, 1] })]);
    });
    expect(operations(removeDeadCode(delayBroadcasts(graph)))).toEqual(['Sum', 'Sub']);
  });

  it('does not shrink a result that the repetition alone gives its shape', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [1, 3]);
    builder.output('y', builder.op('Multiply', [x, ones(builder)]));
    const graph = removeDeadCode(delayBroadcasts(builder.build()));
    expect(operations(graph)).toEqual(['Fill', 'Multiply']);
    expect(graph.values[graph.outputs[0]?.value ?? -1]?.shape).toEqual([2, 3]);
  });
});

describe('dropUnitAxes', () => {
  it('turns a batch of one dense layer into a Gemm and an activation of two dimensions', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [1, 5, 3]);
    const w = builder.input('w', [1, 3, 2]);
    const bias = builder.input('b', [1, 1, 2]);
    const sum = builder.op('Add', [builder.op('BatchMatMul', [x, w]), bias]);
    builder.output('y', builder.op('Sum', [builder.op('Relu', [sum])], { axis: [1], keepDims: false }));
    const graph = optimize(builder.build());
    expect(operations(graph).filter((op) => op !== 'Reshape')).toEqual(['Gemm', 'Relu', 'Sum']);
    expect(graph.values[graph.outputs[0]?.value ?? -1]?.shape).toEqual([1, 2]);
  });

  it('leaves a batch of several alone', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [2, 5, 3]);
    const w = builder.input('w', [1, 3, 2]);
    builder.output('y', builder.op('Relu', [builder.op('BatchMatMul', [x, w])]));
    expect(operations(dropUnitAxes(builder.build()))).toEqual(['BatchMatMul', 'Relu']);
  });
});

describe('fuseBias', () => {
  const dense = (biasShape: number[], again = false) =>
    graphOf((b, x) => {
      const product = b.op('BatchMatMul', [x, b.constant(float32([3, 2], new Float32Array(6)))]);
      const bias = b.constant(float32(biasShape, new Float32Array(biasShape.reduce((p, d) => p * d, 1))));
      const sum = b.op('Add', [product, bias]);
      return again ? b.op('Add', [sum, product]) : sum;
    });

  it('joins a product and its bias, unless the product is used elsewhere or the bias has more axes', () => {
    expect(operations(removeDeadCode(fuseBias(dense([2]))))).toEqual(['Gemm']);
    expect(operations(removeDeadCode(fuseBias(dense([1, 2]))))).toEqual(['Gemm']);
    expect(operations(removeDeadCode(fuseBias(dense([2, 2]))))).toEqual(['Gemm']);
    expect(operations(fuseBias(dense([1, 2, 2])))).toEqual(['BatchMatMul', 'Add']);
    expect(operations(fuseBias(dense([2], true)))).toEqual(['BatchMatMul', 'Add', 'Add']);
  });
});
