import { missingSql, noNumberSql, trimmedSql } from './cell.js';
import {
  DATE_FORMATS,
  GUESSED_FORMATS,
  dateParser,
  datePartsSql,
  dateSql,
  type DateFormat,
} from './dates.js';
import type { Database, SqlValue } from './duckdb.js';
import type { ColumnStatistics } from './infer.js';

/** A column to be looked at: its name and the SQL of its raw VARCHAR cells. */
export type RawColumn = { readonly name: string; readonly sql: string; readonly textual: boolean };

export type StatisticsOptions = {
  /** Look at this many rows only. */
  readonly limit: number | null;
  readonly missing: readonly string[];
  /** Columns that the user says are dates: forms that are never guessed are tried on them too. */
  readonly dateColumns: ReadonlySet<string>;
};

const num = (value: SqlValue | undefined): number => (typeof value === 'number' ? value : 0);

/** Aggregates over v (the cell) and d (its number), in the order in which shapeOf reads them. */
function shapeSql(v: string, d: string): string[] {
  const whole = `isfinite(${d}) AND ${d} = floor(${d})`;
  const exponent = `(contains(${v}, 'e') OR contains(${v}, 'E'))`;
  return [
    `count(${v})`,
    `count(DISTINCT ${v})`,
    `count(${d})`,
    `count(DISTINCT ${d})`,
    `count(*) FILTER (${whole})`,
    `count(*) FILTER (${whole} AND (contains(${v}, '.') OR ${exponent}))`,
    `count(*) FILTER (${whole} AND abs(${d}) >= 1 AND starts_with(ltrim(${v}, '+-'), '0'))`,
    `count(*) FILTER (${whole} AND abs(${d}) > ${Number.MAX_SAFE_INTEGER} AND NOT ${exponent})`,
    `min(${d}) FILTER (isfinite(${d}))`,
    `max(${d}) FILTER (isfinite(${d}))`,
    `avg(${d}) FILTER (${d} BETWEEN 0 AND 1)`,
  ];
}

type Shape = Omit<ColumnStatistics, 'trueFalse' | 'yesNo' | 'meanLength' | 'meanWords' | 'dates'>;

function shapeOf(column: RawColumn, rows: number, next: () => SqlValue | undefined): Shape {
  const orNull = (value: SqlValue | undefined): number | null => (typeof value === 'number' ? value : null);
  return {
    name: column.name,
    textual: column.textual,
    rows,
    present: num(next()),
    distinct: num(next()),
    numbers: num(next()),
    distinctNumbers: num(next()),
    whole: num(next()),
    decimals: num(next()),
    leadingZeros: num(next()),
    huge: num(next()),
    minimum: orNull(next()),
    maximum: orNull(next()),
    unitMean: orNull(next()),
  };
}

/** Distinct values that one query may have to hold. */
const DISTINCT_BUDGET = 1_000_000;
const MOST_TOGETHER = 32;

/**
 * Statistics of every column over the rows of `relation` (or its first `limit`). So many columns are looked at together
 * as memory allows; what is only worth knowing of text is only computed for text.
 */
export async function columnStatistics(
  database: Database,
  relation: string,
  columns: readonly RawColumn[],
  options: StatisticsOptions,
): Promise<ColumnStatistics[]> {
  const limited = options.limit === null ? relation : `(SELECT * FROM ${relation} LIMIT ${options.limit})`;
  const cells = columns.map(
    ({ sql }, i) =>
      `CASE WHEN ${missingSql(sql, options.missing)} THEN NULL ELSE ${trimmedSql(sql)} END AS v${i}`,
  );
  await database.run(`CREATE OR REPLACE TEMP TABLE looked AS SELECT ${cells.join(', ')} FROM ${limited}`);
  const [counted] = await database.rows('SELECT count(*) FROM looked');
  const rows = num(counted?.[0]);
  const together = Math.max(1, Math.min(MOST_TOGETHER, Math.floor(DISTINCT_BUDGET / Math.max(1, rows))));
  const found: ColumnStatistics[] = [];
  for (let start = 0; start < columns.length; start += together) {
    const part = columns.slice(start, start + together);
    const shapes = await shapesOf(database, part, start, rows);
    for (const [k, shape] of shapes.entries()) {
      found.push(await withText(database, shape, `v${start + k}`, options.dateColumns.has(shape.name)));
    }
  }
  await database.run('DROP TABLE looked');
  return found;
}

async function shapesOf(
  database: Database,
  columns: readonly RawColumn[],
  start: number,
  rows: number,
): Promise<Shape[]> {
  const at = columns.map((_, k) => start + k);
  const casts = at.map((i) => `v${i}, TRY_CAST(v${i} AS DOUBLE) AS x${i}`);
  const numbers = at.map(
    (i) => `v${i}, CASE WHEN ${noNumberSql(`v${i}`, `x${i}`)} THEN NULL ELSE x${i} END AS d${i}`,
  );
  const from = `(SELECT ${numbers.join(', ')} FROM (SELECT ${casts.join(', ')} FROM looked))`;
  const aggregates = at.flatMap((i) => shapeSql(`v${i}`, `d${i}`));
  const [row] = await database.rows(`SELECT ${aggregates.join(', ')} FROM ${from}`);
  const values = (row ?? []).values();
  return columns.map((column) => shapeOf(column, rows, () => values.next().value));
}

/** Adds what is worth knowing of a column that is not all numbers, or that the user says holds dates. */
async function withText(
  database: Database,
  shape: Shape,
  v: string,
  isDate: boolean,
): Promise<ColumnStatistics> {
  if (shape.numbers === shape.present && !shape.textual && !isDate) {
    return { ...shape, trueFalse: 0, yesNo: 0, meanLength: 0, meanWords: 0, dates: {} };
  }
  const formats = await plausibleFormats(database, v, isDate ? DATE_FORMATS : GUESSED_FORMATS);
  const texts = [
    `count(*) FILTER (lower(${v}) IN ('true', 'false'))`,
    `count(*) FILTER (lower(${v}) IN ('yes', 'no'))`,
    `avg(length(${v}))`,
    `avg(1 + length(${v}) - length(replace(${v}, ' ', '')))`,
    ...formats.map((format, k) => `count(${dateSql(format, `p${k}`)})`),
  ];
  const parts = formats.map((format, k) => `, ${datePartsSql(format, v)} AS p${k}`).join('');
  const [text] = await database.rows(`SELECT ${texts.join(', ')} FROM (SELECT ${v}${parts} FROM looked)`);
  return {
    ...shape,
    trueFalse: num(text?.[0]),
    yesNo: num(text?.[1]),
    meanLength: num(text?.[2]),
    meanWords: num(text?.[3]),
    dates: Object.fromEntries(formats.map((format, k) => [format, num(text?.[4 + k])])),
  };
}

/** The date forms that fit one of the first cells there are: the rest need not be tried on all. */
async function plausibleFormats(
  database: Database,
  v: string,
  formats: readonly DateFormat[],
): Promise<DateFormat[]> {
  const sample = await database.rows(`SELECT ${v} FROM looked WHERE ${v} IS NOT NULL LIMIT 200`);
  return formats.filter((format) => {
    const parse = dateParser(format);
    return sample.some(([cell]) => parse(String(cell)) !== undefined);
  });
}
