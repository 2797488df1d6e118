import { type ColumnSchema, type Decimal, storageOf } from '../core/table.js';
import { type DateFormat, dateParser, datePartsSql, dateSql, isDateFormat } from './dates.js';

/**
 * What the text of a cell means, for every path a row can take: the parsers are used on streams, the SQL expressions
 * on files that DuckDB reads. The two are held equal by test/unit/sources/agreement.test.ts.
 */

/**
 * Cells that mean "missing" in every column, after blanks around them are removed. Exactly these spellings: "None",
 * "Na", "Null" and "-" are values. --missing adds to the list.
 */
export const MISSING_CELLS = ['', 'NA', 'na', 'N/A', 'n/a', 'NaN', 'nan', 'NAN', 'null', 'NULL'] as const;

/** Characters that do not count at either end of a cell: those that csv-parse trims, and a byte order mark. */
const BLANK_CODES = [
  0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
  0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff,
] as const;
const BLANKS: ReadonlySet<number> = new Set(BLANK_CODES);

export function trimCell(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.has(text.charCodeAt(start))) start++;
  while (end > start && BLANKS.has(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** The two halves of what a boolean cell may be, in lower case: words, and numbers equal to 1 or 0. */
const TRUE_PATTERN = String.raw`true|yes|t|y|\+?0*1(?:\.0*)?`;
const FALSE_PATTERN = String.raw`false|no|f|n|[+-]?(?:0+(?:\.0*)?|\.0+)`;
const TRUE_CELL = new RegExp(`^(?:${TRUE_PATTERN})$`);
const FALSE_CELL = new RegExp(`^(?:${FALSE_PATTERN})$`);

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** How a number is written with --decimal: what may set thousands apart, and the whole pattern. */
function notationOf(decimal: Decimal): { readonly apart: string; readonly pattern: string } {
  const apart = `[ '\u00a0\u202f${decimal === ',' ? '.' : ','}]`;
  const point = decimal === ',' ? ',' : String.raw`\.`;
  const whole = String.raw`(?:\d+|\d{1,3}(?:${apart}\d{3})+)`;
  return {
    apart,
    pattern: String.raw`[+-]?(?:${whole}(?:${point}\d*)?|${point}\d+)(?:[eE][+-]?\d+)?`,
  };
}

/** Trimmed text → the same number in the plain notation (1.234,5 → 1234.5), or '' for what is none. */
function plainNumber(decimal: Decimal): (trimmed: string) => string {
  const { apart, pattern } = notationOf(decimal);
  const [shape, separators] = [new RegExp(`^(?:${pattern})$`), new RegExp(apart, 'g')];
  return (trimmed) => {
    if (shape.test(trimmed)) return trimmed.replace(separators, '').replace(',', '.');
    return INFINITE.test(trimmed) ? trimmed : '';
  };
}

/** The same as SQL, NULL for what is no number. */
export function plainNumberSql(text: string, decimal: Decimal): string {
  const { apart, pattern } = notationOf(decimal);
  const plain = `replace(regexp_replace(${text}, ${sqlText(apart)}, '', 'g'), ',', '.')`;
  return (
    `CASE WHEN regexp_full_match(${text}, ${sqlText(pattern)}) THEN ${plain} ` +
    `WHEN regexp_full_match(lower(${text}), '[+-]?inf(?:inity)?') THEN ${text} END`
  );
}

/** The column where its numbers are numbers, as in JSON and Parquet, or text in the plain notation. */
export function plainColumn(column: ColumnSchema): ColumnSchema {
  const { decimal, ...plain } = column;
  return decimal === undefined ? column : plain;
}

/** A number as people write it in data (12, -0.5, .5, 1e-3). `1e400` and `inf` are infinite. Undefined: not a number. */
export function parseNumber(trimmed: string): number | undefined {
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (INFINITE.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  return undefined;
}

/** true, yes, t, y, 1 and false, no, f, n, 0 in any case; 1.0 and 0.0 too. */
export function parseBoolean(trimmed: string): 0 | 1 | undefined {
  const lower = trimmed.toLowerCase();
  return TRUE_CELL.test(lower) ? 1 : FALSE_CELL.test(lower) ? 0 : undefined;
}

/** A whole number that a double holds exactly, as it may be written: 7, 7.0, +7. */
const INTEGER_PATTERN = String.raw`[+-]?\d{1,15}(?:\.0*)?`;
const INTEGER = new RegExp(`^(?:${INTEGER_PATTERN})$`);

/** Whether the labels of a string column are whole numbers, of which "1", "1.0" and "+1" are one and the same. */
export function hasIntegerLabels(column: ColumnSchema): boolean {
  return column.dataType === 'integer';
}

/** Trimmed text → value of a number, boolean or date column; NaN is missing, undefined is a value that does not fit. */
export type NumberCell = (text: string | null) => number | undefined;
/** Text → label of a category, text or id column; null is missing. */
export type StringCell = (text: string | null) => string | null;

function missingSet(column: ColumnSchema): ReadonlySet<string> {
  return new Set<string>([...MISSING_CELLS, ...(column.missing ?? [])]);
}

/** The parser of the cells of a number, boolean or date column. An infinite number is missing. */
export function numberCell(column: ColumnSchema): NumberCell {
  const missing = missingSet(column);
  const parse =
    column.kind === 'date'
      ? dateParser(dateFormatOf(column))
      : column.kind === 'boolean'
        ? parseBoolean
        : numberParser(column.decimal);
  return (text) => {
    if (text === null) return NaN;
    const trimmed = trimCell(text);
    if (missing.has(trimmed)) return NaN;
    const value = parse(trimmed);
    return value === Infinity || value === -Infinity ? NaN : value;
  };
}

function numberParser(decimal: Decimal | undefined): typeof parseNumber {
  if (decimal === undefined) return parseNumber;
  const plain = plainNumber(decimal);
  return (trimmed) => parseNumber(plain(trimmed));
}

/** The parser of the cells of a category, text or id column. */
export function stringCell(column: ColumnSchema): StringCell {
  const missing = missingSet(column);
  const integers = hasIntegerLabels(column);
  const plain = column.decimal === undefined ? (text: string): string => text : plainNumber(column.decimal);
  return (text) => {
    if (text === null) return null;
    const trimmed = trimCell(text);
    if (missing.has(trimmed)) return null;
    if (!integers) return trimmed;
    const number = plain(trimmed);
    // Adding 0 makes -0 0.
    return INTEGER.test(number) ? String(Number(number) + 0) : trimmed;
  };
}

function dateFormatOf(column: ColumnSchema): DateFormat {
  const format = column.dateFormat ?? 'iso';
  return isDateFormat(format) ? format : 'iso';
}

export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Text that a regular expression takes literally. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const BLANKS_SQL = BLANK_CODES.map((code) => `chr(${code})`).join(' || ');
const BLANK_CLASS = `[${BLANK_CODES.map((code) => `\\x{${code.toString(16)}}`).join('')}]*`;

/**
 * The cell without blanks around it. DuckDB's trim of a set of characters is slow (0.6 µs a cell), so it is only used
 * where a blank is possible: where the first byte is one in ASCII, the last is, or not all is ASCII.
 */
export function trimmedSql(raw: string): string {
  const last = BLANK_CODES.filter((code) => code < 0x80).map((code) => `suffix(${raw}, chr(${code}))`);
  const possible = `${raw} < '!' OR strlen(${raw}) <> length(${raw}) OR ${last.join(' OR ')}`;
  return `CASE WHEN ${possible} THEN trim(${raw}, ${BLANKS_SQL}) ELSE ${raw} END`;
}

function wordsOf(extra: readonly string[]): readonly string[] {
  return [...MISSING_CELLS, ...extra];
}

/**
 * Whether trimmed text is missing; NULL is. A regular expression, because DuckDB makes a join of a long IN list, and one
 * for every column at that; and one that only short cells are put to.
 */
export function missingSql(text: string, extra: readonly string[] = []): string {
  const words = wordsOf(extra);
  const longest = Math.max(...words.map((word) => Buffer.byteLength(word)));
  const match = `regexp_full_match(${text}, ${sqlText(words.map(escaped).join('|'))})`;
  return `(CASE WHEN ${text} IS NULL THEN true WHEN strlen(${text}) > ${longest} THEN false ELSE ${match} END)`;
}

/** The same for text that may have blanks around it; slower. */
function missingRawSql(raw: string, extra: readonly string[]): string {
  const words = wordsOf(extra).map(escaped).join('|');
  return `(${raw} IS NULL OR regexp_full_match(${raw}, ${sqlText(`${BLANK_CLASS}(?:${words})${BLANK_CLASS}`)}))`;
}

/**
 * Whether `value`, DuckDB's own cast of the raw text to DOUBLE, is no number in our sense: it takes underscores, "+-1"
 * and "nan", which are none.
 */
export function noNumberSql(raw: string, value: string): string {
  return `(${value} IS NULL OR isnan(${value}) OR contains(${raw}, '_') OR contains(${raw}, '+-'))`;
}

/** Whether one of the cells of a row is a number to DuckDB that is none to us; others may seem so, being put together. */
function oddNumbersSql(raw: readonly string[]): string {
  const row = `concat(${raw.join(', ')})`;
  return `contains(${row}, '_') OR contains(${row}, '+-')`;
}

/** A SELECT in two stages: `inner` computes for each column what `outer` then uses more than once. */
type Staged = { readonly inner: string; readonly outer: (raw: string, inner: string) => string };

/** Whether raw text may be a number with a zero in front, as codes have (00501). */
function zeroInFrontSql(raw: string): string {
  return `CASE WHEN ${raw} >= '0' THEN ${raw} >= '00' AND ${raw} < '0:' ELSE regexp_matches(${raw}, '^\\s*[+-]?0[0-9]') END`;
}

/** @param odd Whether the row may have numbers that are none to us; null where no row has. */
function stagedSql(
  column: ColumnSchema,
  raw: string,
  bad: string,
  infinite: string,
  odd: string | null,
  strict: boolean,
): Staged {
  const extra = column.missing ?? [];
  const { decimal } = column;
  switch (column.kind) {
    case 'number':
      return {
        inner: `TRY_CAST(${decimal === undefined ? raw : plainNumberSql(trimmedSql(raw), decimal)} AS DOUBLE)`,
        outer: (text, d) => {
          const notOdd = odd === null || decimal !== undefined ? '' : ` AND NOT ${odd}`;
          const mayBeCode = strict && column.dataType === 'integer' ? zeroInFrontSql(text) : null;
          const notCode = mayBeCode === null ? '' : ` AND NOT (${mayBeCode})`;
          return (
            `CASE ${extra.length > 0 ? `WHEN ${missingRawSql(text, extra)} THEN NULL ` : ''}` +
            // Nearly all cells end here; what follows is slow.
            `WHEN isfinite(${d})${notOdd}${notCode} THEN ${d} ` +
            `WHEN ${noNumberSql(text, d)} THEN CASE WHEN ${missingRawSql(text, extra)} THEN NULL ELSE ${bad} END ` +
            `WHEN isinf(${d}) THEN ${infinite} ` +
            (mayBeCode === null ? '' : `WHEN ${mayBeCode} THEN ${bad} `) +
            `ELSE ${d} END`
          );
        },
      };
    case 'boolean':
      return {
        inner: trimmedSql(raw),
        outer: (_, text) =>
          `CASE WHEN ${missingSql(text, extra)} THEN NULL ` +
          `WHEN regexp_full_match(lower(${text}), ${sqlText(TRUE_PATTERN)}) THEN 1e0 ` +
          `WHEN regexp_full_match(lower(${text}), ${sqlText(FALSE_PATTERN)}) THEN 0e0 ELSE ${bad} END`,
      };
    case 'date':
      return {
        inner: datePartsSql(dateFormatOf(column), trimmedSql(raw)),
        outer: (text, parts) =>
          `CASE ${extra.length > 0 ? `WHEN ${missingRawSql(text, extra)} THEN NULL ` : ''}` +
          `WHEN ${parts}.year <> '' THEN coalesce(CAST(${dateSql(dateFormatOf(column), parts)} AS DOUBLE), ${bad}) ` +
          `WHEN ${missingRawSql(text, extra)} THEN NULL ELSE ${bad} END`,
      };
    case 'category':
    case 'text':
    case 'id':
      return {
        inner: trimmedSql(raw),
        outer: (_, text) => {
          const number = decimal === undefined ? text : plainNumberSql(text, decimal);
          const integer = `CAST(CAST(CAST(${number} AS DOUBLE) AS BIGINT) AS VARCHAR)`;
          const other = strict ? `CAST(${bad} AS VARCHAR)` : text;
          const zeros = strict ? `WHEN ${zeroInFrontSql(text)} THEN ${other} ` : '';
          const label = hasIntegerLabels(column)
            ? `CASE ${zeros}WHEN regexp_full_match(${number}, ${sqlText(INTEGER_PATTERN)}) THEN ${integer} ELSE ${other} END`
            : text;
          return `CASE WHEN ${missingSql(text, extra)} THEN NULL ELSE ${label} END`;
        },
      };
  }
}

export type TypedSelectOptions = {
  /** Columns of the relation that `from` has as well, as they are. */
  readonly passed?: readonly string[];
  /** Infinite numbers are left as they are; otherwise they are missing. */
  readonly keepInfinite?: boolean;
  /**
   * Of an integer column, cells with a zero in front do not fit either, nor do labels other than whole numbers: of these
   * one cannot see afterwards how they were written.
   */
  readonly strict?: boolean;
  /** It is known that every cell which DuckDB takes for a number is one. */
  readonly plainNumbers?: boolean;
};

/** SQL of typed cells: `cells` stands for the columns, in order, in a SELECT … FROM `from`. */
export type TypedSelect = { readonly cells: readonly string[]; readonly from: string };

/**
 * The typed values of raw VARCHAR cells: DOUBLE for number, boolean (0, 1) and date (milliseconds); VARCHAR for the
 * others; NULL where missing.
 * @param raw The raw cell of each column in `relation`; null where there is none, which makes every cell missing.
 * @param onBad DOUBLE expression for a cell that does not fit its kind. It may be so too for a number with no-break
 *   spaces around it, which DuckDB's cast does not take and which are too rare to look for in every cell.
 */
export function typedSelect(
  columns: readonly ColumnSchema[],
  raw: readonly (string | null)[],
  relation: string,
  onBad: string,
  { passed = [], keepInfinite = false, strict = false, plainNumbers = false }: TypedSelectOptions = {},
): TypedSelect {
  const inner: string[] = [...new Set(passed)];
  const numbers = columns.flatMap(({ kind, decimal }, i) =>
    kind === 'number' && decimal === undefined ? (raw[i] ?? []) : [],
  );
  const odd = numbers.length === 0 || plainNumbers ? null : 'odd';
  if (odd !== null) inner.push(`${oddNumbersSql(numbers)} AS ${odd}`);
  const cells = columns.map((column, i) => {
    const text = raw[i];
    if (text === null || text === undefined) {
      return `CAST(NULL AS ${storageOf(column.kind) === 'number' ? 'DOUBLE' : 'VARCHAR'})`;
    }
    const staged = stagedSql(column, text, onBad, keepInfinite ? `i${i}` : 'NULL', odd, strict);
    inner.push(`${text} AS r${i}`, `${staged.inner} AS i${i}`);
    return staged.outer(`r${i}`, `i${i}`);
  });
  return { cells, from: `(SELECT ${inner.join(', ') || '1'} FROM ${relation})` };
}
