import { CsvError, parse, type Info, type Options, type Parser } from 'csv-parse';
import { parse as parseWhole } from 'csv-parse/sync';

/** A record longer than this is taken for a quote that was never closed. */
const LONGEST_RECORD = 64 * 1024 * 1024;
/** A row longer than this is not completed before something has followed it. */
const MOST_SETTLED = 1 << 16;
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

type Parsed = { readonly cells: string[]; readonly end: number };

/**
 * csv-parse fed by hand, so that the bytes since the last whole record are known: they give line numbers and the raw
 * text of a bad row, and let reading go on at the next line after a quote that makes no sense.
 */
export class RecordReader {
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

  /**
   * Completes what has been fed, where it ends with a line: csv-parse holds a row back until it has seen what follows it,
   * which may take long. Nothing is done inside a quote.
   */
  settle(): void {
    const { length } = this.pending;
    if (length > MOST_SETTLED || this.pending[length - 1] !== LF) return;
    const records: Parsed[] = [];
    try {
      parseWhole(this.pending, {
        ...csvOptions(this.delimiter),
        on_record: (cells: string[], info: Info) => {
          records.push({ cells, end: info.bytes - length });
          return null;
        },
      });
    } catch {
      return;
    }
    if (records.length === 0) return;
    this.parser.destroy();
    this.parser = this.start();
    this.records = records;
    this.base = -length;
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
