import type { ColumnSchema, DataSchema } from '../core/table.js';
import { storageOf } from '../core/table.js';
import { sqlText } from './cell.js';
import type { Database, SqlValue } from './duckdb.js';
import { positional } from './parquet.js';
import { byColumn, columnsTogether, stackedSql } from './stack.js';

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
/** Up to this many rows the values of many columns are counted at once; beyond, one by one, to bound memory. */
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
  const described: Described[] = [];
  const together = columnsTogether(rows);
  const all = schema.columns.map((column, index) => ({ column, index }));
  for (let start = 0; start < all.length; start += together) {
    const part = all.slice(start, start + together);
    const isNumber = ({ column }: Indexed): boolean => storageOf(column.kind) === 'number';
    described.push(...(await describeNumbers(database, source, part.filter(isNumber))));
    described.push(
      ...(await describeTexts(
        database,
        source,
        part.filter((each) => !isNumber(each)),
      )),
    );
  }
  described.sort((a, b) => a.index - b.index);
  const top = new Map<string, readonly ValueCount[]>();
  const counted = described.filter(
    ({ column, distinct }) => storageOf(column.kind) === 'string' || distinct <= FEW_VALUES,
  );
  const countedTogether = rows <= TOGETHER_ROWS ? TOGETHER_COLUMNS : 1;
  for (let start = 0; start < counted.length; start += countedTogether) {
    const part = counted.slice(start, start + countedTogether);
    for (const [name, values] of await topValues(database, source, part, schema.target))
      top.set(name, values);
  }
  const columns = described.map(({ column, present, distinct, numbers }): ColumnProfile => ({
    name: column.name,
    kind: column.kind,
    missing: rows - present,
    infinite: infinite.get(column.name) ?? 0,
    distinct,
    numbers: present > 0 ? numbers : null,
    top: top.get(column.name) ?? [],
  }));
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

type Indexed = { readonly column: ColumnSchema; readonly index: number };
type Described = Indexed & {
  readonly present: number;
  readonly distinct: number;
  readonly numbers: NumberSummary | null;
};

async function describeNumbers(
  database: Database,
  source: ProfileSource,
  part: readonly Indexed[],
): Promise<Described[]> {
  if (part.length === 0) return [];
  const cells = part.map(({ column, index }) => numeric(column, index));
  // Values of 1e200 overflow when squared, which DuckDB calls an error; their deviation is left out (0).
  const deviation = 'CASE WHEN max(abs(x)) < 1e150 THEN stddev_samp(CASE WHEN abs(x) < 1e150 THEN x END) END';
  const exact = await byColumn(
    database,
    ['count(x)', 'min(x)', 'max(x)', 'avg(x)', deviation, 'count(*) FILTER (x = 0)'],
    stackedSql(cells, source.from),
  );
  const distinct = await byColumn(database, ['count(DISTINCT x)'], stackedSql(cells, source.sample));
  const probabilities = `to_json(quantile_cont(x, [${QUANTILES.join(', ')}]))`;
  const quantiles = await byColumn(database, [probabilities], stackedSql(cells, source.few));
  return part.map((each, k) => {
    const [present = 0, minimum = 0, maximum = 0, mean = 0, standardDeviation = 0, zeros = 0] = (
      exact.get(k) ?? []
    ).map(num);
    const values = JSON.parse(String(quantiles.get(k)?.[0] ?? '[]')) as (number | null)[];
    const named = QUANTILES.map((probability, q) => [String(probability), values[q] ?? 0]);
    const numbers = {
      minimum,
      maximum,
      mean,
      standardDeviation,
      quantiles: Object.fromEntries(named) as NumberSummary['quantiles'],
      zeros,
    };
    return { ...each, present, distinct: num(distinct.get(k)?.[0]), numbers };
  });
}

async function describeTexts(
  database: Database,
  source: ProfileSource,
  part: readonly Indexed[],
): Promise<Described[]> {
  if (part.length === 0) return [];
  const cells = part.map(({ index }) => `c${index}`);
  const present = await byColumn(database, ['count(x)'], stackedSql(cells, source.from));
  const distinct = await byColumn(database, ['count(DISTINCT x)'], stackedSql(cells, source.sample));
  return part.map((each, k) => ({
    ...each,
    present: num(present.get(k)?.[0]),
    distinct: num(distinct.get(k)?.[0]),
    numbers: null,
  }));
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
