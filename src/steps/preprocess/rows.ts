import type { FeaturesContent, SplitInfo, SplitName, TargetState } from '../../core/artifacts.js';
import { SPLITS } from '../../core/artifacts.js';
import { throwIfAborted } from '../../core/errors.js';
import type { DataSchema, Table } from '../../core/table.js';
import { FeatureFitter, type FittedFeatures } from '../../features/index.js';
import { ShardWriter } from '../features-dataset.js';
import { writeGiven } from './given.js';
import type { PreprocessJob } from './job.js';
import { type PreprocessPlan, requiredColumns } from './plan.js';
import { checkRows, splitRows } from './split-rows.js';
import { type Cleaning, scanRows } from './row-scan.js';
import type { Assignment } from './split.js';
import { gather, takeTable } from './table-rows.js';
import { TrainingRows } from './training-rows.js';

export interface PreparedRows {
  readonly fitted: FittedFeatures;
  readonly target: TargetState;
  readonly splits: FeaturesContent['splits'];
  readonly cleaning: Cleaning;
  /** Classes with a single row, which is in training. */
  readonly singleClasses: readonly string[];
  /** Of the splits that were given: rows that equal a training row, where they are more than chance explains. */
  readonly leaked: readonly { readonly name: SplitName; readonly rows: number; readonly of: number }[];
}

/** Calls `visit` with every table, the number of its first row, and progress. */
async function eachTable(
  job: PreprocessJob,
  title: string,
  columns: readonly string[],
  visit: (table: Table, first: number) => Promise<void> | void,
): Promise<void> {
  const progress = job.reporter.progress({ title, total: job.source.rows, unit: 'rows' });
  let first = 0;
  try {
    for await (const table of job.source.read(columns)) {
      throwIfAborted(job.signal);
      await visit(table, first);
      first += table.rows;
      progress.update(first);
    }
    progress.done();
  } catch (error) {
    progress.fail();
    throw error;
  }
}

/** Rows of the table that are in the split, counted from its first. */
function rowsIn(assignment: Assignment, part: number, first: number, rows: number): Int32Array {
  const found = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (assignment[first + row] === part) found[count++] = row;
  return found.slice(0, count);
}

/**
 * The whole way from rows to tensors: clean, split, fit on training rows, then transform every split into shards. Reads
 * the source three times (columns for splitting, columns of training, all), never holding more than a chunk and a few
 * bytes a row.
 */
export async function prepareRows(job: PreprocessJob): Promise<PreparedRows> {
  const { plan, source } = job;
  const schema = featureSchema(source.schema, plan);
  const scan = await scanRows(source, {
    target: plan.target,
    split: plan.split,
    weight: plan.weightColumn,
    required: requiredColumns(plan),
    dropDuplicates: plan.duplicates === 'drop',
  });
  throwIfAborted(job.signal);
  checkRows(plan, scan);
  const { labels, assignment, unknownClass, singleClasses } = splitRows(plan, scan, source);

  const fitter = new FeatureFitter(schema, plan.choices);
  await eachTable(job, 'Fitting', plan.columns, (table, first) => {
    const rows = rowsIn(assignment, 0, first, table.rows);
    if (rows.length > 0) fitter.add(takeTable(table, rows));
  });
  const fitted = fitter.finish();

  const writers = SPLITS.map(
    (name) =>
      new ShardWriter(job.directory, name, {
        width: fitted.layout.length,
        classes: labels.target.task !== 'regression',
        weighted: plan.weightColumn !== null,
      }),
  );
  const inputs = fitted.schema.columns.map(({ name }) => name);
  const training = plan.split.given.length > 0 ? new TrainingRows() : undefined;
  await eachTable(job, 'Writing', inputs, async (table, first) => {
    for (const [part, writer] of writers.entries()) {
      const rows = rowsIn(assignment, part, first, table.rows);
      if (rows.length === 0) continue;
      const at = rows.map((row) => first + row);
      const taken = takeTable(table, rows);
      const y = gather(labels.y, at);
      if (part === 0) training?.add(taken, inputs, y);
      await writer.add({
        x: fitted.transform(taken),
        y,
        row: at,
        weight: scan.weights === null ? null : Float32Array.from(at, (row) => scan.weights?.[row] ?? 1),
      });
    }
  });
  let cleaning: Cleaning = { ...scan.cleaning, unknownClass };
  const leaked: PreparedRows['leaked'][number][] = [];
  for (const name of plan.split.given) {
    const rows = job.given[name];
    const writer = writers[SPLITS.indexOf(name)];
    if (rows === undefined || writer === undefined || training === undefined) continue;
    const done = await writeGiven(job, {
      name,
      rows,
      writer,
      fitted,
      target: labels.target,
      cleaning,
      training,
    });
    cleaning = done.cleaning;
    if (training.areSuspicious(done.repeated, writer.rows)) {
      leaked.push({ name, rows: done.repeated, of: writer.rows });
    }
  }
  for (const writer of writers) await writer.finish();
  return { fitted, target: labels.target, splits: splitInfos(writers), cleaning, singleClasses, leaked };
}

function featureSchema(schema: DataSchema, plan: PreprocessPlan): DataSchema {
  return { columns: schema.columns.filter(({ name }) => plan.columns.includes(name)), target: null };
}

function splitInfos(writers: readonly ShardWriter[]): FeaturesContent['splits'] {
  const infos = writers.map((writer): SplitInfo => ({ rows: writer.rows, shards: writer.shards }));
  return Object.fromEntries(SPLITS.map((name, i) => [name, infos[i]])) as Record<SplitName, SplitInfo>;
}
