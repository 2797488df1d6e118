import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TargetState } from '../../../src/core/artifacts.js';
import { type Column, stringColumn, type Table } from '../../../src/core/table.js';
import type { ExportModel } from '../../../src/exporters/index.js';
import { tfjs } from '../../../src/exporters/tfjs.js';
import { exportModel, fitted, ownScores, rowsOfEveryKind, TARGETS } from '../../helpers/export-model.js';
import { loadOverHttp, tf } from '../../helpers/graph-model.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimaas-tfjs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const [binary, , regression] = TARGETS as readonly [TargetState, TargetState, TargetState];

/** What a user writes to feed a row of plain JavaScript values. */
function feedsOf(rows: Table): Record<string, tf.Tensor> {
  const number = (name: string): tf.Tensor => {
    const { values } = rows.columns.get(name) as Extract<Column, { storage: 'number' }>;
    return tf.tensor2d([...values], [rows.rows, 1], 'float32');
  };
  const text = (name: string): tf.Tensor => {
    const { codes, dictionary } = rows.columns.get(name) as Extract<Column, { storage: 'string' }>;
    return tf.tensor2d(
      Array.from(codes, (code) => dictionary[code] ?? ''),
      [rows.rows, 1],
      'string',
    );
  };
  const date = (name: string): tf.Tensor => {
    const { values } = rows.columns.get(name) as Extract<Column, { storage: 'number' }>;
    const pairs = Array.from(values, (ms) => [
      Math.floor(ms / 864e5),
      (ms - Math.floor(ms / 864e5) * 864e5) / 1000,
    ]);
    return tf.tensor2d(pairs, [rows.rows, 2], 'float32');
  };
  return {
    'body mass (g)': number('body mass (g)'),
    year: number('year'),
    big: number('big'),
    sex: text('sex'),
    'isla é "x"': text('isla é "x"'),
    city: text('city'),
    smoker: number('smoker'),
    seen: date('seen'),
    at: date('at'),
  };
}

it('loads in plain tfjs over HTTP and answers for raw columns of every kind', async () => {
  const { schema, table } = rowsOfEveryKind(60);
  const model = exportModel(fitted(schema, table), binary);
  await tfjs.write(model, folder);
  const loaded = await loadOverHttp(folder);
  expect(loaded.metadata).toMatchObject({ task: 'binary', classes: ['no', 'sí "1"'], target: 'y' });
  const expected = await ownScores(model, table);

  const feeds = feedsOf(table);
  // The first call fills the lookup tables.
  tf.dispose(await loaded.executeAsync(feeds));
  const before = tf.memory().numTensors;
  const [label, probabilities] = (await loaded.executeAsync(feeds, ['label', 'probabilities'])) as [
    tf.Tensor,
    tf.Tensor,
  ];
  expect(probabilities.shape).toEqual([60, 2]);
  expect(label.dtype).toBe('string');
  const [labels, scores] = [await label.data<'string'>(), await probabilities.data()];
  expected.forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 5));
  labels.forEach((name, row) => {
    const [no = 0, yes = 0] = expected.subarray(2 * row, 2 * row + 2);
    expect(name).toBe(yes > no ? 'sí "1"' : 'no');
  });
  tf.dispose([label, probabilities]);
  expect(tf.memory().numTensors).toBe(before);

  const answers = (await loaded.predictAsync(feeds)) as tf.Tensor[];
  expect(answers.map(({ shape }) => shape)).toEqual([[60], [60, 2]]);
  tf.dispose([feeds, answers]);
  loaded.dispose();
});

it('answers at once, and one row at a time, when every column is a number', async () => {
  const { schema, table } = rowsOfEveryKind(30);
  const columns = schema.columns.filter(({ kind }) => kind === 'number');
  const model = exportModel(fitted({ columns, target: null }, table), regression);
  await tfjs.write(model, folder);
  const loaded = await loadOverHttp(folder);
  const expected = await ownScores(model, table);
  const feeds = Object.fromEntries(
    Object.entries(feedsOf(table)).filter(([name]) => columns.some((c) => c.name === name)),
  );
  const all = loaded.predict(feeds) as tf.Tensor;
  expect(all.shape).toEqual([30, 1]);
  const values = await all.data();
  expected.forEach((value, i) => expect((values[i] ?? 0) / value).toBeCloseTo(1, 4));
  const one = loaded.execute(
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.slice([3, 0], [1, 1])])),
    'value',
  ) as tf.Tensor;
  expect((await one.data())[0]).toBeCloseTo(expected[3] ?? 0, 2);
  loaded.dispose();
});

it('takes the prepared features in the place of the columns', async () => {
  const { schema, table } = rowsOfEveryKind(20);
  const model = exportModel(fitted(schema, table), binary);
  await tfjs.write(model, folder);
  const loaded = await loadOverHttp(folder);
  const features = tf.tensor2d(model.features.transform(table), [20, model.features.layout.length]);
  const answer = (await loaded.executeAsync({ features }, 'probabilities')) as tf.Tensor;
  const scores = await answer.data();
  (await ownScores(model, table)).forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 5));
  loaded.dispose();
});

it('begins at the features, and says why, when a column cannot be prepared in a graph', async () => {
  const { schema, table } = withText();
  const model: ExportModel = exportModel(fitted(schema, table), binary);
  const details = await tfjs.write(model, folder);
  expect(details).toMatchObject({ takes: 'features', inputs: [{ name: 'features' }] });
  expect(details.reason).toMatch(/Column "note" \(text\)/);
  const loaded = await loadOverHttp(folder);
  expect(loaded.inputs.map(({ shape }) => shape)).toEqual([[-1, model.features.layout.length]]);
  expect((loaded.metadata as { features: unknown[] }).features).toHaveLength(model.features.layout.length);
  loaded.dispose();
});

it('is the same to the byte when written again', async () => {
  const { schema, table } = rowsOfEveryKind(40);
  const model = exportModel(fitted(schema, table), binary);
  const other = await mkdtemp(join(tmpdir(), 'aimaas-tfjs-'));
  await tfjs.write(model, folder);
  await tfjs.write(model, other);
  for (const file of ['model.json', 'group1-shard1of1.bin']) {
    expect(await readFile(join(folder, file))).toEqual(await readFile(join(other, file)));
  }
  await rm(other, { recursive: true });
});

function withText(): ReturnType<typeof rowsOfEveryKind> {
  const { schema, table } = rowsOfEveryKind(40);
  const notes = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'very good work' : 'bad work, not good'));
  const note = { name: 'note', kind: 'text', reason: 'made', dataType: 'string' } as const;
  return {
    schema: { columns: [...schema.columns, note], target: null },
    table: { rows: 40, columns: new Map([...table.columns, ['note', stringColumn(notes)]]) },
  };
}
