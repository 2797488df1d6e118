import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeTable,
  type DriftReference,
  predictionSchema,
  predictionTable,
} from '../../../src/drift/index.js';
import { PredictionLog } from '../../../src/server/monitoring/prediction-log.js';
import { type Reporter, silentReporter } from '../../../src/core/reporter.js';
import { DriftWindow } from '../../../src/server/monitoring/window.js';
import { Scores } from '../../../src/server/scores.js';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { REFERENCE_FILE } from '../../../src/steps/drift-reference.js';
import { Monitoring } from '../../../src/steps/serve/monitoring.js';
import { openServedModel } from '../../../src/steps/serve/served-model.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN, writePenguinModel } from '../../helpers/penguins.js';
import { startServer } from '../../helpers/server.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bundle: string;
let model: ColumnModel;

/** Keeps what it is warned of. */
function warningReporter(): Reporter & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { ...silentReporter, warnings, warn: (message) => void warnings.push(message) };
}

const records = Array.from({ length: 200 }, (_, i) => ({
  ...PENGUIN,
  island: i % 2 === 0 ? 'Dream' : 'Biscoe',
  bill_length_mm: 40 + (i % 10),
}));

beforeAll(async () => {
  folder = await temporaryFolder();
  bundle = join(folder.path, 'bundle');
  await writePenguinModel(bundle, 'multiclass', 1);
  model = await openServedModel({ folder: bundle, name: 'penguins', version: 1, labels: [] }, {});
  const { schema, classes } = model.predictor;
  const table = model.toTable(records);
  const predictions = await model.predictor.predict(table);
  const reference: DriftReference = {
    schemaVersion: 1,
    trainingRows: table.rows,
    rows: table.rows,
    columns: describeTable(schema, table),
    predictions: {
      from: 'training',
      rows: table.rows,
      columns: describeTable(predictionSchema(classes), predictionTable(classes, predictions)),
    },
  };
  await writeFile(join(bundle, REFERENCE_FILE), JSON.stringify(reference));
});
afterAll(async () => {
  await model.dispose();
  await folder.dispose();
});

async function linesOf(log: string): Promise<Record<string, unknown>[]> {
  const names = (await readdir(log)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(log, name), 'utf8')));
  return texts
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function metric(text: string, name: string, column: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(`"${column}"`));
  return Number(line?.split(' ').at(-1) ?? NaN);
}

describe('serving with monitoring', () => {
  it('logs what was asked and answered, without masked columns, and shows drift on /metrics', async () => {
    const log = join(folder.path, 'log');
    const reporter = warningReporter();
    const monitoring = new Monitoring({ logPredictions: log, logMask: ['body mass, g'] }, { reporter });
    const watched = await monitoring.watch(model, bundle);
    const server = await startServer([watched]);
    try {
      const { body } = await server.post('/predict', { records });
      const same = (await server.get('/metrics')).text;
      expect(metric(same, 'aimaas_input_drift_psi', 'island')).toBeLessThan(0.01);
      expect(same).toMatch(/aimaas_drift_window_rows\{model="penguins",version="1"\} 200/);
      const elsewhere = records.map((record) => ({ ...record, island: 'Torgersen' }));
      await server.post('/predict', { records: elsewhere });
      await server.post('/v1/models/penguins:predict', { instances: elsewhere });
      const moved = (await server.get('/metrics')).text;
      expect(metric(moved, 'aimaas_input_drift_psi', 'island')).toBeGreaterThan(0.2);
      expect(metric(moved, 'aimaas_input_drift_psi', 'male')).toBeLessThan(0.01);
      expect(moved).toMatch(/aimaas_prediction_drift_psi\{[^}]*column="prediction"/);
      await monitoring.close();
      const lines = await linesOf(log);
      expect(lines).toHaveLength(600);
      const [first] = (body as { predictions: object[] }).predictions;
      expect(lines[0]).toMatchObject({ model: 'penguins', version: 1, ...first });
      expect(lines[0]?.inputs).toEqual({
        island: 'Dream',
        bill_length_mm: 40,
        male: true,
        observed: '1970-11-01T00:00:00.000Z',
      });
      expect(reporter.warnings).toEqual([]);
      const [name = ''] = await readdir(log);
      expect((await stat(join(log, name))).mode & 0o077).toBe(0);
    } finally {
      await server.close({ linger: 0 });
    }
  });

  it('logs a sample', async () => {
    const log = join(folder.path, 'sampled');
    const reporter = warningReporter();
    const monitoring = new Monitoring({ logPredictions: log, logSample: 0.25, driftWindow: 0 }, { reporter });
    const watched = await monitoring.watch(model, bundle);
    const server = await startServer([watched]);
    for (let i = 0; i < 10; i++) await server.post('/predict', { records });
    await server.close({ linger: 0 });
    await monitoring.close();
    const rows = (await linesOf(log)).length;
    // 2000 rows: the deviation is 19.
    expect(Math.abs(rows - 500)).toBeLessThan(120);
  });

  it('answers on when the log cannot be written, and says so once', async () => {
    const file = join(folder.path, 'a file');
    await writeFile(file, '');
    const reporter = warningReporter();
    const monitoring = new Monitoring({ logPredictions: join(file, 'log') }, { reporter });
    const watched = await monitoring.watch(model, bundle);
    const server = await startServer([watched]);
    for (let i = 0; i < 3; i++) expect((await server.post('/predict', { records })).status).toBe(200);
    await server.close({ linger: 0 });
    await monitoring.close();
    expect(reporter.warnings).toEqual([expect.stringMatching(/prediction log cannot be written: ENOTDIR/)]);
    expect(monitoring.log).toMatchObject({ written: 0, dropped: 600 });
  });

  it('refuses a masked column that no model has, and options of a log that is not kept', () => {
    const reporter = warningReporter();
    const monitoring = new Monitoring({ logPredictions: 'x', logMask: ['iland'] }, { reporter });
    expect(() => monitoring.checkMask([model])).toThrow(/no served model has a column "iland".*island/);
    expect(() => new Monitoring({ logSample: 0.5 }, { reporter })).toThrow(/log that is not kept/);
  });

  it('goes on without drift where the reference is damaged', async () => {
    const damaged = join(folder.path, 'damaged');
    await mkdir(damaged);
    await writeFile(join(damaged, REFERENCE_FILE), '{"schemaVersion": 1');
    const reporter = warningReporter();
    const watched = await new Monitoring({}, { reporter }).watch(model, damaged);
    expect(watched.watcher).toBeUndefined();
    expect(reporter.warnings).toEqual([expect.stringMatching(/Drift is not measured/)]);
  });
});

describe('PredictionLog', () => {
  it('begins new files and removes the oldest, so that the folder stays bounded', async () => {
    const log = join(folder.path, 'rotated');
    const problems: string[] = [];
    const writer = new PredictionLog({
      folder: log,
      maxFileBytes: 1_000,
      maxTotalBytes: 5_000,
      onProblem: (problem) => problems.push(problem),
    });
    for (let i = 0; i < 100; i++) {
      writer.add(JSON.stringify({ i, text: 'x'.repeat(90) }));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await writer.close();
    expect(problems).toEqual([]);
    expect(writer).toMatchObject({ written: 100, dropped: 0 });
    const names = await readdir(log);
    expect(names.length).toBeGreaterThan(2);
    expect(names.length).toBeLessThanOrEqual(5);
    expect((await linesOf(log)).at(-1)?.i).toBe(99);
  });

  it('drops what the disk is too slow for, and counts it', async () => {
    const writer = new PredictionLog({
      folder: join(folder.path, 'slow'),
      maxPendingBytes: 1_000,
      onProblem: () => undefined,
    });
    for (let i = 0; i < 50; i++) writer.add('x'.repeat(100));
    await writer.close();
    expect(writer).toMatchObject({ written: 10, dropped: 40 });
  });

  it('writes again once the disk takes it', async () => {
    const log = join(folder.path, 'full');
    await writeFile(log, 'in the way');
    const problems: string[] = [];
    const writer = new PredictionLog({ folder: log, retryAfter: 10, onProblem: (one) => problems.push(one) });
    writer.add('lost');
    while (problems.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await rm(log);
    writer.add('{"kept": 1}');
    while (problems.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await writer.close();
    expect(writer).toMatchObject({ written: 1, dropped: 1 });
    expect(problems[1]).toMatch(/written again/);
  });
});

describe('DriftWindow', () => {
  it('forgets old rows, and counts no more in a second than it is worth', async () => {
    const table = model.toTable(records);
    const { schema, classes } = model.predictor;
    const scores = new Scores(model.predictor.classes, await model.predictor.scores(table));
    const predictions = scores.map((row) => scores.prediction(row));
    const reference: DriftReference = {
      schemaVersion: 1,
      trainingRows: 200,
      rows: 200,
      columns: describeTable(schema, table),
      predictions: {
        from: 'training',
        rows: 200,
        columns: describeTable(predictionSchema(classes), predictionTable(classes, predictions)),
      },
    };
    let time = 0;
    const window = new DriftWindow(reference, 1_000, () => time);
    const moved = model.toTable(records.map((record) => ({ ...record, island: 'Torgersen' })));
    const island = () => window.drift().find(({ column }) => column === 'island')?.psi ?? NaN;
    const add = (rows: typeof table, times: number): void => {
      for (let i = 0; i < times; i++) {
        window.add(rows, scores);
        time += 1_000;
      }
    };
    add(moved, 5);
    expect(island()).toBeGreaterThan(1);
    add(table, 12);
    expect(island()).toBeLessThan(0.01);
    for (let i = 0; i < 100; i++) window.add(table, scores);
    expect(window.rows).toBeLessThanOrEqual(2_200);
    const before = window.rows;
    for (let i = 0; i < 100; i++) window.add(table, scores);
    expect(window.rows).toBe(before);
  });

  it('says nothing of few rows', async () => {
    const few = model.toTable(records.slice(0, 3));
    const table = model.toTable(records);
    const reference: DriftReference = {
      schemaVersion: 1,
      trainingRows: 200,
      rows: 200,
      columns: describeTable(model.predictor.schema, table),
      predictions: { from: 'training', rows: 0, columns: [] },
    };
    const window = new DriftWindow(reference, 1_000);
    expect(window.drift()).toEqual([]);
    window.add(few, new Scores(model.predictor.classes, await model.predictor.scores(few)));
    expect(window.drift().map(({ column }) => column)).not.toContain('bill_length_mm');
  });
});
