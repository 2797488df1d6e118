import { describe, expect, it } from 'vitest';
import { interpret } from '../../../src/engines/reference/interpreter.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import type { Graph, ValueId } from '../../../src/graph/graph.js';
import { channelsFirstPass } from '../../../src/graph/onnx/channels-first/pass.js';
import { poolBeforeRelu } from '../../../src/graph/passes/pool-before-relu.js';
import { removeDeadCode } from '../../../src/graph/passes/dead-code.js';
import { throughOnnx } from '../../helpers/graph-cases.js';
import { randomFloats } from './helpers.js';

const CONVOLUTION = { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };
const POOL = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
const x = randomFloats([2, 4, 6, 2], 5);

const operations = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

function graphOf(build: (builder: GraphBuilder, x: ValueId) => ValueId): Graph {
  const builder = new GraphBuilder();
  builder.output('y', build(builder, builder.input('x', x.shape)));
  return builder.build();
}

const numbers = (graph: Graph): number[] =>
  Array.from(interpret(graph, { x }, undefined)['y']?.data as Float32Array);

describe('poolBeforeRelu', () => {
  it('takes the maximum before cutting off', () => {
    const graph = graphOf((b, image) => b.op('MaxPool', [b.op('Relu', [image])], POOL));
    const better = poolBeforeRelu(graph);
    expect(operations(better)).toEqual(['MaxPool', 'Relu']);
    expect(numbers(better)).toEqual(numbers(graph));
  });

  it('does so in the gradient too, which passes fewer elements through the mask', () => {
    const graph = graphOf((b, image) => {
      const cut = b.op('Relu', [image]);
      const pooled = b.op('MaxPool', [cut], POOL);
      const dy = b.op('Exp', [pooled]);
      const back = b.op('MaxPoolGrad', [dy, cut, pooled], POOL);
      return b.op('Multiply', [back, b.op('Step', [image], { alpha: 0 })]);
    });
    const better = removeDeadCode(poolBeforeRelu(graph));
    expect(operations(better)).toEqual(['MaxPool', 'Relu', 'Exp', 'Step', 'Multiply', 'MaxPoolGrad']);
    const mask = better.nodes.find(({ op }) => op === 'Step');
    expect(better.values[mask?.outputs[0] ?? -1]?.shape).toEqual([2, 2, 3, 2]);
    expect(numbers(better)).toEqual(numbers(graph));
  });

  it('leaves a relu alone that something else reads, and other poolings', () => {
    const shared = graphOf((b, image) => {
      const cut = b.op('Relu', [image]);
      return b.op('Add', [b.op('Sum', [cut], { axis: null }), b.op('MaxPool', [cut], POOL)]);
    });
    expect(poolBeforeRelu(shared)).toBe(shared);
    const average = graphOf((b, image) => b.op('AvgPool', [b.op('Relu', [image])], POOL));
    expect(poolBeforeRelu(average)).toBe(average);
  });
});

describe('channelsFirstPass', () => {
  const filter = (b: GraphBuilder, seed: number): ValueId => b.constant(randomFloats([3, 3, 2, 2], seed));

  it('exchanges axes at the ends of a chain of operations on images only', async () => {
    const graph = graphOf((b, image) => {
      const first = b.op('Tanh', [b.op('Conv2D', [image, filter(b, 1)], CONVOLUTION)]);
      const second = b.op('Conv2D', [b.op('MaxPool', [first], POOL), filter(b, 2)], CONVOLUTION);
      return b.op('Add', [second, b.op('AvgPool', [first], POOL)]);
    });
    const better = channelsFirstPass(graph);
    const ofImages = better.nodes.filter(
      ({ op, attributes }) => op === 'Transpose' && (attributes['perm'] as number[]).length === 4,
    );
    expect(ofImages.map(({ attributes }) => attributes['perm'])).toEqual(
      expect.arrayContaining([
        [0, 3, 1, 2],
        [0, 2, 3, 1],
      ]),
    );
    const [into, out] = [better.inputs[0]?.value, better.outputs[0]?.value];
    const onActivations = ofImages.filter(({ inputs: [from = -1] }) => !better.constants.has(from));
    expect(onActivations.filter(({ inputs }) => inputs[0] === into)).toHaveLength(1);
    expect(onActivations.filter(({ outputs }) => outputs[0] === out)).toHaveLength(1);
    expect(operations(better)).toEqual(
      expect.arrayContaining(['FirstConvolution', 'FirstMaxPool', 'FirstAveragePool']),
    );
    const [onnx, own] = [await throughOnnx(graph, { x }), numbers(graph)];
    own.forEach((value, i) => expect(onnx[i]).toBeCloseTo(value, 5));
  });

  it('changes nothing where there are no windows', () => {
    const graph = graphOf((b, image) => b.op('Tanh', [b.op('Transpose', [image], { perm: [0, 3, 1, 2] })]));
    expect(channelsFirstPass(graph)).toBe(graph);
  });
});
