import { describe, expect, it } from 'vitest';
import { interpret } from '../../../src/engines/reference/interpreter.js';
import { trace } from '../../../src/graph/trace.js';
import type { WeightSpec } from '../../../src/models/scope.js';
import { Packing } from '../../../src/training/packing.js';
import { float32 } from '../../../src/core/tensor.js';
import { tf } from '../graph/helpers.js';

const spec = (name: string, shape: readonly number[]): WeightSpec =>
  ({ name, shape }) as unknown as WeightSpec;

/** Weights of two members: a kernel [2, 3] and a bias [1]. */
const packing = new Packing([spec('kernel', [2, 2, 3]), spec('bias', [2, 1])], 2);
const kernel = Float32Array.of(0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15);
const bias = Float32Array.of(6, 16);
const matrix = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16);

describe('packing of weights', () => {
  it('puts the weights of a member into one row, and takes them out again', () => {
    expect(packing).toMatchObject({ width: 7, widths: [6, 1], members: 2 });
    expect(packing.packValues([kernel, bias])).toEqual(matrix);
    expect(packing.unpackValues(matrix)).toEqual([kernel, bias]);
  });

  it('is the same inside of a graph, as one split and one concatenation', () => {
    const graph = trace(
      ({ p }) => {
        const [first, second] = packing.unpack(p as tf.Tensor);
        const parts = [tf.mul(first as tf.Tensor, 2), tf.neg(second as tf.Tensor)];
        return { kernel: first as tf.Tensor, changed: packing.pack(parts) };
      },
      { p: { shape: [2, 7] } },
    );
    expect(graph.nodes.filter(({ op }) => op === 'SplitV' || op === 'Concat')).toHaveLength(2);
    const made = interpret(graph, { p: float32([2, 7], matrix) }, undefined);
    expect(made['kernel']).toMatchObject({ shape: [2, 2, 3], data: kernel });
    const changed = matrix.map((value) => (value % 10 === 6 ? -value : 2 * value));
    expect(made['changed']).toMatchObject({ shape: [2, 7], data: changed });
  });

  it('needs neither for a single weight, and nothing for none', () => {
    const one = new Packing([spec('kernel', [2, 3])], 2);
    const graph = trace(({ p }) => ({ y: one.pack(one.unpack(p as tf.Tensor)) }), { p: { shape: [2, 3] } });
    expect(graph.nodes.filter(({ op }) => op === 'SplitV' || op === 'Concat')).toEqual([]);
    expect(new Packing([], 2).unpack(tf.zeros([2, 0]))).toEqual([]);
  });
});
