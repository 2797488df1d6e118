import type { ColumnSchema, DataSchema } from '../core/table.js';
import { storageOf } from '../core/table.js';
import { sqlText } from './cell.js';
import type { Database, SqlValue } from './duckdb.js';
import { positional } from './parquet.js';

/** Probabilities of the quantiles in a profile. */
export const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
const TOP_VALUES = 10;
/** Values of a number column are counted one by one up to this many. */
const FEW_VALUES = 50;
/** Classes whose rows are counted. */
const MOST_CLASSES = 1000;
/** With more rows than this, what has to hold many values in memory is taken from evenly spaced rows. */
const EXACT_ROWS = 1_000_000;
/** Quantiles are taken from so many evenly spaced rows at most: their error is far below what they are read for. */
const QUANTILE_ROWS = 100_000;
/** A snapshot of so many cells at most is held in memory while it is described. */
const SMALL_CELLS = 2_000_000;
/** Up to this many rows many columns are profiled at once; beyond, one by one, to bound memory. */
const TOGETHER_ROWS = 200_000;
const TOGETHER_COLUMNS = 24;

export type ValueCount = { readonly value: string; readonly rows: number };

export type NumberSummary = {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Sample standard deviation; 0 with one value. */
  readonly standardDeviation: number;
  /** Probability → quantile, linearly interpolated. */
  readonly quantiles: { readonly [probability: string]: number };
  readonly zeros: number;
};

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

const num = (value: SqlValue | undefined): number => (typeof value === 'number' ? value : 0);

/** A snapshot file to be asked about: its columns are c0, c1 … in the order of the schema. */
export type ProfileSource = {
  readonly from: string;
  /** Some of the rows, evenly spaced, or the same as `from`. */
  readonly sample: string;
  /** Fewer of them, for quantiles. */
  readonly few: string;
  readonly rows: number;
  readonly sampledRows: number;
};

export async function openProfile(database: Database, path: string, columns: number): Promise<ProfileSource> {
  const file = `read_parquet(${sqlText(path)}) AS t(${positional(columns)})`;
  const [count] = await database.rows(`SELECT count(*) FROM ${file}`);
  const rows = num(count?.[0]);
  // Many questions follow, each of which would read what the file says of all its columns.
  const isSmall = rows * columns <= SMALL_CELLS;
  if (isSmall) await database.run(`CREATE OR REPLACE TEMP TABLE small AS SELECT * FROM ${file}`);
  const from = isSmall ? 'small' : file;
  const spaced = async (table: string, most: number): Promise<string> => {
    if (rows <= most) return from;
    const numbered = `read_parquet(${sqlText(path)}, file_row_number = true) AS t(${positional(columns)}, row_number)`;
    const step = Math.ceil(rows / most);
    await database.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${positional(columns)} FROM ${numbered} WHERE row_number % ${step} = 0`,
    );
    return table;
  };
  return {
    from,
    sample: await spaced('spaced', EXACT_ROWS),
    few: await spaced('few', QUANTILE_ROWS),
    rows,
    sampledRows: rows <= EXACT_ROWS ? rows : Math.ceil(rows / Math.ceil(rows / EXACT_ROWS)),
  };
}

/** A cell as a number, for the kinds that are stored as one. */
export function numeric(column: ColumnSchema, index: number): string {
  if (column.kind === 'date') return `CAST(epoch_ms(c${index}) AS DOUBLE)`;
  return column.kind === 'boolean' ? `CAST(c${index} AS DOUBLE)` : `c${index}`;
}

/**
 * Describes the rows of a snapshot.
 * @param infinite How many infinite numbers were made missing, by column.
 */
export async function makeProfile(
  database: Database,
  source: ProfileSource,
  schema: DataSchema,
  infinite: ReadonlyMap<string, number>,
): Promise<Profile> {
  const { rows, sampledRows } = source;
  const columns: ColumnProfile[] = [];
  const together = rows <= TOGETHER_ROWS ? TOGETHER_COLUMNS : 1;
  for (let start = 0; start < schema.columns.length; start += together) {
    const part = schema.columns.slice(start, start + together);
    const exact = await database.rows(
      `SELECT ${part.map((column, i) => exactSql(column, start + i)).join(', ')} FROM ${source.from}`,
    );
    const distincts = await database.rows(
      `SELECT ${part.map((_, i) => `count(DISTINCT c${start + i})`).join(', ')} FROM ${source.sample}`,
    );
    const quantiles = part.flatMap((column, i) => quantileSql(column, start + i));
    const quantileRows =
      quantiles.length === 0 ? [] : await database.rows(`SELECT ${quantiles.join(', ')} FROM ${source.few}`);
    const nextExact = (exact[0] ?? []).values();
    const nextQuantile = (quantileRows[0] ?? []).values();
    const described = part.map((column, i) => {
      const take = (): number => num(nextExact.next().value);
      const takeQuantile = (): number => num(nextQuantile.next().value);
      const present = take();
      const distinct = num(distincts[0]?.[i]);
      const numbers = storageOf(column.kind) === 'number' ? summary(take, takeQuantile) : null;
      return { column, index: start + i, present, distinct, numbers };
    });
    const counted = described.filter(
      ({ column, distinct }) => storageOf(column.kind) === 'string' || distinct <= FEW_VALUES,
    );
    const top = await topValues(database, source, counted, schema.target);
    for (const { column, present, distinct, numbers } of described) {
      columns.push({
        name: column.name,
        kind: column.kind,
        missing: rows - present,
        infinite: infinite.get(column.name) ?? 0,
        distinct,
        numbers: present > 0 ? numbers : null,
        top: top.get(column.name) ?? [],
      });
    }
  }
  const target = columns.find((column) => column.name === schema.target);
  const isClass = target !== undefined && target.kind !== 'number' && target.kind !== 'date';
  return {
    schemaVersion: 1,
    rows,
    sampledRows,
    duplicateRows: await duplicateRows(database, source, schema.columns.length),
    columns: columns.map((column) => ({ ...column, top: column.top.slice(0, TOP_VALUES) })),
    classes: isClass ? target.top : null,
  };
}

/** count, then for numbers: minimum, maximum, mean, deviation, zeros. */
function exactSql(column: ColumnSchema, index: number): string {
  const present = `count(c${index})`;
  if (storageOf(column.kind) !== 'number') return present;
  const d = numeric(column, index);
  // Values of 1e200 overflow when squared, which DuckDB calls an error; their deviation is left out (0).
  const deviation = `CASE WHEN max(abs(${d})) < 1e150 THEN stddev_samp(CASE WHEN abs(${d}) < 1e150 THEN ${d} END) END`;
  return `${present}, min(${d}), max(${d}), avg(${d}), ${deviation}, count(*) FILTER (${d} = 0)`;
}

function quantileSql(column: ColumnSchema, index: number): string[] {
  if (storageOf(column.kind) !== 'number') return [];
  const all = `quantile_cont(${numeric(column, index)}, [${QUANTILES.join(', ')}])`;
  return QUANTILES.map((_, q) => `${all}[${q + 1}]`);
}

function summary(take: () => number, takeQuantile: () => number): NumberSummary {
  const [minimum, maximum, mean, standardDeviation, zeros] = [take(), take(), take(), take(), take()];
  const quantiles = Object.fromEntries(QUANTILES.map((probability) => [String(probability), takeQuantile()]));
  return { minimum, maximum, mean, standardDeviation, quantiles, zeros };
}

type Counted = { readonly column: ColumnSchema; readonly index: number; readonly distinct: number };

/** The most frequent values of columns; all classes of the target. */
async function topValues(
  database: Database,
  source: ProfileSource,
  columns: readonly Counted[],
  target: string | null,
): Promise<Map<string, ValueCount[]>> {
  const found = new Map<string, ValueCount[]>();
  // Columns of few values are counted in one query; a map of many values would fill the memory.
  const few = columns.filter(({ column, distinct }) => distinct <= FEW_VALUES && column.name !== target);
  if (few.length > 0) {
    const maps = few.flatMap(({ index }) => {
      const histogram = `histogram(CAST(c${index} AS VARCHAR))`;
      return [`to_json(map_keys(${histogram}))`, `to_json(map_values(${histogram}))`];
    });
    const [row] = await database.rows(`SELECT ${maps.join(', ')} FROM ${source.sample}`);
    const scale = source.rows / Math.max(1, source.sampledRows);
    for (const [k, { column }] of few.entries()) {
      const keys = JSON.parse(String(row?.[2 * k] ?? '[]')) as string[] | null;
      const counts = JSON.parse(String(row?.[2 * k + 1] ?? '[]')) as number[] | null;
      const values = (keys ?? []).map((value, i) => valueCount(column, value, (counts?.[i] ?? 0) * scale));
      values.sort((a, b) => b.rows - a.rows || (a.value < b.value ? -1 : 1));
      found.set(column.name, values.slice(0, TOP_VALUES));
    }
  }
  for (const { column, index } of columns.filter((each) => !few.includes(each))) {
    const isTarget = column.name === target;
    const rows = await database.rows(
      `SELECT CAST(c${index} AS VARCHAR), count(*) AS n FROM ${isTarget ? source.from : source.sample} ` +
        `WHERE c${index} IS NOT NULL GROUP BY c${index} ORDER BY n DESC, c${index} LIMIT ${isTarget ? MOST_CLASSES : TOP_VALUES}`,
    );
    const scale = isTarget ? 1 : source.rows / Math.max(1, source.sampledRows);
    found.set(
      column.name,
      rows.map(([value, count]) => valueCount(column, String(value), num(count) * scale)),
    );
  }
  return found;
}

function valueCount(column: ColumnSchema, value: string, rows: number): ValueCount {
  return { value: column.kind === 'number' ? String(Number(value)) : value, rows: Math.round(rows) };
}

/** Rows that are equal in every cell to an earlier row, by a 64-bit hash of the row. */
async function duplicateRows(database: Database, source: ProfileSource, columns: number): Promise<number> {
  const [row] = await database.rows(
    `SELECT count(*) - count(DISTINCT h) FROM (SELECT hash(${positional(columns)}) AS h FROM ${source.from})`,
  );
  return num(row?.[0]);
}
