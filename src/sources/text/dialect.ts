import { CsvError, parse } from 'csv-parse/sync';
import { AimaasError } from '../../core/errors.js';
import { trimCell } from '../cell.js';
import { csvOptions } from './record-reader.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const ROWS_LOOKED_AT = 100;

/** What separates cells: a character, or any number of blanks, which are read as one tab. */
export type Dialect = { readonly delimiter: string; readonly aligned: boolean };

/** --delimiter as given: a character, "tab", "\t" or "whitespace". @throws AimaasError USAGE */
export function dialectOf(text: string): Dialect {
  return text === 'whitespace'
    ? { delimiter: '\t', aligned: true }
    : { delimiter: delimiterOf(text), aligned: false };
}

function delimiterOf(text: string): string {
  const named = { tab: '\t', '\\t': '\t', comma: ',', semicolon: ';', pipe: '|', space: ' ' }[text];
  const delimiter = named ?? text;
  if (delimiter.length === 1 && !/["\r\n\0]/.test(delimiter)) return delimiter;
  throw new AimaasError(
    'USAGE',
    `--delimiter takes one character (or "tab" or "whitespace"), not ${JSON.stringify(text)}.`,
    {
      hint: "Example: --delimiter ';'",
    },
  );
}

/** The first rows of a text (`most` at most), and why there are no more although the text goes on. */
function parseHead(
  head: string,
  delimiter: string,
  most: number,
): { rows: string[][]; problem: CsvError | undefined } {
  const rows: string[][] = [];
  try {
    parse(head, {
      ...csvOptions(delimiter),
      to: most,
      on_record: (record: string[]) => {
        rows.push(record);
        return null;
      },
    });
  } catch (error) {
    if (error instanceof CsvError) return { rows, problem: error };
    throw error;
  }
  return { rows, problem: undefined };
}

function records(head: string, whole: boolean, delimiter: string, most: number): string[][] {
  // A quote that is open where the head was cut, or that is never closed: what came before it is enough to see.
  const { rows } = parseHead(head, delimiter, most);
  const isCut = !whole && !head.endsWith('\n');
  if (isCut && rows.length > 1 && rows.length < most) rows.pop();
  return rows;
}

/** Whether a header and a row below it are there, be it a malformed one. */
export function hasRow(head: string, delimiter: string): boolean {
  const { rows, problem } = parseHead(head, delimiter, 2);
  return rows.length > 1 || (problem !== undefined && problem.code !== 'CSV_QUOTE_NOT_CLOSED');
}

/** The delimiter with which most rows have as many cells as the header; among equals the one with most cells. */
export function sniffDelimiter(head: string, whole: boolean): string {
  let best = { delimiter: ',' as string, share: 0, columns: 1 };
  for (const delimiter of DELIMITERS) {
    if (!head.includes(delimiter)) continue;
    const rows = records(head, whole, delimiter, ROWS_LOOKED_AT);
    const columns = rows[0]?.length ?? 0;
    if (columns < 2) continue;
    const share = rows.filter((row) => row.length === columns).length / rows.length;
    if (share > best.share + 1e-9 || (share === best.share && columns > best.columns)) {
      best = { delimiter, share, columns };
    }
  }
  return best.delimiter;
}

/** The cells of the first row that is not blank, as they stand there; null where there is none. */
export function headerCells(head: string, delimiter: string): string[] | null {
  return records(head, true, delimiter, 1)[0] ?? null;
}

export type Header = {
  readonly names: readonly string[];
  /** What columns were called that are a second one of a name: x_2 → x. */
  readonly copies: ReadonlyMap<string, string>;
  readonly remarks: readonly {
    readonly code: string;
    readonly column: string | null;
    readonly message: string;
  }[];
};

/** Names that are all there and all different: an empty one becomes column_3, the second x becomes x_2. */
export function headerNames(cells: readonly string[]): Header {
  const names: string[] = [];
  const copies = new Map<string, string>();
  const remarks: { code: string; column: string | null; message: string }[] = [];
  const taken = new Set(cells.map(trimCell));
  const used = new Set<string>();
  for (const [i, cell] of cells.entries()) {
    const wanted = trimCell(cell);
    let name = wanted === '' ? `column_${i + 1}` : wanted;
    if (used.has(name)) {
      let copy = 2;
      while (taken.has(`${wanted}_${copy}`) || used.has(`${wanted}_${copy}`)) copy++;
      name = `${wanted}_${copy}`;
      copies.set(name, wanted);
      const message = `the header has "${wanted}" more than once; this one is called "${name}"`;
      remarks.push({ code: 'DUPLICATE_NAME', column: name, message });
    } else if (wanted === '') {
      while (used.has(name) || taken.has(name)) name += '_';
      const message = `column ${i + 1} has no name; it is called "${name}"`;
      remarks.push({ code: 'EMPTY_NAME', column: name, message });
    }
    used.add(name);
    names.push(name);
  }
  if (cells.length > 0 && cells.every((cell) => /^[+-]?[\d.]+$/.test(trimCell(cell)))) {
    const message = 'the first row is all numbers, but is taken for the header; add a row of names above it';
    remarks.push({ code: 'HEADER_LOOKS_LIKE_DATA', column: null, message });
  }
  return { names, copies, remarks };
}
