import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { type Column, type DataSchema, type Table, storageOf, stringColumn } from '../core/table.js';
import { type NumberCell, numberCell, stringCell, type StringCell } from './cell.js';
import { decodeText } from './decode.js';
import { inspect, inspectText } from './inspect.js';
import { expandLocations } from './locations.js';
import { throwOnProblem } from './problems.js';
import { columnNotFound } from './records.js';
import { rawRows } from './rows.js';
import { CHUNK_ROWS } from './snapshot.js';
import { misfit } from './spool.js';
import type { OnProblem, RawRow, ReadOptions, Source } from './source.js';

export type OpenOptions = ReadOptions & {
  /** What the columns are. Tables have exactly these columns; others in the data are ignored. */
  readonly schema: DataSchema;
  /** Columns that the data need not have: their cells are missing then. Default: the schema's target. */
  readonly optional?: readonly string[];
  /** What "-" reads. */
  readonly stdin?: Readable | undefined;
  /** Rows of a table at most (default 16,384). */
  readonly chunkRows?: number;
  /** Told of rows that cannot be read, which are left out; without it the first is a BAD_ROW error. */
  readonly onProblem?: OnProblem;
  readonly signal?: AbortSignal | undefined;
  /** Where downloads of http(s) locations are kept. Needed for these only. */
  readonly cache?: string;
};

/** Files from this size on are worth starting DuckDB for. */
const LARGE = 8 * 1024 * 1024;

/**
 * Streams the rows of files, globs, URLs and stdin ("-") as tables typed by a schema that is known, in order, with memory
 * for a table or two.
 * @throws AimaasError SOURCE_NOT_FOUND, SOURCE_FORMAT; COLUMN_NOT_FOUND with the nearest name; BAD_ROW naming file, line,
 *   column and value.
 */
export async function* openRows(locations: readonly string[], options: OpenOptions): AsyncGenerator<Table> {
  for (const location of locations) {
    if (location === '-') {
      yield* streamRows(options.stdin ?? process.stdin, options);
      continue;
    }
    for (const file of await expandLocations([location], options)) {
      const source = await inspect(file, options);
      yield* (await isLarge(source)) ? largeRows(source, options) : textRows(source, options);
    }
  }
}

async function isLarge(source: Source): Promise<boolean> {
  if (source.format === 'parquet') return true;
  const plain =
    source.format === 'csv' &&
    source.names.length > 1 &&
    source.headerFirst &&
    /^utf-?8$/i.test(source.encoding);
  return plain && (await stat(source.path)).size >= LARGE;
}

async function* largeRows(source: Source, options: OpenOptions): AsyncGenerator<Table> {
  const { bulkRows } = await import('./bulk.js');
  let given = 0;
  try {
    checkColumns(source.names, options, source.location);
    for await (const table of bulkRows(source, options)) {
      given += table.rows;
      yield table;
    }
    return;
  } catch (error) {
    throwIfAborted(options.signal);
    if (error instanceof AimaasError) throw error;
  }
  // DuckDB met something it cannot read or that does not fit. Row by row, the line can be named, or left out.
  for await (const table of textRows(source, options)) {
    if (given >= table.rows) given -= table.rows;
    else {
      yield given === 0 ? table : dropRows(table, given);
      given = 0;
    }
  }
}

function dropRows(table: Table, count: number): Table {
  const columns = new Map<string, Column>();
  for (const [name, column] of table.columns) {
    columns.set(
      name,
      column.storage === 'number'
        ? { storage: 'number', values: column.values.slice(count) }
        : { ...column, codes: column.codes.slice(count) },
    );
  }
  return { rows: table.rows - count, columns };
}

function checkColumns(names: readonly string[], options: OpenOptions, location: string): void {
  const { schema } = options;
  const optional = new Set(options.optional ?? (schema.target === null ? [] : [schema.target]));
  for (const { name } of schema.columns) {
    if (!names.includes(name) && !optional.has(name)) throw columnNotFound(name, names, `${location} has`);
  }
}

async function* textRows(
  source: Source,
  options: OpenOptions,
  bytes?: AsyncIterable<Uint8Array>,
): AsyncGenerator<Table> {
  const { schema, onProblem = throwOnProblem } = options;
  const isJson = source.format === 'json' || source.format === 'jsonl';
  // Objects need not all have the same keys: what the first lack, others may have.
  const names = isJson ? schema.columns.map((column) => column.name) : source.names;
  checkColumns(source.names, options, source.location);
  const typed = new TypedRows(
    schema,
    names,
    { ...source, names },
    onProblem,
    options.chunkRows ?? CHUNK_ROWS,
  );
  for await (const batch of rawRows({ ...source, names }, onProblem, bytes === undefined ? {} : { bytes })) {
    throwIfAborted(options.signal);
    for (const row of batch) await typed.add(row);
    yield* typed.full();
  }
  yield* typed.rest();
}

/** Gathers raw rows into typed tables. */
class TypedRows {
  private readonly names: readonly string[];
  private readonly source: Source;
  private readonly onProblem: OnProblem;
  private readonly schema: DataSchema;
  private readonly size: number;
  private readonly numbers: { index: number; at: number; parse: NumberCell }[] = [];
  private readonly strings: { index: number; at: number; parse: StringCell }[] = [];
  private numberValues: Float64Array[] = [];
  private stringValues: (string | null)[][] = [];
  private rows = 0;
  private done: Table[] = [];

  constructor(
    schema: DataSchema,
    names: readonly string[],
    source: Source,
    onProblem: OnProblem,
    size: number,
  ) {
    this.schema = schema;
    this.names = names;
    this.source = source;
    this.onProblem = onProblem;
    this.size = size;
    for (const [at, column] of schema.columns.entries()) {
      const index = this.names.indexOf(column.name);
      if (storageOf(column.kind) === 'number') this.numbers.push({ index, at, parse: numberCell(column) });
      else this.strings.push({ index, at, parse: stringCell(column) });
    }
    this.clear();
  }

  private clear(): void {
    this.rows = 0;
    this.numberValues = this.numbers.map(() => new Float64Array(this.size));
    this.stringValues = this.strings.map(() => []);
  }

  async add(row: RawRow): Promise<void> {
    for (const [i, { index, at, parse }] of this.numbers.entries()) {
      const text = row.cells[index] ?? null;
      const value = parse(text);
      if (value === undefined) return this.misfit(row, at, text);
      (this.numberValues[i] as Float64Array)[this.rows] = value;
    }
    for (const [i, { index, parse }] of this.strings.entries()) {
      (this.stringValues[i] as (string | null)[])[this.rows] = parse(row.cells[index] ?? null);
    }
    this.rows++;
    if (this.rows === this.size) this.finish();
  }

  private async misfit(row: RawRow, at: number, value: string | null): Promise<void> {
    const column = this.schema.columns[at];
    if (column === undefined) return;
    const { location } = this.source;
    const reason = misfit(column);
    const raw = row.cells.join(this.source.delimiter || ',');
    await this.onProblem({ location, line: row.line, column: column.name, value, reason, raw });
  }

  private finish(): void {
    const found: Column[] = [];
    for (const [i, { at }] of this.numbers.entries()) {
      found[at] = { storage: 'number', values: (this.numberValues[i] as Float64Array).slice(0, this.rows) };
    }
    for (const [i, { at }] of this.strings.entries()) {
      found[at] = stringColumn((this.stringValues[i] as (string | null)[]).slice(0, this.rows));
    }
    const columns = new Map(this.schema.columns.map((column, at) => [column.name, found[at] as Column]));
    this.done.push({ rows: this.rows, columns });
    this.clear();
  }

  full(): Table[] {
    return this.done.splice(0);
  }

  rest(): Table[] {
    if (this.rows > 0) this.finish();
    return this.full();
  }
}

/** Bytes that can be looked at before they are read. */
class Peekable {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private held: Uint8Array[] = [];
  ended = false;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.iterator = bytes[Symbol.asyncIterator]();
  }

  /** At least `size` bytes from the start, or all there are. */
  async peek(size: number): Promise<Buffer> {
    let length = this.held.reduce((sum, piece) => sum + piece.length, 0);
    while (length < size && !this.ended) {
      const next = await this.iterator.next();
      if (next.done === true) this.ended = true;
      else {
        const piece = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
        this.held.push(piece);
        length += piece.length;
      }
    }
    return Buffer.concat(this.held);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.held;
    this.held = [];
    while (!this.ended) {
      const next = await this.iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
}

/** How much of a stream is looked at to see what it is; a stream that ends before is looked at whole. */
const HEAD_BYTES = 1 << 16;

/** A stream of CSV, JSON Lines or a JSON array, gzipped or not. */
async function* streamRows(stream: Readable, options: OpenOptions): AsyncGenerator<Table> {
  let bytes = new Peekable(stream);
  const start = await bytes.peek(4);
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (gzip) {
    const { Readable } = await import('node:stream');
    bytes = new Peekable(Readable.from(bytes.read()).pipe(createGunzip()));
  }
  if (start.toString('latin1') === 'PAR1') {
    throw new AimaasError(
      'SOURCE_FORMAT',
      'Parquet cannot be read from a stream: its contents are listed at its end.',
      {
        hint: 'Save it to a file and give its name.',
      },
    );
  }
  const head = await bytes.peek(HEAD_BYTES);
  const encoding = options.encoding ?? (head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : 'utf-8');
  const location = 'stdin';
  let text = '';
  // The head may end inside a character, so only whole lines of it are looked at.
  const cut = bytes.ended ? head : head.subarray(0, Math.max(head.lastIndexOf(10), 0) + 1 || head.length);
  for await (const piece of decodeText(once(cut), encoding, location)) text += piece;
  const source = await inspectText({ location, path: '', gzip: false, encoding }, text, bytes.ended, options);
  yield* textRows(source, options, bytes.read());
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  await Promise.resolve();
}
