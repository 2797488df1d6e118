import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { GivenCell } from '../core/raw-json.js';
import type { Column } from '../core/table.js';
import { inspect } from './inspect.js';
import { expandLocations } from './locations/locations.js';
import { columnNotFound } from './records.js';
import { everyRow } from './rows.js';
import type { OpenedTable, OpenOptions, Source } from './source.js';
import { inspectStream, isPipe } from './stream.js';
import { TypedRows } from './typed-rows.js';

/** Files from this size on are worth starting DuckDB for. */
const LARGE = 8 * 1024 * 1024;

/**
 * Streams the rows of files, globs, URLs and stdin ("-") as tables typed by a schema that is known, in order, with memory
 * for a table or two.
 * @throws AimaasError SOURCE_NOT_FOUND, SOURCE_FORMAT; COLUMN_NOT_FOUND with the nearest name; BAD_ROW naming file, line,
 *   column and value.
 */
export async function* openRows(
  locations: readonly string[],
  options: OpenOptions,
): AsyncGenerator<OpenedTable> {
  for (const location of locations) {
    if (location === '-') {
      yield* streamRows(options.stdin ?? process.stdin, 'stdin', options);
      continue;
    }
    for (const file of await expandLocations([location], options)) {
      if (await isPipe(file.path)) {
        yield* streamRows(createReadStream(file.path), location, options);
        continue;
      }
      const source = await inspect(file, options);
      yield* (await isLarge(source)) ? largeRows(source, options) : textRows(source, options);
    }
  }
}

async function* streamRows(
  stream: Readable,
  location: string,
  options: OpenOptions,
): AsyncGenerator<OpenedTable> {
  const { source, bytes } = await inspectStream(stream, location, options);
  yield* textRows(source, options, bytes);
}

async function isLarge(source: Source): Promise<boolean> {
  if (source.format === 'parquet') return true;
  const plain =
    source.format === 'csv' &&
    source.aligned !== true &&
    source.names.length > 1 &&
    source.headerFirst &&
    /^utf-?8$/i.test(source.encoding);
  return plain && (await stat(source.path)).size >= LARGE;
}

async function* largeRows(source: Source, options: OpenOptions): AsyncGenerator<OpenedTable> {
  const { bulkRows } = await import('./bulk.js');
  let given = 0;
  try {
    checkColumns(source, options);
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

function dropRows(table: OpenedTable, count: number): OpenedTable {
  const columns = new Map<string, Column>();
  for (const [name, column] of table.columns) {
    columns.set(
      name,
      column.storage === 'number'
        ? { storage: 'number', values: column.values.slice(count) }
        : { ...column, codes: column.codes.slice(count) },
    );
  }
  const given = new Map<string, readonly GivenCell[]>();
  for (const [name, cells] of table.given) given.set(name, cells.slice(count));
  const problems = [...table.problems].filter(([row]) => row >= count);
  return {
    rows: table.rows - count,
    columns,
    given,
    problems: new Map(problems.map(([row, problem]) => [row - count, problem])),
  };
}

function checkColumns({ names, copies, location }: Source, options: OpenOptions): void {
  const { schema } = options;
  const optional = new Set(options.optional ?? (schema.target === null ? [] : [schema.target]));
  const wanted = [
    ...schema.columns.map(({ name }) => name).filter((name) => !optional.has(name)),
    ...(options.given ?? []),
  ];
  for (const name of wanted) if (!names.includes(name)) throw columnNotFound(name, names, `${location} has`);
  const known = new Set([...schema.columns.map(({ name }) => name), ...wanted]);
  for (const [copy, name] of copies) {
    // Data that were collected with this header have a column for the copy, too.
    if (known.has(name) && !known.has(copy)) throw ambiguous(name, { names, copies, location });
  }
}

function ambiguous(
  name: string,
  { names, copies, location }: Pick<Source, 'names' | 'copies' | 'location'>,
): AimaasError {
  const at = names.flatMap((own, i) => (own === name || copies.get(own) === name ? [i + 1] : []));
  const where = `${at.slice(0, -1).join(', ')} and ${at.at(-1) ?? 0}`;
  return new AimaasError(
    'SOURCE_FORMAT',
    `${location} has ${at.length} columns "${name}" (columns ${where}), so it is not known which is meant.`,
    {
      hint: 'Leave one of that name; rename or remove the others.',
      details: { file: location, column: name, at },
    },
  );
}

/**
 * The rows of a text from its beginning, read row by row. Those of a stream (`bytes`) that is pausing are given at once, as
 * a table that is not full.
 */
async function* textRows(
  source: Source,
  options: OpenOptions,
  bytes?: AsyncIterable<Uint8Array>,
): AsyncGenerator<OpenedTable> {
  const isJson = source.format === 'json' || source.format === 'jsonl';
  // Objects need not all have the same keys: what the first lack, others may have.
  const names = isJson ? options.schema.columns.map((column) => column.name) : source.names;
  checkColumns(source, options);
  const whole = { ...source, names };
  const typed = new TypedRows(whole, options);
  for await (const batch of everyRow(whole, bytes === undefined ? {} : { bytes })) {
    throwIfAborted(options.signal);
    for (const row of batch) await typed.add(row);
    if (batch.length === 0) yield* typed.rest();
    else yield* typed.full();
  }
  yield* typed.rest();
}
