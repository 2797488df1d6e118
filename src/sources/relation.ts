import { AimaasError } from '../core/errors.js';
import { sqlText } from './cell.js';
import { parquetRelation } from './parquet.js';
import type { Source } from './source.js';
import type { Spooled } from './spool.js';

/** Rows that DuckDB can read: a FROM clause whose VARCHAR columns are c0, c1 … in the order of `names`. */
export type Relation = {
  readonly sql: string;
  readonly names: readonly string[];
  /** Every cell that DuckDB takes for a number is one, or "nan". */
  readonly plainNumbers: boolean;
};

/** DuckDB's limits on a row, unless the longest row is known to need more. */
const LINE_LIMIT = 2_000_000;
/** What DuckDB reads at a time, and how many of the longest rows that has to be. Its own 32 MB are slower, and memory. */
const BUFFER = 8_000_000;
const ROWS_A_BUFFER = 4;

type CsvOptions = {
  readonly delimiter: string;
  readonly header: boolean;
  readonly gzip: boolean;
  readonly longest: number;
};

function csvRelation(path: string, columns: number, options: CsvOptions): string {
  const longest = Math.max(LINE_LIMIT, options.longest);
  const types = Array.from({ length: columns }, (_, i) => `'c${i}': 'VARCHAR'`).join(', ');
  return (
    `read_csv(${sqlText(path)}, auto_detect = false, columns = {${types}}, header = ${options.header}, ` +
    `delim = ${sqlText(options.delimiter)}, quote = '"', escape = '"', nullstr = '\u0001', strict_mode = true, ` +
    `null_padding = false, compression = '${options.gzip ? 'gzip' : 'none'}', ` +
    // Of a file of our own the line ends are known; a cell of the first row must not be taken for one.
    `${options.header ? '' : "new_line = '\\n', "}max_line_size = ${longest}, ` +
    `buffer_size = ${Math.max(BUFFER, ROWS_A_BUFFER * longest)})`
  );
}

/** Whether DuckDB and csv-parse are known to understand the file alike, so that it need not be rewritten first. */
export function isDirect(source: Source, plainBytes: boolean): boolean {
  if (source.format === 'parquet') return true;
  if (source.format !== 'csv' || source.aligned === true || source.names.length < 2 || !source.headerFirst)
    return false;
  return plainBytes && /^utf-?8$/i.test(source.encoding);
}

/** @param plainNumbers What its fingerprint says of its numbers. */
export function directRelation(source: Source, plainNumbers = false): Relation {
  const { names, path, delimiter, gzip } = source;
  if (source.format === 'parquet') {
    const cells = names.map((_, i) => `CAST(c${i} AS VARCHAR) AS c${i}`).join(', ');
    const sql = `(SELECT ${cells} FROM ${parquetRelation(path, names.length)})`;
    return { names, sql, plainNumbers: false };
  }
  const sql = csvRelation(path, names.length, { delimiter, gzip, header: true, longest: 0 });
  return { names, sql, plainNumbers: plainNumbers && !gzip };
}

export function spooledRelation(spooled: Spooled): Relation {
  const options = { delimiter: ',', gzip: false, header: false, longest: spooled.longest };
  const { path, names } = spooled;
  return { names, sql: csvRelation(path, names.length, options), plainNumbers: false };
}

/**
 * Several files as one, in order, columns matched by name.
 * @throws AimaasError SOURCE_FORMAT naming the file and the column in which it differs from the first.
 */
export function union(
  parts: readonly { readonly location: string; readonly relation: Relation }[],
): Relation {
  const [first, ...others] = parts;
  if (first === undefined) throw new AimaasError('INTERNAL', 'A union of no files.');
  const { names } = first.relation;
  for (const { location, relation } of others)
    checkSameColumns(first.location, names, location, relation.names);
  if (others.length === 0) return first.relation;
  const selects = parts.map(({ relation }) => {
    const cells = names.map((name, i) => `c${relation.names.indexOf(name)} AS c${i}`).join(', ');
    return `SELECT ${cells} FROM ${relation.sql}`;
  });
  const plainNumbers = parts.every(({ relation }) => relation.plainNumbers);
  return { names, sql: `(${selects.join(' UNION ALL ')})`, plainNumbers };
}

export function checkSameColumns(
  firstLocation: string,
  first: readonly string[],
  location: string,
  names: readonly string[],
): void {
  const lacking = first.filter((name) => !names.includes(name));
  const surplus = names.filter((name) => !first.includes(name));
  const [column] = [...lacking, ...surplus];
  if (column === undefined) return;
  const what =
    lacking.length > 0
      ? `${location} has no column "${column}", which ${firstLocation} has`
      : `${location} has a column "${column}" that ${firstLocation} does not have`;
  const more = lacking.length + surplus.length - 1;
  throw new AimaasError('SOURCE_FORMAT', `${what}${more > 0 ? ` (and ${more} more differ)` : ''}.`, {
    hint: 'Files collected together need the same columns. Give one at a time, or mend the header.',
    details: { file: location, missing: lacking, unexpected: surplus },
  });
}
