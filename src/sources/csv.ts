import { CsvError, parse, type Info, type Options, type Parser } from 'csv-parse';
import type { RawRow } from './source.js';

/** A record longer than this is taken for a quote that was never closed. */
const LONGEST_RECORD = 64 * 1024 * 1024;
const LF = 10;
const CR = 13;

/** How csv-parse reads: RFC 4180, blanks around cells ignored, quotes inside an unquoted cell kept, blank lines skipped. */
export function csvOptions(delimiter: string): Options {
  return {
    delimiter,
    quote: '"',
    escape: '"',
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    record_delimiter: ['\n', '\r\n', '\r'],
    max_record_size: LONGEST_RECORD,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
  CSV_MAX_RECORD_SIZE: 'begins a row longer than 64 MB: a quote is probably never closed',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'has text after a closing quote',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote',
};

type Parsed = { readonly cells: string[]; readonly end: number };

/**
 * csv-parse fed by hand, so that the bytes since the last whole record are known: they give line numbers and the raw
 * text of a bad row, and let reading go on at the next line after a quote that makes no sense.
 */
class RecordReader {
  private parser: Parser;
  private records: Parsed[] = [];
  /** Bytes fed to the parser that lie after the last record taken; `base` is their position in what it was fed. */
  private pending: Buffer = Buffer.alloc(0);
  private base = 0;
  /** Line on which `pending` begins. */
  line = 1;
  private readonly delimiter: string;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
    this.parser = this.start();
  }

  private start(): Parser {
    this.records = [];
    this.base = 0;
    const parser = parse({
      ...csvOptions(this.delimiter),
      on_record: (cells: string[], info: Info) => {
        this.records.push({ cells, end: info.bytes });
        return null;
      },
    });
    // Errors are taken from the callbacks of write and end.
    parser.on('error', () => undefined);
    return parser;
  }

  /** Parses more bytes (null: there are no more). Returns the error that ends a malformed record, if there is one. */
  async feed(bytes: Buffer | null): Promise<CsvError | undefined> {
    if (bytes !== null)
      this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const parser = this.parser;
    const error = await new Promise<Error | null | undefined>((resolve) => {
      if (bytes !== null) parser.write(bytes, (e) => resolve(e));
      else {
        parser.once('error', resolve);
        parser.end(() => resolve(undefined));
        parser.resume();
      }
    });
    if (error === null || error === undefined) return undefined;
    if (error instanceof CsvError) return error;
    throw error;
  }

  /** The records completed since the last call, each with its first line and its raw bytes. */
  take(): { cells: string[]; line: number; raw: Buffer }[] {
    const taken: { cells: string[]; line: number; raw: Buffer }[] = [];
    let from = 0;
    for (const { cells, end } of this.records) {
      const to = Math.min(end - this.base, this.pending.length);
      const raw = this.pending.subarray(from, to);
      const blank = blankLines(raw);
      taken.push({ cells, line: this.line + blank.lines, raw: raw.subarray(blank.bytes) });
      this.line += countLines(raw, this.pending[to]);
      from = to;
    }
    this.records = [];
    this.pending = this.pending.subarray(from);
    this.base += from;
    return taken;
  }

  /** Gives up the line that the parser failed on and begins anew after it. Returns that line and what is left to feed. */
  dropLine(): { line: number; raw: Buffer; rest: Buffer } {
    const blank = blankLines(this.pending);
    const start = blank.bytes;
    const line = this.line + blank.lines;
    let end = start;
    while (end < this.pending.length && this.pending[end] !== LF && this.pending[end] !== CR) end++;
    const raw = this.pending.subarray(start, end);
    if (this.pending[end] === CR && this.pending[end + 1] === LF) end++;
    const rest = this.pending.subarray(Math.min(end + 1, this.pending.length));
    this.pending = Buffer.alloc(0);
    this.line = line + 1;
    this.parser.destroy();
    this.parser = this.start();
    return { line, raw, rest };
  }
}

function isLineEnd(bytes: Uint8Array, i: number, after?: number): boolean {
  const byte = bytes[i];
  return byte === LF || (byte === CR && (i + 1 < bytes.length ? bytes[i + 1] : after) !== LF);
}

function countLines(bytes: Uint8Array, after: number | undefined): number {
  let lines = 0;
  for (let i = 0; i < bytes.length; i++) if (isLineEnd(bytes, i, after)) lines++;
  return lines;
}

/** The line ends that precede the first other byte. */
function blankLines(bytes: Uint8Array): { lines: number; bytes: number } {
  let lines = 0;
  let i = 0;
  for (; i < bytes.length && (bytes[i] === LF || bytes[i] === CR); i++) if (isLineEnd(bytes, i)) lines++;
  return { lines, bytes: i };
}

function structuralProblem(cells: readonly string[], raw: Buffer, width: number): string | undefined {
  if (raw.includes(0)) return 'has a NUL character';
  if (cells.length !== width)
    return `has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the header ${width}`;
  return undefined;
}

/**
 * The rows of a CSV after its header, in batches. A row with more or fewer cells than the header has names (`width`), with
 * a NUL character or with misplaced quotes is a row with a problem; reading goes on with the next line.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: string,
  width: number,
  location: string,
): AsyncGenerator<RawRow[]> {
  const reader = new RecordReader(delimiter);
  const bad = (line: number, reason: string, bytes: Buffer): RawRow => {
    const raw = bytes.toString('utf8').replace(/[\r\n]+$/, '');
    return { line, cells: [], problem: { location, line, column: null, value: null, reason, raw } };
  };
  let header = true;
  async function* batchesOf(bytes: Buffer | null): AsyncGenerator<RawRow[]> {
    let next = bytes;
    for (;;) {
      const error = await reader.feed(next);
      const batch: RawRow[] = [];
      for (const { cells, line, raw } of reader.take()) {
        if (header) {
          header = false;
          continue;
        }
        const reason = structuralProblem(cells, raw, width);
        batch.push(reason === undefined ? { line, cells } : bad(line, reason, raw));
      }
      if (batch.length > 0) yield batch;
      if (error === undefined) return;
      const dropped = reader.dropLine();
      yield [bad(dropped.line, REASONS[error.code] ?? `cannot be read (${error.message})`, dropped.raw)];
      if (bytes === null) {
        // The end had been reached: the rest is fed to the new parser, and ended again.
        yield* batchesOf(dropped.rest);
        next = null;
      } else {
        next = dropped.rest;
      }
    }
  }
  for await (const piece of text) yield* batchesOf(Buffer.from(piece, 'utf8'));
  yield* batchesOf(null);
}
