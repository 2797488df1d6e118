import { type ColumnSchema, type DataSchema, storageOf } from '../../core/table.js';
import type { Database } from '../duckdb.js';
import type { Indexed } from './number-columns.js';
import { FEW_VALUES, type NumberDescription, type NumberSummary } from './number-describer.js';
import { positional } from '../parquet.js';
import type { ProfileSource } from './profile-source.js';
import { describeTexts, type TextDescription } from './text-columns.js';

const TOP_VALUES = 10;
/** Classes whose rows are counted. */
const MOST_CLASSES = 1000;

export type ValueCount = { readonly value: string; readonly rows: number };

export type ColumnProfile = {
  readonly name: string;
  readonly kind: ColumnSchema['kind'];
  readonly missing: number;
  /** Infinite numbers of the source, which are among the missing. */
  readonly infinite: number;
  readonly distinct: number;
  /** Dates as milliseconds since 1970 UTC, booleans as 0 and 1; null for strings and for columns without values. */
  readonly numbers: NumberSummary | null;
  /** The most frequent values; empty for number columns of many values. */
  readonly top: readonly ValueCount[];
};

/** profile.json */
export type Profile = {
  readonly schemaVersion: 1;
  readonly rows: number;
  /**
   * Rows that distinct and top were computed from: all of them, or evenly spaced ones of a large table. Quantiles are from
   * 100,000 evenly spaced rows at most.
   */
  readonly sampledRows: number;
  readonly duplicateRows: number;
  readonly columns: readonly ColumnProfile[];
  /** Rows of each class of a class target, most first; null otherwise. */
  readonly classes: readonly ValueCount[] | null;
};

/**
 * Describes the rows of a snapshot.
 * @param numbers What is known of its columns of numbers, truth values and dates, by their place.
 */
export async function makeProfile(
  database: Database,
  source: ProfileSource,
  schema: DataSchema,
  numbers: ReadonlyMap<number, NumberDescription>,
): Promise<Profile> {
  const { rows, sampledRows } = source;
  const countedAsText = schema.columns
    .map((column, index): Indexed => ({ column, index }))
    .filter(
      ({ column, index }) =>
        storageOf(column.kind) === 'string' ||
        (column.kind !== 'number' && (numbers.get(index)?.distinct ?? 0) <= FEW_VALUES),
    );
  const texts = await describeTexts(database, source, countedAsText, TOP_VALUES);
  const scale = rows / Math.max(1, sampledRows);
  const columns = schema.columns.map((column, index) =>
    profileOf(column, rows, scale, numbers.get(index), texts.get(index)),
  );
  const at = schema.columns.findIndex(({ name }) => name === schema.target);
  const target = columns[at];
  const classes = target === undefined ? [] : await targetValues(database, source, target, at);
  const isClass = target !== undefined && target.kind !== 'number' && target.kind !== 'date';
  return {
    schemaVersion: 1,
    rows,
    sampledRows,
    duplicateRows: await duplicateRows(database, source, columns),
    columns: columns.map((column) =>
      column === target ? { ...column, top: classes.slice(0, TOP_VALUES) } : column,
    ),
    classes: isClass ? classes : null,
  };
}

function profileOf(
  column: ColumnSchema,
  rows: number,
  scale: number,
  number: NumberDescription | undefined,
  text: TextDescription | undefined,
): ColumnProfile {
  const { present, distinct } = number ?? text ?? { present: 0, distinct: 0 };
  const top = column.kind === 'number' ? mostFrequent(number?.few ?? new Map()) : (text?.top ?? []);
  return {
    name: column.name,
    kind: column.kind,
    missing: rows - present,
    infinite: number?.infinite ?? 0,
    distinct,
    numbers: number?.numbers ?? null,
    top: top.map((each) => ({ value: each.value, rows: Math.round(each.rows * scale) })),
  };
}

function mostFrequent(counts: ReadonlyMap<number, number>): ValueCount[] {
  const values = [...counts].map(([value, rows]) => ({ value: String(value), rows }));
  return values.sort((a, b) => b.rows - a.rows || (a.value < b.value ? -1 : 1)).slice(0, TOP_VALUES);
}

/** The values of the target by their rows, all of them being counted; none where it is a number of many values. */
async function targetValues(
  database: Database,
  source: ProfileSource,
  { kind, distinct }: ColumnProfile,
  index: number,
): Promise<ValueCount[]> {
  if (storageOf(kind) === 'number' && distinct > FEW_VALUES) return [];
  const rows = await database.rows(
    `SELECT CAST(c${index} AS VARCHAR), count(*) AS n FROM ${source.from} WHERE c${index} IS NOT NULL ` +
      `GROUP BY c${index} ORDER BY n DESC, c${index} LIMIT ${MOST_CLASSES}`,
  );
  return rows.map(([value, count]) => ({
    value: kind === 'number' ? String(Number(value)) : String(value),
    rows: Number(count),
  }));
}

/** Rows that are equal in every cell to an earlier row, by a 64-bit hash of the row. */
async function duplicateRows(
  database: Database,
  source: ProfileSource,
  columns: readonly ColumnProfile[],
): Promise<number> {
  // A column of as many values as rows tells every two rows apart.
  if (columns.some(({ distinct }) => distinct === source.rows)) return 0;
  const [row] = await database.rows(
    `SELECT count(*) - count(DISTINCT h) FROM (SELECT hash(${positional(columns.length)}) AS h FROM ${source.from})`,
  );
  return Number(row?.[0] ?? 0);
}
