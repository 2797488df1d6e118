import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TargetState } from '../../../src/core/artifacts.js';
import type { TensorData } from '../../../src/core/tensor.js';
import { openSavedModel } from '../../../src/engines/reference/saved-model.js';
import { savedModel } from '../../../src/exporters/saved-model.js';
import { signatureKeys } from '../../../src/exporters/signature-keys.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { KERNEL_NAMES } from '../../../src/graph/kernels/index.js';
import { SYMBOLIC_BATCH as B } from '../../../src/graph/symbolic.js';
import { toSavedModel } from '../../../src/graph/tensorflow/saved-model.js';
import { exportModel, fitted, ownScores, rowsOfEveryKind, TARGETS } from '../../helpers/export-model.js';
import { CASES_BEYOND_TFJS, GRAPH_CASES, graphOf, throughOnnx, values } from '../../helpers/graph-cases.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimaas-saved-model-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const [, multiclass] = TARGETS as readonly [TargetState, TargetState, TargetState];

describe('an operation in a SavedModel, read again, gives what it gives in ONNX Runtime', () => {
  it.each([...GRAPH_CASES, ...CASES_BEYOND_TFJS])('%s', async (_, build) => {
    const graph = graphOf(build);
    const opened = openSavedModel(toSavedModel(graph), 'test');
    for (const batch of [1, 5]) {
      const feeds = { x: values(batch, 4) };
      const [own, onnx] = [opened.run(feeds)['y'], await throughOnnx(graph, feeds)];
      expect(own?.data.length).toBe(onnx.length);
      onnx.forEach((other, i) => {
        const value = Number(own?.data[i]);
        if (Number.isNaN(other)) expect(value).toBeNaN();
        else expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(other)));
      });
    }
  });
});

it('every operation that a graph for inference can have is among these', () => {
  const tested = new Set(
    [...GRAPH_CASES, ...CASES_BEYOND_TFJS].flatMap(([, build]) => graphOf(build).nodes.map(({ op }) => op)),
  );
  // Gradients, and what is drawn while training.
  const notForInference = /Grad$|BackpropFilter|^DepthwiseConv2dNativeBackpropInput$|^RandomUniform$/;
  expect(KERNEL_NAMES.filter((name) => !tested.has(name) && !notForInference.test(name))).toEqual([]);
});

it('names columns so that TensorFlow can load the signature in Python', () => {
  const keys = signatureKeys([
    'größe',
    'a b',
    'a_b',
    'a-b',
    'class',
    'class_1',
    '2',
    'arg_2',
    'x²',
    'in',
    '_n',
  ]);
  expect(Object.fromEntries(keys)).toEqual({
    größe: 'größe',
    'a b': 'a_b_1',
    a_b: 'a_b',
    'a-b': 'a_b_2',
    class: 'class_2',
    class_1: 'class_1',
    '2': 'arg_2_1',
    arg_2: 'arg_2',
    'x²': 'x__1',
    in: 'in_1',
    _n: '_n',
  });
});

it('answers by such names, and says which column they are', async () => {
  const { schema, table } = rowsOfEveryKind(20);
  const [first, ...others] = schema.columns.map(({ name }) => name);
  const renamed = {
    ...schema,
    columns: schema.columns.map((column) => (column.name === first ? { ...column, name: 'class' } : column)),
  };
  const columns = new Map(
    [...table.columns].map(([name, cells]) => [name === first ? 'class' : name, cells]),
  );
  const rows = { ...table, columns };
  const model = exportModel(fitted(renamed, rows), multiclass);
  const details = await savedModel.write(model, folder);
  const { signature } = openSavedModel(await readFile(join(folder, 'saved_model.pb')), 'test');
  expect(Object.keys(signature.inputs)).toEqual(['class_1', ...others]);
  expect(details.inputs).toMatchObject([
    { name: 'class_1', column: 'class' },
    ...others.map((name) => ({ name })),
  ]);
  const loaded = await savedModel.load(model, folder);
  expect((await loaded.answer(rows)).scores).toHaveLength(20 * 3);
  await loaded.dispose();
});

it('takes raw columns by name, in their own types, any number of rows', async () => {
  const { schema, table } = rowsOfEveryKind(50);
  const model = exportModel(fitted(schema, table), multiclass);
  const details = await savedModel.write(model, folder);
  const { signature } = openSavedModel(await readFile(join(folder, 'saved_model.pb')), 'test');
  expect(Object.keys(signature.inputs)).toEqual(schema.columns.map(({ name }) => name));
  for (const { name, kind } of schema.columns) {
    const type = kind === 'category' ? 'string' : 'double';
    expect(signature.inputs[name]).toMatchObject({ type, shape: [-1, 1] });
  }
  expect(signature.outputs).toMatchObject({
    label: { type: 'string', shape: [-1] },
    probabilities: { type: 'float', shape: [-1, 3] },
  });
  expect(details).toMatchObject({
    takes: 'columns',
    reason: null,
    signature: 'serving_default',
    tags: ['serve'],
  });
  const loaded = await savedModel.load(model, folder);
  const { scores, labels } = await loaded.answer(table);
  const expected = await ownScores(model, table);
  expected.forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 6));
  labels?.forEach((label, row) => {
    const own = [...expected.subarray(3 * row, 3 * row + 3)];
    expect(label).toBe(['a', 'b', 'ç'][own.indexOf(Math.max(...own))]);
  });
});

it('keeps whole numbers and fractions that need 64 bits', () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', [B, 1], 'float64');
  const whole = builder.op('Cast', [x], { dtype: 'int64' });
  const big: TensorData = { dtype: 'int64', shape: [], data: BigInt64Array.of(2n ** 40n) };
  builder.output('sum', builder.op('Add', [whole, builder.constant(big)]));
  builder.output('tenth', builder.op('Multiply', [x, builder.scalar(0.1, 'float64')]));
  const { sum, tenth } = openSavedModel(toSavedModel(builder.build()), 'test').run({
    x: { dtype: 'float64', shape: [2, 1], data: Float64Array.of(1, 3) },
  });
  expect(sum?.data).toEqual(BigInt64Array.of(2n ** 40n + 1n, 2n ** 40n + 3n));
  expect(tenth?.data).toEqual(Float64Array.of(0.1, 0.1 * 3));
});

it('is the same to the byte when written again', async () => {
  const { schema, table } = rowsOfEveryKind(30);
  const model = exportModel(fitted(schema, table), multiclass);
  await savedModel.write(model, folder);
  const first = await readFile(join(folder, 'saved_model.pb'));
  await rm(join(folder, 'saved_model.pb'));
  await savedModel.write(model, folder);
  expect((await readFile(join(folder, 'saved_model.pb'))).equals(first)).toBe(true);
});

it('says so when the file is damaged', async () => {
  const { schema, table } = rowsOfEveryKind(30);
  const model = exportModel(fitted(schema, table), multiclass);
  await savedModel.write(model, folder);
  const path = join(folder, 'saved_model.pb');
  const bytes = await readFile(path);
  for (const damaged of [bytes.subarray(0, bytes.length / 2), Buffer.from('no protobuf'), Buffer.alloc(0)]) {
    await writeFile(path, damaged);
    await expect(savedModel.load(model, folder)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  }
});
