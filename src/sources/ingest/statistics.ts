import type { Decimal } from '../../core/table.js';
import { missingSql, noNumberSql, plainNumberSql, trimmedSql } from '../cell.js';
import {
  DATE_FORMATS,
  GUESSED_FORMATS,
  dateParser,
  datePartsSql,
  dateSql,
  type DateFormat,
} from '../dates.js';
import type { Database, SqlValue } from '../duckdb.js';
import type { ColumnStatistics } from '../infer.js';
import { byColumn, columnsTogether, stackedSql } from '../stack.js';

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

/**
 * Statistics of every column over the rows of `relation` (or its first `limit`). What is only worth knowing of text is only
 * computed for text.
 */
export async function columnStatistics(
  database: Database,
  relation: string,
  columns: readonly RawColumn[],
  options: StatisticsOptions,
): Promise<ColumnStatistics[]> {
  const { limit } = options;
  const limited = limit === null ? relation : `(SELECT * FROM ${relation} LIMIT ${limit})`;
  // Few columns of few rows are stacked as they are read.
  if (limit !== null && limit <= TRIED_CELLS && columns.length <= columnsTogether(limit)) {
    const cells = columns.map(({ sql }) => sql);
    await stack(database, { cells, from: limited, row: '0' }, options);
    return statisticsOfStack(database, columns, options);
  }
  const cells = columns.map(({ sql }, i) => `${sql} AS s${i}`);
  await database.runPlain(
    `CREATE OR REPLACE TEMP TABLE looked AS SELECT ${cells.join(', ')} FROM ${limited}`,
    columns.length,
  );
  const [count] = await database.rows('SELECT count(*) FROM looked');
  const together = columnsTogether(num(count?.[0]));
  const found: ColumnStatistics[] = [];
  for (let start = 0; start < columns.length; start += together) {
    const part = columns.slice(start, start + together);
    const names = part.map((_, k) => `s${start + k}`);
    await stack(database, { cells: names, from: 'looked', row: 'rowid' }, options);
    found.push(...(await statisticsOfStack(database, part, options)));
  }
  await database.run('DROP TABLE looked');
  return found;
}

/**
 * Puts the different values of columns one below the other into the table `cells`: column k, text v without blanks (NULL where
 * missing), the rows n that have it, and how many of them are among those whose values are tried.
 */
async function stack(
  database: Database,
  { cells, from, row }: { cells: readonly string[]; from: string; row: string },
  { missing }: StatisticsOptions,
): Promise<void> {
  await database.run(
    `CREATE OR REPLACE TEMP TABLE cells AS SELECT k, v, count(*) AS n, count(*) FILTER (r < ${TRIED_CELLS}) AS tried ` +
      `FROM (SELECT r, k, CASE WHEN ${missingSql('t', missing)} THEN NULL ELSE t END AS v ` +
      `FROM (SELECT r, k, ${trimmedSql('x')} AS t FROM ${stackedSql(cells, from, `${row} AS r`)})) GROUP BY k, v`,
  );
}

async function statisticsOfStack(
  database: Database,
  columns: readonly RawColumn[],
  options: StatisticsOptions,
): Promise<ColumnStatistics[]> {
  const shapes = await shapesOf(database, columns, options);
  const found = await withText(database, shapes, options);
  await database.run('DROP TABLE cells');
  return found;
}

async function shapesOf(
  database: Database,
  columns: readonly RawColumn[],
  { decimal }: StatisticsOptions,
): Promise<Shape[]> {
  const exponent = `(contains(t, 'e') OR contains(t, 'E'))`;
  const isIn = (low: string, high: string): string => `FILTER (d BETWEEN ${low} AND ${high})`;
  const aggregates = [
    'sum(n)',
    'sum(n) FILTER (v IS NOT NULL)',
    'count(v)',
    'sum(n) FILTER (d IS NOT NULL)',
    'count(DISTINCT d)',
    'sum(n) FILTER (whole)',
    'sum(n) FILTER (decimals)',
    'sum(n) FILTER (zeros)',
    'sum(n) FILTER (huge)',
    'min(d) FILTER (isfinite(d))',
    'max(d) FILTER (isfinite(d))',
    `sum(d * n) ${isIn('0', '1')} / sum(n) ${isIn('0', '1')}`,
  ];
  const written = `SELECT k, v, n, ${decimal === undefined ? 'v' : plainNumberSql('v', decimal)} AS t FROM cells`;
  const cast = `SELECT k, v, n, t, TRY_CAST(t AS DOUBLE) AS x FROM (${written})`;
  const numbers = `SELECT k, v, n, t, CASE WHEN ${noNumberSql('t', 'x')} THEN NULL ELSE x END AS d FROM (${cast})`;
  const wholes = `SELECT k, v, n, t, d, isfinite(d) AND d = floor(d) AS whole FROM (${numbers})`;
  // What is said of whole numbers is slow to find, so that it is not looked for in others.
  const ofWhole = (condition: string): string => `CASE WHEN whole THEN ${condition} ELSE false END`;
  const said = [
    `${ofWhole(`contains(t, '.') OR ${exponent}`)} AS decimals`,
    `${ofWhole(`abs(d) >= 1 AND starts_with(ltrim(t, '+-'), '0')`)} AS zeros`,
    `${ofWhole(`abs(d) > ${Number.MAX_SAFE_INTEGER} AND NOT ${exponent}`)} AS huge`,
  ];
  const found = await byColumn(database, aggregates, `(SELECT *, ${said.join(', ')} FROM (${wholes}))`);
  return columns.map(({ name, textual }, k) => {
    const row = found.get(k) ?? [];
    const at = (i: number): number => num(row[i]);
    const orNull = (i: number): number | null => (typeof row[i] === 'number' ? row[i] : null);
    return {
      name,
      textual,
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
  });
}

/** Adds what is worth knowing of columns that are not all numbers, or that the user says hold dates. */
async function withText(
  database: Database,
  shapes: readonly Shape[],
  { dateColumns }: StatisticsOptions,
): Promise<ColumnStatistics[]> {
  const texts = shapes.flatMap((shape, k) => {
    const isDate = dateColumns.has(shape.name);
    return shape.numbers !== shape.present || shape.textual || isDate ? [{ k, isDate }] : [];
  });
  const none = { trueFalse: 0, yesNo: 0, commas: 0, thousands: 0, meanLength: 0, meanWords: 0, dates: {} };
  if (texts.length === 0) return shapes.map((shape) => ({ ...shape, ...none }));
  const aggregates = [
    `sum(n) FILTER (lower(v) IN ('true', 'false'))`,
    `sum(n) FILTER (lower(v) IN ('yes', 'no'))`,
    String.raw`sum(n) FILTER (regexp_full_match(v, '[+-]?(?:\d+|\d{1,3}(?:[. ]\d{3})+),\d+'))`,
    String.raw`sum(n) FILTER (regexp_full_match(v, '[+-]?\d{1,3}(?:,\d{3})+(?:[.]\d*)?'))`,
    `sum(n * length(v)) / sum(n) FILTER (v IS NOT NULL)`,
    `sum(n * (1 + length(v) - length(replace(v, ' ', '')))) / sum(n) FILTER (v IS NOT NULL)`,
  ];
  const found = await byColumn(database, aggregates, cellsOf(texts.map(({ k }) => k)));
  const dates = await dateCounts(database, texts);
  return shapes.map((shape, k) => {
    const row = found.get(k);
    if (row === undefined) return { ...shape, ...none };
    const [trueFalse = 0, yesNo = 0, commas = 0, thousands = 0, meanLength = 0, meanWords = 0] = row.map(num);
    const own = { trueFalse, yesNo, commas, thousands, meanLength, meanWords };
    return { ...shape, ...own, dates: Object.fromEntries(dates.get(k) ?? []) };
  });
}

function cellsOf(columns: readonly number[]): string {
  return `(SELECT * FROM cells WHERE k IN (${columns.join(', ')}))`;
}

/** Of each column the date forms that are plausible, with the cells that are a date in each. */
async function dateCounts(
  database: Database,
  texts: readonly { readonly k: number; readonly isDate: boolean }[],
): Promise<ReadonlyMap<number, ReadonlyMap<DateFormat, number>>> {
  const values = await triedValues(
    database,
    texts.map(({ k }) => k),
  );
  const plausible = new Map<DateFormat, number[]>();
  for (const { k, isDate } of texts) {
    const formats = isDate ? DATE_FORMATS : GUESSED_FORMATS;
    for (const format of plausibleFormats(values.get(k) ?? [], formats, !isDate)) {
      plausible.set(format, [...(plausible.get(format) ?? []), k]);
    }
  }
  const found = new Map(texts.map(({ k }) => [k, new Map<DateFormat, number>()]));
  for (const [format, columns] of plausible) {
    const parts = `(SELECT k, n, ${datePartsSql(format, 'v')} AS p FROM ${cellsOf(columns)})`;
    const dates = [`sum(n) FILTER (${dateSql(format, 'p')} IS NOT NULL)`];
    const counts = await byColumn(database, dates, parts);
    for (const [k, [count]] of counts) found.get(k)?.set(format, num(count));
  }
  return found;
}

/** Cells whose most frequent values are tried, and how many values. */
const TRIED_CELLS = 20_000;
const TRIED_VALUES = 200;
/** Years that dates are expected to have. Others are as likely in numbers of parts or accounts. */
const USUAL_YEARS = [Date.UTC(1000, 0), Date.UTC(3000, 0)] as const;
/** Stand-ins such as 0001-01-01 and 9999-12-31. */
const MOST_STAND_INS = 2;

/** The most frequent values of each column, of its first cells where these are not all missing. */
async function triedValues(
  database: Database,
  columns: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = await frequentValues(database, columns, 'tried');
  const late = columns.filter((k) => !found.has(k));
  return late.length === 0 ? found : new Map([...found, ...(await frequentValues(database, late, 'n'))]);
}

/** @param count Of the table of cells: those that count. */
async function frequentValues(
  database: Database,
  columns: readonly number[],
  count: 'tried' | 'n',
): Promise<ReadonlyMap<number, readonly string[]>> {
  const counted = `SELECT k, v, ${count} FROM ${cellsOf(columns)} WHERE v IS NOT NULL AND ${count} > 0`;
  const ranked = `SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY ${count} DESC, v) AS place FROM (${counted})`;
  const rows = await database.rows(`SELECT k, v FROM (${ranked}) WHERE place <= ${TRIED_VALUES}`);
  const found = new Map<number, string[]>();
  for (const [k, value] of rows) {
    const known = found.get(num(k));
    if (known === undefined) found.set(num(k), [String(value)]);
    else known.push(String(value));
  }
  return found;
}

/**
 * The date forms that fit one of the values: the rest need not be tried on all cells. A guess also needs usual years, with
 * more values than have others, but for stand-ins.
 */
function plausibleFormats(
  values: readonly string[],
  formats: readonly DateFormat[],
  isGuess: boolean,
): DateFormat[] {
  return formats.filter((format) => {
    const parse = dateParser(format);
    const dates = values.flatMap((value) => parse(value) ?? []);
    if (!isGuess) return dates.length > 0;
    const usual = dates.filter((date) => date >= USUAL_YEARS[0] && date < USUAL_YEARS[1]).length;
    return usual > 0 && dates.length - usual <= Math.max(MOST_STAND_INS, usual);
  });
}
