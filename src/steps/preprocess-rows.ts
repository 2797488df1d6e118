import type { FeaturesContent, SplitInfo, SplitName, TargetState } from '../core/artifacts.js';
import { SPLITS } from '../core/artifacts.js';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { Reporter } from '../core/reporter.js';
import { type Column, type DataSchema, type Table, takeRows } from '../core/table.js';
import { FeatureFitter, type FittedFeatures } from '../features/index.js';
import { ShardWriter } from './features-dataset.js';
import type { GivenRows } from './given-rows.js';
import type { PreprocessPlan } from './preprocess-plan.js';
import { RowSet } from './row-hash.js';
import {
  type Cleaning,
  columnIn,
  columnOf,
  isMissing,
  type RowScan,
  type RowSource,
  scanRows,
  weightsOf,
} from './row-scan.js';
import { type Assignment, groupSplit, NO_SPLIT, randomSplit, type SplitInput, timeSplit } from './split.js';
import { encodeTarget, fitClasses, fitNumbers, NO_CLASS } from './target.js';

export interface PreprocessJob {
  readonly source: RowSource;
  readonly plan: PreprocessPlan;
  readonly given: { readonly validation?: GivenRows | undefined; readonly test?: GivenRows | undefined };
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Where shards go. */
  readonly directory: string;
}

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

/** The target of every row of the source, once it is known what it is. */
type Labels = { readonly target: TargetState; readonly y: Int32Array | Float64Array };

/** Some rows of a table. */
function takeTable(table: Table, rows: Int32Array): Table {
  if (rows.length === table.rows) return table;
  const columns = new Map([...table.columns].map(([name, column]) => [name, takeRows(column, rows)]));
  return { rows: rows.length, columns };
}

function assign(plan: PreprocessPlan, scan: RowScan, total: number, classes: Int32Array | null): Assignment {
  const { method, column, fractions } = plan.split;
  const input: SplitInput = { total, rows: scan.rows, fractions, seed: plan.seed, classes };
  if (scan.groups !== null) return groupSplit(input, scan.groups, column ?? '');
  if (scan.times !== null) return timeSplit(input, scan.times, column ?? '');
  if (method !== 'column' || scan.named === null) return randomSplit(input);
  const assignment = new Uint8Array(total).fill(NO_SPLIT);
  for (const row of scan.rows) assignment[row] = scan.named[row] as number;
  if (!assignment.includes(0)) {
    throw new AimaasError('TOO_FEW_ROWS', `No row of column "${column ?? ''}" says train.`, {
      hint: 'The split column says train, validation or test.',
    });
  }
  return assignment;
}

function checkRows(plan: PreprocessPlan, { rows, cleaning }: RowScan): void {
  if (rows.length > 0) return;
  if (cleaning.rowsRead > 0 && cleaning.withoutTarget === cleaning.rowsRead) {
    throw new AimaasError('TARGET', `The target column "${plan.target}" has no value in any row.`, {
      hint: 'Name another target: aimaas preprocess --target COLUMN',
    });
  }
  throw new AimaasError('TOO_FEW_ROWS', `No row is left of the ${cleaning.rowsRead} in the data set.`, {
    hint: 'Check --impute drop, --time-column and --split-column, each of which leaves rows out.',
    details: { ...cleaning },
  });
}

/** Splits the rows and understands the target: classes keep their proportions, and are those that training has. */
function split(
  plan: PreprocessPlan,
  scan: RowScan,
  { schema, rows: total }: RowSource,
): { labels: Labels; assignment: Assignment; unknownClass: number; singleClasses: string[] } {
  const training = (assignment: Assignment): Int32Array => scan.rows.filter((row) => assignment[row] === 0);
  if (!scan.target.isClasses(plan.task, schema.target === plan.target)) {
    if (plan.positive !== null) {
      throw new AimaasError(
        'USAGE',
        `--positive is for classes, but "${plan.target}" is learned as a number.`,
        {
          hint: 'aimaas preprocess --task binary',
        },
      );
    }
    const y = scan.target.numbers();
    const assignment = assign(plan, scan, total, null);
    const values = Float64Array.from(training(assignment), (row) => y[row] as number);
    return {
      labels: { target: fitNumbers(plan.target, values), y },
      assignment,
      unknownClass: 0,
      singleClasses: [],
    };
  }
  const { names, labels } = scan.target.classes();
  const assignment = assign(plan, scan, total, labels);
  const learned = Int32Array.from(training(assignment), (row) => labels[row] as number);
  const { target, index } = fitClasses(plan.target, names, learned, plan.task, plan.positive ?? undefined);
  const y = labels.map((label) => (label === NO_CLASS ? NO_CLASS : (index[label] as number)));
  let unknownClass = 0;
  const counts = new Float64Array(names.length);
  for (const row of scan.rows) {
    counts[labels[row] as number] = (counts[labels[row] as number] as number) + 1;
    if (y[row] !== NO_CLASS || assignment[row] === NO_SPLIT) continue;
    assignment[row] = NO_SPLIT;
    unknownClass++;
  }
  const singleClasses = names.filter((_, i) => counts[i] === 1);
  return { labels: { target, y }, assignment, unknownClass, singleClasses };
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
  const { labels, assignment, unknownClass, singleClasses } = split(plan, scan, source);

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
  if (writers[0]?.weightless === true) {
    throw new AimaasError(
      'COLUMN_VALUE',
      `The weight in column "${plan.weightColumn ?? ''}" is 0 in all ${writers[0].rows} training rows, so there is nothing to learn from.`,
      { hint: 'Choose another --weight-column, or leave it out.', details: { column: plan.weightColumn } },
    );
  }
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

/** What the training rows are, to know them again in rows that are given for validation or test. */
class TrainingRows {
  private readonly set = new RowSet();
  private rows = 0;
  private repeats = 0;

  private static columns(
    table: Table,
    inputs: readonly string[],
    y: Int32Array | Float64Array,
  ): readonly Column[] {
    const target: Column = { storage: 'number', values: Float64Array.from(y) };
    return [...inputs.map((name) => columnIn(table, name)), target];
  }

  add(table: Table, inputs: readonly string[], y: Int32Array | Float64Array): void {
    const repeated = this.set.repeated(TrainingRows.columns(table, inputs, y), table.rows);
    this.rows += table.rows;
    this.repeats += repeated.reduce((sum, flag) => sum + flag, 0);
  }

  /** How many rows of the table equal a training row in every input and the target. */
  count(table: Table, inputs: readonly string[], y: Int32Array | Float64Array): number {
    const known = this.set.known(TrainingRows.columns(table, inputs, y), table.rows);
    return known.reduce((sum, flag) => sum + flag, 0);
  }

  /** Whether a larger share of rows is known than training rows repeat each other, as rows of few values do. */
  areSuspicious(known: number, rows: number): boolean {
    return known / rows > (2 * this.repeats) / this.rows;
  }
}

function featureSchema(schema: DataSchema, plan: PreprocessPlan): DataSchema {
  return { columns: schema.columns.filter(({ name }) => plan.columns.includes(name)), target: null };
}

/** Columns whose missing cells cost the row (--impute drop). */
function requiredColumns(plan: PreprocessPlan): string[] {
  return plan.columns.filter((name) => plan.choices[name]?.impute === 'drop');
}

function gather(values: Int32Array | Float64Array, at: Int32Array): Int32Array | Float64Array {
  return values instanceof Int32Array
    ? Int32Array.from(at, (row) => values[row] as number)
    : Float64Array.from(at, (row) => values[row] as number);
}

function splitInfos(writers: readonly ShardWriter[]): FeaturesContent['splits'] {
  const infos = writers.map((writer): SplitInfo => ({ rows: writer.rows, shards: writer.shards }));
  return Object.fromEntries(SPLITS.map((name, i) => [name, infos[i]])) as Record<SplitName, SplitInfo>;
}

interface GivenJob {
  readonly name: SplitName;
  readonly rows: GivenRows;
  readonly writer: ShardWriter;
  readonly fitted: FittedFeatures;
  readonly target: TargetState;
  readonly cleaning: Cleaning;
  readonly training: TrainingRows;
}

/** Writes rows that were given for a split, cleaned as the others are; duplicates in them stay. */
async function writeGiven(
  job: PreprocessJob,
  given: GivenJob,
): Promise<{ readonly cleaning: Cleaning; readonly repeated: number }> {
  const { plan, source } = job;
  const { fitted, target, writer, rows: of } = given;
  const required = requiredColumns(plan);
  const targetSchema = columnOf(source.schema, plan.target);
  let { rowsRead, withoutTarget, withMissing, unknownClass } = given.cleaning;
  let repeated = 0;
  const inputs = fitted.schema.columns.map(({ name }) => name);
  const columns = [...inputs, plan.target, ...required];
  if (plan.weightColumn !== null) columns.push(plan.weightColumn);
  let first = 0;
  for await (const table of of.read([...new Set(columns)])) {
    throwIfAborted(job.signal);
    const truth = columnIn(table, plan.target);
    const y = encodeTarget(target, targetSchema, truth);
    const complete = required.map((name) => columnIn(table, name));
    const kept: number[] = [];
    for (let row = 0; row < table.rows; row++) {
      if (isMissing(truth, row)) withoutTarget++;
      else if (complete.some((column) => isMissing(column, row))) withMissing++;
      else if (target.task !== 'regression' && y[row] === NO_CLASS) unknownClass++;
      else kept.push(row);
    }
    const rows = Int32Array.from(kept);
    const weights = plan.weightColumn === null ? null : weightsOf(table, plan.weightColumn, first);
    const taken = takeTable(table, rows);
    const answers = gather(y, rows);
    repeated += given.training.count(taken, inputs, answers);
    await writer.add({
      x: fitted.transform(taken),
      y: answers,
      row: rows.map((row) => first + row),
      weight: weights === null ? null : Float32Array.from(rows, (row) => weights[row] as number),
    });
    first += table.rows;
    rowsRead += table.rows;
  }
  if (writer.rows === 0) {
    throw new AimaasError('TOO_FEW_ROWS', `"${of.location}" has no row that can be used for ${given.name}.`, {
      hint: `It needs the columns of the training data, with known values of "${plan.target}".`,
    });
  }
  return { cleaning: { ...given.cleaning, rowsRead, withoutTarget, withMissing, unknownClass }, repeated };
}
