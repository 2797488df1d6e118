import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { throwIfAborted } from '../core/errors.js';
import type { ColumnSchema } from '../core/table.js';
import { storageOf } from '../core/table.js';
import { numberCell, type NumberCell, parseNumber, trimCell } from './cell.js';
import { isDateFormat, isShapedAsDate } from './dates.js';
import { rawRows } from './rows.js';
import type { OnProblem, RawRow, Source } from './source.js';

/** A file that DuckDB reads without doubt: comma separated, no header, every odd cell quoted, UTF-8. */
export type Spooled = {
  readonly path: string;
  readonly names: readonly string[];
  /** Bytes of the longest row. */
  readonly longest: number;
  readonly rows: number;
};

export type SpoolOptions = {
  readonly onProblem: OnProblem;
  /** Check the cells of these columns too: a value that does not fit its kind is a problem of its row. */
  readonly check?: readonly ColumnSchema[];
  readonly signal?: AbortSignal | undefined;
};

/** What a kind takes, for messages. */
const EXPECTED = {
  number: 'is not a number',
  boolean: 'is not one of true, false, yes, no, 1, 0',
  date: 'is not a date',
} as const;

type Check = { readonly index: number; readonly column: ColumnSchema; readonly parse: NumberCell };

function checksOf(names: readonly string[], columns: readonly ColumnSchema[]): Check[] {
  return columns
    .filter((column) => storageOf(column.kind) === 'number')
    .map((column) => ({ index: names.indexOf(column.name), column, parse: numberCell(column) }))
    .filter((check) => check.index >= 0);
}

/** What is wrong with a cell of a number, boolean or date column. */
export function misfit(column: ColumnSchema, value: string | null): string {
  if (column.kind !== 'date') return EXPECTED[column.kind as keyof typeof EXPECTED];
  const format = column.dateFormat ?? 'iso';
  const text = trimCell(value ?? '');
  const isShaped = isDateFormat(format) && isShapedAsDate(format, text);
  return `${isShaped ? 'names a day or time that does not exist' : EXPECTED.date} (${format})`;
}

/**
 * The row with its number and boolean cells written plainly (so that DuckDB's cast surely takes them), or undefined if a
 * cell does not fit.
 */
async function checked(
  row: RawRow,
  checks: readonly Check[],
  source: Source,
  onProblem: OnProblem,
): Promise<readonly (string | null)[] | undefined> {
  const cells = row.cells.slice();
  for (const { index, column, parse } of checks) {
    const value = cells[index] ?? null;
    const parsed = parse(value);
    if (parsed === undefined) {
      const raw = row.cells.map(csvCell).join(source.delimiter || ',');
      const { location } = source;
      await onProblem({
        location,
        line: row.line,
        column: column.name,
        value,
        reason: misfit(column, value),
        raw,
      });
      return undefined;
    }
    if (column.kind !== 'date')
      cells[index] = Number.isNaN(parsed) ? infiniteText(value) : plain(column, parsed);
  }
  return cells;
}

/** The number as its column writes it, without anything between thousands. */
function plain({ decimal }: ColumnSchema, value: number): string {
  return decimal === ',' ? String(value).replace('.', ',') : String(value);
}

/** An infinite number, which is counted before it is taken as missing; nothing for what is missing anyhow. */
function infiniteText(cell: string | null): string {
  const value = parseNumber(trimCell(cell ?? ''));
  return value === Infinity || value === -Infinity ? String(value) : '';
}

/** A cell as CSV text. */
export function csvCell(cell: string | null): string {
  if (cell === null) return '';
  return /^[\w.+:/ -]*$/.test(cell) ? cell : `"${cell.replaceAll('"', '""')}"`;
}

/** Rewrites a source row by row to `path`, leaving out rows with problems (unless `onProblem` throws). */
export async function spool(source: Source, path: string, options: SpoolOptions): Promise<Spooled> {
  const first = await spoolOnce(source, path, options);
  if (first.otherKeys.length === 0) return first.spooled;
  // Later objects of a JSON file have keys that the first did not: once more, with all of them.
  const whole = { ...source, names: [...source.names, ...first.otherKeys] };
  return (await spoolOnce(whole, path, { ...options, onProblem: () => undefined })).spooled;
}

async function spoolOnce(
  source: Source,
  path: string,
  options: SpoolOptions,
): Promise<{ spooled: Spooled; otherKeys: string[] }> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  const failure = new Promise<never>((_, reject) => out.once('error', reject));
  failure.catch(() => undefined);
  const otherKeys = new Set<string>();
  const checks = checksOf(source.names, options.check ?? []);
  let longest = 0;
  let rows = 0;
  try {
    const batches = rawRows(source, options.onProblem, { onOtherKey: (key) => otherKeys.add(key) });
    for await (const batch of batches) {
      throwIfAborted(options.signal);
      let text = '';
      for (const row of batch) {
        const cells = checks.length === 0 ? row.cells : await checked(row, checks, source, options.onProblem);
        if (cells === undefined) continue;
        const line = `${cells.map((cell, i) => (i === 0 && (cell ?? '') === '' ? '""' : csvCell(cell))).join(',')}\n`;
        // Three bytes bound a UTF-16 unit in UTF-8.
        longest = Math.max(longest, line.length * 3);
        text += line;
        rows++;
      }
      await Promise.race([write(out, text), failure]);
    }
    out.end();
    await Promise.race([once(out, 'close'), failure]);
  } finally {
    out.destroy();
  }
  return { spooled: { path, names: source.names, longest, rows }, otherKeys: [...otherKeys] };
}

async function write(out: WriteStream, text: string): Promise<void> {
  if (text !== '' && !out.write(text)) await once(out, 'drain');
}
