import { describe, expect, it } from 'vitest';
import { float32 } from '../../../src/core/tensor.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { KERNEL_NAMES } from '../../../src/graph/kernels/index.js';
import { SYMBOLIC_BATCH as B } from '../../../src/graph/symbolic.js';
import { decodeSavedModel } from '../../../src/graph/tensorflow/decode.js';
import { executableModel } from '../../../src/graph/tensorflow/executable-model.js';
import { LOWERINGS } from '../../../src/graph/tensorflow/lower.js';
import { opDefinition } from '../../../src/graph/tensorflow/op-definitions.js';
import { OP_TABLE } from '../../../src/graph/tensorflow/op-table.js';
import { toSavedModel } from '../../../src/graph/tensorflow/saved-model.js';
import { trainingModel } from '../../../src/graph/tensorflow/training-model.js';
import { GraphWriter } from '../../../src/graph/tensorflow/writer.js';

describe('the table of TensorFlow operations', () => {
  it('is read to the last line', () => {
    const names = OP_TABLE.trim()
      .split('\n')
      .map((line) => line.slice(0, line.indexOf('(')));
    expect(names.length).toBeGreaterThan(140);
    for (const name of names) opDefinition(name);
  });

  it('knows lists, types and defaults', () => {
    const { inputs, outputs, attributes } = opDefinition('ConcatV2');
    expect(inputs).toMatchObject([
      { name: 'values', type: 'T', count: 'N' },
      { name: 'axis', type: 'Tidx', count: undefined },
    ]);
    expect(outputs).toMatchObject([{ name: 'output', type: 'T' }]);
    expect(attributes.get('Tidx')).toEqual({ kind: 'type', otherwise: 'int32', allowed: ['int32', 'int64'] });
    expect(opDefinition('StatelessWhile').inputs).toMatchObject([{ name: 'input', types: 'T' }]);
    expect(opDefinition('Conv2D').attributes.get('dilations')?.otherwise).toBe('[1,1,1,1]');
    expect(opDefinition('Placeholder').inputs).toEqual([]);
  });
});

describe('the writer of TensorFlow nodes', () => {
  const writer = new GraphWriter();
  const x = writer.op('Placeholder', [], { dtype: 'float', shape: [-1, 2] }, 'x');
  const text = writer.op('Placeholder', [], { dtype: 'string', shape: [] }, 'text');

  it('finds the types of attributes and outputs', () => {
    const joined = writer.op('ConcatV2', [x, x, writer.integers(1)]);
    expect(joined.type).toBe('float');
    expect(writer.nodes.at(-1)?.attr).toEqual({ N: { int: 2 }, T: { type: 'float' } });
    expect(writer.ops('TopKV2', [x, writer.integers(1)]).map(({ type }) => type)).toEqual(['float', 'int32']);
    expect(writer.op('ArgMax', [x, writer.integers(1)], { output_type: 'int32' }).type).toBe('int32');
    expect(writer.ops('Unpack', [x], { num: 2 }).map(({ name }) => name)).toEqual(['Unpack', 'Unpack:1']);
  });

  it('names tensors in a function by their output', () => {
    const body = new GraphWriter({ body: true });
    const given = body.argument('given', 'float');
    const [values, indices] = body.ops('TopKV2', [given, body.integers(1)]);
    expect([values?.name, indices?.name]).toEqual(['TopKV2:values:0', 'TopKV2:indices:0']);
    expect(body.nodes.at(-1)?.input).toEqual(['given', 'constant:output:0']);
  });

  it('finds mistakes before TensorFlow does', () => {
    expect(() => writer.op('Exp', [text])).toThrow(/Exp.*does not take string as x/);
    expect(() => writer.op('AddV2', [x, writer.integers(1)])).toThrow(/"int32".*T.*"float"/);
    expect(() => writer.op('AddV2', [x])).toThrow(/lacks its input y/);
    expect(() => writer.op('Neg', [x, x])).toThrow(/takes 1 inputs, received 2/);
    expect(() => writer.op('Neg', [x], { axis: 1 })).toThrow(/has no attribute axis/);
    expect(() => writer.op('AvgPool', [x], { ksize: [1], strides: [1] })).toThrow(
      /lacks its attribute padding/,
    );
    expect(() => writer.op('Sinus', [x])).toThrow(/no Sinus/);
  });
});

it('every operation that a graph may hold has a form in TensorFlow', () => {
  expect(KERNEL_NAMES.filter((name) => LOWERINGS[name] === undefined)).toEqual([]);
});

describe('a SavedModel', () => {
  it('reads back as it was written', () => {
    const builder = new GraphBuilder();
    const x = builder.input('größe (cm)', [B, 2]);
    const names = builder.input('text', [B, 1], 'string');
    const weights = builder.constant(float32([2, 1], Float32Array.of(0.5, -0)));
    builder.output('y', builder.op('BatchMatMul', [x, weights]));
    builder.output('index', builder.op('LookupIndex', [names], { keys: ['a', 'né'], default: -1 }));
    const { graph, signatures, initializer } = decodeSavedModel(toSavedModel(builder.build()));
    expect(signatures['serving_default']).toMatchObject({
      inputs: {
        'größe (cm)': { name: 'input_0:0', type: 'float', shape: [-1, 2] },
        text: { type: 'string' },
      },
      outputs: { y: { type: 'float', shape: [-1, 1] }, index: { type: 'int64', shape: [-1, 1] } },
    });
    const constants = graph.nodes.flatMap(({ attr: { value } }) =>
      value !== undefined && 'tensor' in value ? [value.tensor] : [],
    );
    expect(constants).toContainEqual(float32([2, 1], Float32Array.of(0.5, -0)));
    expect(constants).toContainEqual({ dtype: 'string', shape: [2], data: ['a', 'né'] });
    expect(graph.nodes.find(({ name }) => name === initializer)?.op).toBe('NoOp');
  });

  it('is fed float64 as int64 of the same bits, which the addon can pass', () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [B], 'float64')]));
    const { bytes, feeds, fetches } = executableModel(builder.build());
    const ops = decodeSavedModel(bytes).graph.nodes.map(({ op }) => op);
    expect(ops).toEqual(['Placeholder', 'Bitcast', 'Neg', 'Bitcast', 'Identity']);
    expect([...feeds, ...fetches]).toEqual([
      ['x', 'input_0:0'],
      ['y', 'output_0:0'],
    ]);
  });
});

it('a training step keeps state and data in variables, and feeds only what is new', () => {
  const builder = new GraphBuilder();
  const weight = builder.input('w', [2]);
  const x = builder.input('x', [4, 2]);
  const rate = builder.input('rate', []);
  const loss = builder.op('Sum', [builder.op('Multiply', [x, weight])], { axis: null, keepDims: false });
  builder.output("w'", builder.op('Sub', [weight, builder.op('Multiply', [loss, rate])]));
  builder.output('loss', loss);
  const step = {
    graph: builder.build(),
    state: [{ input: 'w', output: "w'" }],
    rows: ['x'],
    indexShape: [4],
    perStep: ['rate'],
    resident: [],
    results: ['loss'],
  };
  const { bytes, state, data, run } = trainingModel(step, { inlined: false });
  expect([...state.keys(), ...data.keys(), ...run.perStep.keys(), ...run.results.keys()]).toEqual([
    ...['w', 'x', 'rate', 'loss'],
  ]);
  const { nodes } = decodeSavedModel(bytes).graph;
  expect(nodes.filter(({ op }) => op === 'VarHandleOp').map(({ name }) => name)).toEqual([
    'rows_0',
    'state_0',
  ]);
  expect(nodes.filter(({ op }) => op === 'StatelessWhile')).toHaveLength(1);
  const missing = { ...step, perStep: [] };
  expect(() => trainingModel(missing, { inlined: true })).toThrow(/input "rate" is neither/);
});
