import type { Readable } from 'node:stream';
import type { TargetState } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { isJsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { type Column, type ColumnSchema, type Table, takeRows } from '../../core/table.js';
import type { Truth } from '../../metrics/index.js';
import { type JudgedRows, RowCollector } from './rows.js';
import { CellCollector, type CellLookup } from './cells.js';
import type { OpenedPredictor } from '../predictor.js';
import { weightsOf } from '../preprocess/row-scan.js';
import { encodeTarget } from '../target.js';

/** Unknown classes named in the error. */
const NAMED_CLASSES = 5;

export interface DataRows {
  readonly judged: JudgedRows;
  readonly lookUp: CellLookup;
  readonly warnings: readonly string[];
}

export interface DataOptions {
  /** Path, glob, http(s) URL, or "-" for stdin. */
  readonly location: string;
  /** What "-" reads. */
  readonly stdin: Readable | undefined;
  /** How the target was typed where the model learned it; without it, it is typed by the model's classes. */
  readonly targetSchema: ColumnSchema | undefined;
  /** The column of sample weights that the model was made with. Without it in the data, all rows weigh the same. */
  readonly weightSchema: ColumnSchema | undefined;
  /** Where downloads are kept. */
  readonly cache: string;
}

/**
 * The rows of any source with its target, answered by the model. Rows without a target are left out and counted.
 * @throws AimaasError TARGET when the target column is missing or empty; COLUMN_VALUE for classes the model does not
 * know; TOO_FEW_ROWS for an empty source; what reading the source throws.
 */
export async function rowsOfData(
  options: DataOptions,
  predictor: OpenedPredictor,
  context: StepContext,
): Promise<DataRows> {
  const { openRows } = await import('../../sources/open.js');
  const { target } = predictor;
  const targetSchema = options.targetSchema ?? schemaOf(target);
  const bar = context.reporter.progress({
    title: `Evaluating on ${options.location === '-' ? 'standard input' : options.location}`,
    unit: 'rows',
  });
  const weightColumns = options.weightSchema === undefined ? [] : [options.weightSchema];
  const collector = new RowCollector(target);
  const cells = new CellCollector(predictor.schema);
  const unknown = new UnknownClasses(target.column);
  let first = 0;
  let without = 0;
  let weighted = false;
  try {
    const tables = openRows([options.location], {
      schema: { columns: [...predictor.schema.columns, targetSchema, ...weightColumns], target: null },
      optional: weightColumns.map(({ name }) => name),
      chunkRows: 8_192,
      signal: context.signal,
      cache: options.cache,
      stdin: options.stdin,
    });
    for await (const table of tables) {
      const column = table.columns.get(target.column);
      if (column === undefined) throw withoutTarget(options.location, target.column);
      const truth = encodeTarget(target, targetSchema, column);
      const known = knownRows(truth, column, unknown);
      without += table.rows - known.length;
      const part = known.length === table.rows ? table : partOf(table, known);
      const scores = await predictor.scores(part);
      const row = known.map((index) => first + index);
      const given = take(truth, known);
      const weights = weightsIn(table, options.weightSchema, first);
      weighted ||= weights !== null;
      collector.add(
        given,
        scores,
        row,
        weights === null ? null : Float32Array.from(known, (index) => weights[index] ?? 1),
      );
      cells.add(part, row, given, scores, target);
      first += table.rows;
      bar.update(first);
    }
  } catch (error) {
    bar.fail();
    if (isAbsent(error, target.column)) throw withoutTarget(options.location, target.column);
    if (!(error instanceof AimaasError) || error.code !== 'BAD_ROW') throw error;
    // How cells are read is part of the model, so the advice that `collect` gives is of no use here.
    throw new AimaasError('BAD_ROW', error.message, {
      hint: 'Mend the row, or leave it out of the file; aimaas predict --on-bad-row skip answers the others.',
      details: error.details,
    });
  }
  bar.done();
  unknown.check(target);
  if (first === 0) {
    throw new AimaasError(
      'TOO_FEW_ROWS',
      `${options.location} has no rows; there is nothing to evaluate on.`,
      {
        hint: 'Name a file with rows: aimaas evaluate --data FILE',
      },
    );
  }
  if (without === first) {
    throw new AimaasError(
      'TARGET',
      `The target "${target.column}" is missing in all ${first} rows of ${options.location}.`,
      { hint: 'To answer rows without a target: aimaas predict' },
    );
  }
  const warnings =
    without === 0 ? [] : [`${without} of ${first} rows have no value of ${target.column} and were left out.`];
  if (options.weightSchema !== undefined && !weighted) {
    const { name } = options.weightSchema;
    warnings.push(`${options.location} has no sample weights (column ${name}): all rows count the same.`);
  }
  return { judged: collector.finish(), lookUp: cells.lookUp, warnings };
}

/** The sample weights of a table; null where it has none at all. */
function weightsIn(table: Table, schema: ColumnSchema | undefined, first: number): Float32Array | null {
  const column = schema === undefined ? undefined : table.columns.get(schema.name);
  if (schema === undefined || column === undefined) return null;
  if (column.storage === 'number' && column.values.every(Number.isNaN)) return null;
  return weightsOf(table, schema.name, first);
}

/** A column schema for a target of which only the model's own words are known. */
function schemaOf(target: TargetState): ColumnSchema {
  const shared = { name: target.column, reason: 'target of the model' };
  if (target.task === 'regression') return { ...shared, kind: 'number', dataType: 'float' };
  const { classes } = target;
  if (classes.every((name) => name === 'true' || name === 'false')) {
    return { ...shared, kind: 'boolean', dataType: 'boolean' };
  }
  const integers = classes.every((name) => /^-?\d+$/.test(name));
  return { ...shared, kind: 'category', dataType: integers ? 'integer' : 'string' };
}

/** Indices of the rows whose target is given; those of classes the model does not know are noted. */
function knownRows(truth: Truth, column: Column, unknown: UnknownClasses): Int32Array {
  const known: number[] = [];
  for (let row = 0; row < truth.length; row++) {
    const value = truth[row] as number;
    const missing =
      column.storage === 'number' ? Number.isNaN(column.values[row]) : (column.codes[row] ?? -1) < 0;
    if (missing || Number.isNaN(value)) continue;
    if (truth instanceof Int32Array && value < 0) {
      unknown.note(
        column.storage === 'number'
          ? String(column.values[row])
          : (column.dictionary[column.codes[row] ?? -1] ?? ''),
      );
      continue;
    }
    known.push(row);
  }
  return Int32Array.from(known);
}

class UnknownClasses {
  private readonly column: string;
  private readonly counts = new Map<string, number>();

  constructor(column: string) {
    this.column = column;
  }

  note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  check(target: TargetState): void {
    if (this.counts.size === 0 || target.task === 'regression') return;
    const rows = [...this.counts.values()].reduce((sum, count) => sum + count, 0);
    const names = [...this.counts.keys()];
    const shown = names.slice(0, NAMED_CLASSES).map((name) => `"${name}"`);
    const known = target.classes.slice(0, 10).map((name) => `"${name}"`);
    throw new AimaasError(
      'COLUMN_VALUE',
      `${rows} rows have a value of the target "${this.column}" that the model does not know: ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}. It knows ${known.join(', ')}${target.classes.length > known.length ? ', …' : ''}.`,
      {
        hint: 'Remove these rows, or train with such rows: aimaas collect FILE && aimaas preprocess && aimaas train',
        details: { column: this.column, rows, values: names.slice(0, 100), classes: target.classes },
      },
    );
  }
}

function take(values: Truth, rows: Int32Array): Truth {
  if (values.length === rows.length) return values;
  const taken = values instanceof Int32Array ? new Int32Array(rows.length) : new Float64Array(rows.length);
  rows.forEach((row, i) => (taken[i] = values[row] as number));
  return taken;
}

function partOf(table: Table, rows: Int32Array): Table {
  const columns = [...table.columns].map(([name, column]) => [name, takeRows(column, rows)] as const);
  return { rows: rows.length, columns: new Map(columns) };
}

function isAbsent(error: unknown, column: string): boolean {
  if (!(error instanceof AimaasError) || error.code !== 'COLUMN_NOT_FOUND') return false;
  return isJsonObject(error.details) && error.details['column'] === column;
}

function withoutTarget(location: string, column: string): AimaasError {
  return new AimaasError(
    'TARGET',
    `${location} has no column "${column}"; evaluate needs the true value of every row to compare with.`,
    { hint: `To answer rows without it: aimaas predict, with ${location} as the file`, details: { column } },
  );
}
