import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TargetState } from '../../../src/core/artifacts.js';
import { type Column, type DataSchema, stringColumn, type Table } from '../../../src/core/table.js';
import { onnx } from '../../../src/exporters/onnx.js';
import { exportModel, fitted, ownScores, rowsOfEveryKind, TARGETS } from '../../helpers/export-model.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimaas-onnx-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const [, multiclass, regression] = TARGETS as readonly [TargetState, TargetState, TargetState];
const open = async (): Promise<InferenceSession> => InferenceSession.create(join(folder, 'model.onnx'));

it('takes raw columns by name, in their own types, any number of rows', async () => {
  const { schema, table } = rowsOfEveryKind(50);
  const model = exportModel(fitted(schema, table), multiclass);
  const details = await onnx.write(model, folder);
  const session = await open();
  expect([...session.inputNames]).toEqual(schema.columns.map(({ name }) => name));
  const types = session.inputMetadata.map((input) => (input.isTensor ? [input.type, input.shape] : []));
  expect(types).toEqual(
    schema.columns.map(({ kind }) => [kind === 'category' ? 'string' : 'float64', ['batch', 1]]),
  );
  expect(details).toMatchObject({ takes: 'columns', reason: null, opset: 18, batch: 'batch' });
  expect([...session.outputNames]).toEqual(['label', 'probabilities']);

  const feeds = Object.fromEntries(
    [...table.columns].map(([name, column]): [string, Tensor] => [name, tensorOf(column)]),
  );
  const { label, probabilities } = await session.run(feeds);
  expect(probabilities?.dims).toEqual([50, 3]);
  expect(label?.dims).toEqual([50]);
  const expected = await ownScores(model, table);
  const scores = probabilities?.data as Float32Array;
  expected.forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 6));
  (label?.data as string[]).forEach((name, row) => {
    const own = [...expected.subarray(3 * row, 3 * row + 3)];
    expect(name).toBe(['a', 'b', 'ç'][own.indexOf(Math.max(...own))]);
  });
  await session.release();
});

it('names classes, inputs and run in its metadata', async () => {
  const { schema, table } = rowsOfEveryKind(30);
  const model = { ...exportModel(fitted(schema, table), multiclass), run: 'abcdef012345' };
  await onnx.write(model, folder);
  const bytes = (await readFile(join(folder, 'model.onnx'))).toString('utf8');
  for (const text of ['["a","b","ç"]', 'abcdef012345', 'multiclass']) expect(bytes).toContain(text);
});

it('gives its outputs other names where columns have theirs', async () => {
  const table: Table = {
    rows: 4,
    columns: new Map<string, Column>([
      ['label', stringColumn(['x', 'y', 'x', null])],
      ['probabilities', { storage: 'number', values: Float64Array.of(1, 2, 3, 4) }],
      ['value', { storage: 'number', values: Float64Array.of(4, 2, 3, 1) }],
      ['predicted_label', { storage: 'number', values: Float64Array.of(4, 2, 9, 1) }],
    ]),
  };
  const columns = [...table.columns].map(([name, { storage }]) => ({
    name,
    kind: storage === 'number' ? ('number' as const) : ('category' as const),
    reason: 'made',
    dataType: storage,
  }));
  const schema: DataSchema = { columns, target: null };
  for (const [target, names] of [
    [multiclass, ['predicted_predicted_label', 'predicted_probabilities']],
    [regression, ['predicted_value']],
  ] as const) {
    const model = exportModel(fitted(schema, table), target);
    await onnx.write(model, folder);
    const loaded = await onnx.load(model, folder);
    const { scores } = await loaded.answer(table);
    expect([...scores]).toEqual([...(await ownScores(model, table))]);
    await loaded.dispose();
    const session = await open();
    expect([...session.outputNames]).toEqual(names);
    await session.release();
    await rm(join(folder, 'model.onnx'));
  }
});

it('begins at the features when a column cannot be prepared in a graph', async () => {
  const notes = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'very good work' : 'bad work'));
  const table: Table = { rows: 20, columns: new Map([['note', stringColumn(notes)]]) };
  const schema: DataSchema = {
    columns: [{ name: 'note', kind: 'text', reason: 'made', dataType: 'string' }],
    target: null,
  };
  const model = exportModel(fitted(schema, table), multiclass);
  const details = await onnx.write(model, folder);
  expect(details.takes).toBe('features');
  expect(details.reason).toMatch(/Column "note" \(text\) cannot be prepared/);
  const session = await open();
  expect([...session.inputNames]).toEqual(['features']);
  await session.release();
});

function tensorOf(column: Column): Tensor {
  if (column.storage === 'number') return new Tensor('float64', column.values, [column.values.length, 1]);
  const cells = Array.from(column.codes, (code) => column.dictionary[code] ?? '');
  return new Tensor('string', cells, [cells.length, 1]);
}
