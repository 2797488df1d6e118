import { AimaasError } from '../../core/errors.js';
import { type Column, type ColumnSchema, type DataSchema, storageOf, type Table } from '../../core/table.js';
import { RowSet } from './row-hash.js';
import { NO_SPLIT } from './split.js';
import { namedSplit, type SplitPlan } from './split-options.js';
import { TargetCollector } from '../target.js';

/** Rows that can be read again and again, chunk by chunk, in the same order. */
export interface RowSource {
  readonly schema: DataSchema;
  /** Rows that `read` gives. */
  readonly rows: number;
  /** Tables with (at least) these columns. */
  read(columns: readonly string[]): AsyncIterable<Table>;
}

/** What a first look at all rows has to find out. */
export type ScanPlan = {
  readonly target: string;
  readonly split: SplitPlan;
  readonly weight: string | null;
  /** Columns whose missing cells cost the row. */
  readonly required: readonly string[];
  readonly dropDuplicates: boolean;
};

/** Rows that are left out, by why. */
export type Cleaning = {
  readonly rowsRead: number;
  readonly withoutTarget: number;
  readonly withMissing: number;
  readonly duplicates: number;
  readonly withoutTime: number;
  readonly withoutSplit: number;
  /** Validation and test rows of a class that no training row has. */
  readonly unknownClass: number;
};

/** What splitting and fitting need of every row. Arrays have a place for every row of the source. */
export interface RowScan {
  readonly target: TargetCollector;
  /** Rows that stay, ascending. */
  readonly rows: Int32Array;
  /** Group of every row, from 0; a row without group is a group of its own. */
  readonly groups: Int32Array | null;
  readonly times: Float64Array | null;
  /** Index in SPLITS of every row. */
  readonly named: Uint8Array | null;
  readonly weights: Float32Array | null;
  readonly cleaning: Cleaning;
}

export function columnOf(schema: DataSchema, name: string): ColumnSchema {
  const column = schema.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new AimaasError('COLUMN_NOT_FOUND', `The data has no column "${name}".`);
  return column;
}

export function columnIn(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new AimaasError('COLUMN_NOT_FOUND', `The data has no column "${name}".`);
  return column;
}

/** The text of a cell, for columns of any kind; undefined for a missing one. */
function cellText(column: Column, row: number): string | undefined {
  if (column.storage === 'string') return column.dictionary[column.codes[row] as number];
  const value = column.values[row] as number;
  return Number.isNaN(value) ? undefined : String(value);
}

export function isMissing(column: Column, row: number): boolean {
  return column.storage === 'number' ? Number.isNaN(column.values[row]) : (column.codes[row] as number) < 0;
}

/** Sums over rows must hold in single precision. Only the proportions of weights matter, so nobody needs larger ones. */
const LARGEST_WEIGHT = 1e30;

/**
 * Sample weights of some rows.
 * @param first 0-based number of the first row, for messages.
 * @throws AimaasError COLUMN_VALUE for a weight that is missing, negative or too large.
 */
export function weightsOf(table: Table, name: string, first: number): Float32Array {
  const column = columnIn(table, name);
  if (column.storage !== 'number') {
    throw new AimaasError('COLUMN_VALUE', `The weight column "${name}" holds text; weights are numbers.`, {
      hint: `aimaas collect FILE --type "${name}=number"`,
      details: { column: name },
    });
  }
  const bad = column.values.findIndex((value) => !(value >= 0 && value <= LARGEST_WEIGHT));
  if (bad >= 0) {
    const value = column.values[bad] as number;
    const shown = Number.isNaN(value) ? 'missing' : String(value);
    throw new AimaasError(
      'COLUMN_VALUE',
      `The weight in row ${first + bad + 1} of column "${name}" is ${shown}; a weight is a number from 0 to ${LARGEST_WEIGHT}.`,
      {
        hint: 'Mend the column, or name another: aimaas preprocess --weight-column COLUMN',
        details: { column: name, row: first + bad },
      },
    );
  }
  return Float32Array.from(column.values);
}

/** Numbers groups from 0 in the order they are met. */
class GroupNumbers {
  private readonly known = new Map<string, number>();
  private next = 0;

  of(text: string | undefined): number {
    const known = text === undefined ? undefined : this.known.get(text);
    if (known !== undefined) return known;
    if (text !== undefined) this.known.set(text, this.next);
    return this.next++;
  }
}

function checkTimeColumn(column: ColumnSchema): void {
  if (storageOf(column.kind) === 'number') return;
  throw new AimaasError(
    'COLUMN_VALUE',
    `Column "${column.name}" is a ${column.kind}; rows are split by the time in a date or number column.`,
    {
      hint: `aimaas collect FILE --type "${column.name}=date"`,
      details: { column: column.name, kind: column.kind },
    },
  );
}

/**
 * Reads all rows once: which stay, and what splitting needs of them. Only the columns needed for that are read.
 * @throws AimaasError COLUMN_VALUE for values that a weight, time or split column may not have; TARGET for a target that
 * cannot be learned.
 */
export async function scanRows(source: RowSource, plan: ScanPlan): Promise<RowScan> {
  const { schema, rows: total } = source;
  const targetColumn = columnOf(schema, plan.target);
  const target = new TargetCollector(targetColumn, total, storageOf(targetColumn.kind));
  const { method, column: splitColumn } = plan.split;
  if (method === 'time') checkTimeColumn(columnOf(schema, splitColumn ?? ''));
  const groups = method === 'group' ? new Int32Array(total) : null;
  const times = method === 'time' ? new Float64Array(total) : null;
  const named = method === 'column' ? new Uint8Array(total) : null;
  const weights = plan.weight === null ? null : new Float32Array(total);

  const incomplete = new Uint8Array(total);
  const repeated = new Uint8Array(total);
  const numbers = new GroupNumbers();
  const seen = new RowSet();
  const everything = schema.columns.map(({ name }) => name);
  const needed = [plan.target, splitColumn, plan.weight, ...plan.required].filter((name) => name !== null);
  let first = 0;
  for await (const table of source.read(plan.dropDuplicates ? everything : [...new Set(needed)])) {
    target.add(columnIn(table, plan.target));
    const split = splitColumn === null ? undefined : columnIn(table, splitColumn);
    const required = plan.required.map((name) => columnIn(table, name));
    for (let row = 0; row < table.rows; row++) {
      const at = first + row;
      if (required.some((column) => isMissing(column, row))) incomplete[at] = 1;
      if (split === undefined) continue;
      if (groups !== null) groups[at] = numbers.of(cellText(split, row));
      if (times !== null && split.storage === 'number') times[at] = split.values[row] as number;
      if (named !== null) named[at] = namedSplit(cellText(split, row), splitColumn ?? '');
    }
    if (plan.weight !== null) weights?.set(weightsOf(table, plan.weight, first), first);
    if (plan.dropDuplicates) {
      repeated.set(
        seen.repeated(
          everything.map((name) => columnIn(table, name)),
          table.rows,
        ),
        first,
      );
    }
    first += table.rows;
  }
  return {
    target,
    groups,
    times,
    named,
    weights,
    ...clean(total, target.known(), incomplete, repeated, times, named),
  };
}

/** Which rows stay; a row that fails in several ways counts once, by the first. */
function clean(
  total: number,
  known: Uint8Array,
  incomplete: Uint8Array,
  repeated: Uint8Array,
  times: Float64Array | null,
  named: Uint8Array | null,
): { rows: Int32Array; cleaning: Cleaning } {
  const kept = new Int32Array(total);
  const dropped = { withoutTarget: 0, withMissing: 0, duplicates: 0, withoutTime: 0, withoutSplit: 0 };
  let count = 0;
  for (let row = 0; row < total; row++) {
    if (known[row] === 0) dropped.withoutTarget++;
    else if (incomplete[row] === 1) dropped.withMissing++;
    else if (repeated[row] === 1) dropped.duplicates++;
    else if (times !== null && Number.isNaN(times[row])) dropped.withoutTime++;
    else if (named?.[row] === NO_SPLIT) dropped.withoutSplit++;
    else kept[count++] = row;
  }
  return { rows: kept.slice(0, count), cleaning: { rowsRead: total, ...dropped, unknownClass: 0 } };
}
