import type { Decimal } from '../core/table.js';
import { missingSql, noNumberSql, plainNumberSql, trimmedSql } from './cell.js';
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
  readonly decimal: Decimal | undefined;
  /** Columns that the user says are dates: forms that are never guessed are tried on them too. */
  readonly dateColumns: ReadonlySet<string>;
};

const num = (value: SqlValue | undefined): number => (typeof value === 'number' ? value : 0);

type Shape = Omit<
  ColumnStatistics,
  'trueFalse' | 'yesNo' | 'commas' | 'thousands' | 'meanLength' | 'meanWords' | 'dates'
>;

async function shapeOf(
  database: Database,
  column: RawColumn,
  v: string,
  decimal: Decimal | undefined,
): Promise<Shape> {
  const exponent = `(contains(n, 'e') OR contains(n, 'E'))`;
  const aggregates = [
    'count(*)',
    'count(v)',
    'count(DISTINCT v)',
    'count(d)',
    'count(DISTINCT d)',
    'count(*) FILTER (whole)',
    `count(*) FILTER (whole AND (contains(n, '.') OR ${exponent}))`,
    `count(*) FILTER (whole AND abs(d) >= 1 AND starts_with(ltrim(n, '+-'), '0'))`,
    `count(*) FILTER (whole AND abs(d) > ${Number.MAX_SAFE_INTEGER} AND NOT ${exponent})`,
    'min(d) FILTER (isfinite(d))',
    'max(d) FILTER (isfinite(d))',
    'avg(d) FILTER (d BETWEEN 0 AND 1)',
  ];
  const written = `SELECT ${v} AS v, ${decimal === undefined ? v : plainNumberSql(v, decimal)} AS n FROM looked`;
  const cast = `SELECT v, n, TRY_CAST(n AS DOUBLE) AS x FROM (${written})`;
  const numbers = `SELECT v, n, CASE WHEN ${noNumberSql('n', 'x')} THEN NULL ELSE x END AS d FROM (${cast})`;
  const from = `(SELECT v, n, d, isfinite(d) AND d = floor(d) AS whole FROM (${numbers}))`;
  const [row] = await database.rows(`SELECT ${aggregates.join(', ')} FROM ${from}`);
  const at = (i: number): number => num(row?.[i]);
  const orNull = (i: number): number | null => (typeof row?.[i] === 'number' ? row[i] : null);
  return {
    name: column.name,
    textual: column.textual,
    rows: at(0),
    present: at(1),
    distinct: at(2),
    numbers: at(3),
    distinctNumbers: at(4),
    whole: at(5),
    decimals: at(6),
    leadingZeros: at(7),
    huge: at(8),
    minimum: orNull(9),
    maximum: orNull(10),
    unitMean: orNull(11),
  };
}

/**
 * Statistics of every column over the rows of `relation` (or its first `limit`). Columns are looked at one by one: one
 * query for many takes longer to plan than it saves, and more memory. What is only worth knowing of text is only computed
 * for text.
 */
export async function columnStatistics(
  database: Database,
  relation: string,
  columns: readonly RawColumn[],
  options: StatisticsOptions,
): Promise<ColumnStatistics[]> {
  const limited = options.limit === null ? relation : `(SELECT * FROM ${relation} LIMIT ${options.limit})`;
  const trimmed = columns.map(({ sql }, i) => `${trimmedSql(sql)} AS t${i}`);
  const cells = columns.map(
    (_, i) => `CASE WHEN ${missingSql(`t${i}`, options.missing)} THEN NULL ELSE t${i} END AS v${i}`,
  );
  await database.runPlain(
    `CREATE OR REPLACE TEMP TABLE looked AS SELECT ${cells.join(', ')} FROM (SELECT ${trimmed.join(', ')} FROM ${limited})`,
    columns.length,
  );
  const found: ColumnStatistics[] = [];
  for (const [i, column] of columns.entries()) {
    const shape = await shapeOf(database, column, `v${i}`, options.decimal);
    found.push(await withText(database, shape, `v${i}`, options.dateColumns.has(column.name)));
  }
  await database.run('DROP TABLE looked');
  return found;
}

/** Adds what is worth knowing of a column that is not all numbers, or that the user says holds dates. */
async function withText(
  database: Database,
  shape: Shape,
  v: string,
  isDate: boolean,
): Promise<ColumnStatistics> {
  if (shape.numbers === shape.present && !shape.textual && !isDate) {
    return {
      ...shape,
      trueFalse: 0,
      yesNo: 0,
      commas: 0,
      thousands: 0,
      meanLength: 0,
      meanWords: 0,
      dates: {},
    };
  }
  const formats = await plausibleFormats(database, v, isDate ? DATE_FORMATS : GUESSED_FORMATS, !isDate);
  const texts = [
    `count(*) FILTER (lower(${v}) IN ('true', 'false'))`,
    `count(*) FILTER (lower(${v}) IN ('yes', 'no'))`,
    `count(*) FILTER (regexp_full_match(${v}, '[+-]?(?:\\d+|\\d{1,3}(?:[. ]\\d{3})+),\\d+'))`,
    `count(*) FILTER (regexp_full_match(${v}, '[+-]?\\d{1,3}(?:,\\d{3})+(?:[.]\\d*)?'))`,
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
    commas: num(text?.[2]),
    thousands: num(text?.[3]),
    meanLength: num(text?.[4]),
    meanWords: num(text?.[5]),
    dates: Object.fromEntries(formats.map((format, k) => [format, num(text?.[6 + k])])),
  };
}

/** Cells whose most frequent values are tried, and how many values. */
const TRIED_CELLS = 20_000;
const TRIED_VALUES = 200;
/** Years that dates are expected to have. Others are as likely in numbers of parts or accounts. */
const USUAL_YEARS = [Date.UTC(1000, 0), Date.UTC(3000, 0)] as const;
/** Stand-ins such as 0001-01-01 and 9999-12-31. */
const MOST_STAND_INS = 2;

/**
 * The date forms that fit one of the most frequent values: the rest need not be tried on all. A guess also needs usual
 * years, with more values than have others, but for stand-ins.
 */
async function plausibleFormats(
  database: Database,
  v: string,
  formats: readonly DateFormat[],
  isGuess: boolean,
): Promise<DateFormat[]> {
  const first = `SELECT ${v} FROM looked WHERE ${v} IS NOT NULL LIMIT ${TRIED_CELLS}`;
  const values = await database.rows(
    `SELECT ${v} FROM (${first}) GROUP BY ${v} ORDER BY count(*) DESC, ${v} LIMIT ${TRIED_VALUES}`,
  );
  return formats.filter((format) => {
    const parse = dateParser(format);
    const dates = values.flatMap(([value]) => parse(String(value)) ?? []);
    if (!isGuess) return dates.length > 0;
    const usual = dates.filter((date) => date >= USUAL_YEARS[0] && date < USUAL_YEARS[1]).length;
    return usual > 0 && dates.length - usual <= Math.max(MOST_STAND_INS, usual);
  });
}
