import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkParity, EXPORTERS, formatFor, probeRows } from '../../src/exporters/index.js';
import { resolveChoices } from '../../src/features/index.js';
import { tf } from '../../src/graph/trace/tensorflow.js';
import { exportModel, fitted, ownScores, rowsOfEveryKind, TARGETS } from '../helpers/export-model.js';

/** Ways to prepare columns, so that every kind of transform is met by every format. */
const SETTINGS = {
  defaults: {},
  'quantile scale': { scale: ['quantile'] },
  'row norm, embeddings, imputed': { scale: ['l2'], encode: ['embedding'], impute: ['most_frequent'] },
  'robust, one-hot, unclipped': { scale: ['robust'], outliers: ['none'], encode: ['onehot'] },
  'min-max, no indicators': { scale: ['min_max'], indicator: ['off'] },
} as const;

let root: string;
let next = 0;
const freshFolder = async (): Promise<string> => {
  const folder = join(root, String(next++));
  await mkdir(folder);
  return folder;
};
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'aimaas-exporters-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const { schema, table } = rowsOfEveryKind();

describe.each(EXPORTERS.map((exporter) => [exporter.format, exporter] as const))('%s', (format, exporter) => {
  it('is found by its name and says what it is for', () => {
    expect(formatFor(format)).toEqual({ exporter });
    expect(exporter.summary).not.toBe('');
    expect(exporter.tolerance).toBeLessThanOrEqual(1e-3);
  });

  describe.each(TARGETS.map((target) => [target.task, target] as const))('%s', (_, target) => {
    it.each(Object.entries(SETTINGS))('gives the predictions of the model: %s', async (__, settings) => {
      const features = fitted(schema, table, resolveChoices(settings, schema));
      const model = exportModel(features, target);
      expect(exporter.supports(model)).toBe(true);
      const rows = probeRows(features.schema, table);
      const expected = await ownScores(model, rows);
      const dir = await freshFolder();
      const details = await exporter.write(model, dir);
      expect(details.takes).toBe('columns');
      const loaded = await exporter.load(model, dir);
      const parity = await checkParity(format, loaded, target, rows, expected, exporter.tolerance);
      await loaded.dispose();
      expect(parity.rows).toBe(rows.rows);
      // Far below the tolerance, so that a change for the worse is seen before it is an error.
      expect(parity.maximumDifference).toBeLessThan(exporter.tolerance / 3);
    });
  });

  it('writes the same bytes again, and leaves the model as it was', async () => {
    const model = exportModel(fitted(schema, table), TARGETS[0] ?? never());
    const before = JSON.stringify([model.features.toJSON(), model.network.nodes, model.network.values]);
    const [a, b] = [await freshFolder(), await freshFolder()];
    expect(await exporter.write(model, a)).toEqual(await exporter.write(model, b));
    const names = await readdir(a);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(await readFile(join(a, name))).toEqual(await readFile(join(b, name)));
    expect(JSON.stringify([model.features.toJSON(), model.network.nodes, model.network.values])).toBe(before);
  });

  it('leaves no tensors behind', async () => {
    const model = exportModel(fitted(schema, table), TARGETS[1] ?? never());
    const rows = probeRows(model.features.schema, table);
    const dir = await freshFolder();
    await exporter.write(model, dir);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 2; i++) {
      const loaded = await exporter.load(model, dir);
      await loaded.answer(rows);
      await loaded.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a format that there is not gets the nearest one', () => {
  expect(() => formatFor('tfsj')).toThrow(/Unknown export format "tfsj". Did you mean "tfjs"\?/);
});

function never(): never {
  throw new Error('There is no such target.');
}
