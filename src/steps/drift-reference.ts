import { join } from 'node:path';
import type { DataContent, FeaturesContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { shortestFloat32 } from '../core/float32.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { Prediction } from '../core/predictor.js';
import type { DataSchema, Table } from '../core/table.js';
import { describeTable, type DriftReference, predictionSchema, predictionTable } from '../drift/index.js';
import { decode } from '../tasks/index.js';
import { openBundleFiles } from '../workspace/bundle-files.js';
import type { Manifest } from '../workspace/manifest.js';
import type { Workspace } from '../workspace/workspace.js';
import { readSplit } from './features-dataset.js';
import { trustFrom, type TrustOptions } from './model-trust.js';
import type { OpenedPredictor } from './predictor.js';
import { RowReader } from './row-reader.js';

/** The file of a bundle that holds what later rows are compared with. */
export const REFERENCE_FILE = 'reference.json';

/** Rows that distributions are taken from: their quantiles are then within a percent. */
const MOST_ROWS = 20_000;
/** With fewer held-out rows, predictions of training rows say more about what to expect. */
const FEWEST_HELD_OUT = 200;

export interface ReferenceSource {
  readonly workspace: Workspace;
  readonly features: Manifest<FeaturesContent>;
  readonly data: Manifest<DataContent>;
  readonly predictor: OpenedPredictor;
}

/** Describes the training split of a model: its raw input columns, and what the model predicts. */
export async function buildReference(source: ReferenceSource): Promise<DriftReference> {
  const { workspace, features, data, predictor } = source;
  const rows = await trainingRows(workspace, features);
  const table = await rowsAt(workspace, data, predictor.schema, rows);
  const { validation, test } = features.content.splits;
  const from = validation.rows + test.rows >= FEWEST_HELD_OUT ? 'held-out' : 'training';
  const predictions = await predictSplits(source, from === 'held-out' ? ['validation', 'test'] : ['train']);
  const { classes } = predictor;
  return {
    schemaVersion: 1,
    trainingRows: features.content.splits.train.rows,
    rows: table.rows,
    columns: describeTable(predictor.schema, table),
    predictions: {
      from,
      rows: predictions.length,
      columns: describeTable(predictionSchema(classes), predictionTable(classes, predictions)),
    },
  };
}

/** Evenly spaced rows of the training split, as row numbers of the data set, ascending. */
async function trainingRows(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
): Promise<ReadonlySet<number>> {
  const step = Math.max(1, features.content.splits.train.rows / MOST_ROWS);
  const rows = new Set<number>();
  let seen = 0;
  for await (const { row } of readSplit(workspace, features, 'train')) {
    for (const number of row) if (seen++ >= rows.size * step) rows.add(number);
  }
  return rows;
}

async function rowsAt(
  workspace: Workspace,
  data: Manifest<DataContent>,
  schema: DataSchema,
  wanted: ReadonlySet<number>,
): Promise<Table> {
  const reader = new RowReader(schema);
  const { readSnapshot } = await import('../sources/snapshot.js');
  const path = join(workspace.folder('data', data.id), 'data.parquet');
  const columns = schema.columns.map(({ name }) => name);
  let start = 0;
  for await (const table of readSnapshot(path, { schema: data.content.schema, columns })) {
    for (let row = 0; row < table.rows; row++) if (wanted.has(start + row)) reader.add(table, row);
    start += table.rows;
    if (reader.rows === wanted.size) break;
  }
  return reader.table();
}

/** The predictions of the first rows of splits, whose features lie ready. */
async function predictSplits(
  { workspace, features, predictor }: ReferenceSource,
  splits: readonly ('train' | 'validation' | 'test')[],
): Promise<Prediction[]> {
  const width = features.content.layout.length;
  const predictions: Prediction[] = [];
  for (const split of splits) {
    const most = predictions.length + Math.ceil(MOST_ROWS / splits.length);
    for await (const { x, row } of readSplit(workspace, features, split)) {
      const rows = Math.min(row.length, most - predictions.length);
      const scores = await predictor.scoresOfFeatures(x.subarray(0, rows * width));
      predictions.push(...decode(predictor.target, Float64Array.from(scores, shortestFloat32)));
      if (predictions.length >= most) break;
    }
  }
  return predictions;
}

/**
 * What the rows of a model are compared with, or undefined for a model that has none (a run, or a bundle of an older
 * version).
 * @throws AimaasError ARTIFACT_CORRUPT when it cannot be read, ARTIFACT_INCOMPATIBLE when a newer aimaas wrote it, and
 * what `openBundleFiles` throws.
 */
export async function readReference(
  folder: string,
  trust?: TrustOptions,
): Promise<DriftReference | undefined> {
  const path = join(folder, REFERENCE_FILE);
  const hint = 'Export the model again: aimaas export --force';
  let json: Json;
  try {
    const files = await openBundleFiles(folder, await trustFrom(trust));
    json = JSON.parse((await files.read(REFERENCE_FILE)).toString('utf8')) as Json;
  } catch (cause) {
    if (cause instanceof AimaasError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AimaasError('ARTIFACT_CORRUPT', `${path} cannot be read.`, { hint, cause });
  }
  if (!isJsonObject(json) || !Array.isArray(json['columns']) || !isJsonObject(json['predictions'])) {
    throw new AimaasError('ARTIFACT_CORRUPT', `${path} is not what aimaas writes.`, { hint });
  }
  if (json['schemaVersion'] !== 1) {
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `${path} has format version ${JSON.stringify(json['schemaVersion'])}; this aimaas reads version 1.`,
      { hint },
    );
  }
  return json as unknown as DriftReference;
}
