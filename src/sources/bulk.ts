import type { GivenCell } from '../core/raw-json.js';
import { type ColumnSchema, storageOf, type Table } from '../core/table.js';
import { plainColumn, trimmedSql, typedSelect } from './cell.js';
import { Database } from './duckdb.js';
import { directRelation } from './relation.js';
import { GUARD_SQL } from './snapshot.js';
import { CHUNK_ROWS, type OpenedTable, type OpenOptions, type Source } from './source.js';
import { TableBuilder } from './table-builder.js';
import { givenValue } from './typed-rows.js';

/**
 * The rows of a large CSV or of a Parquet file through DuckDB, typed by the schema, in order.
 * @throws An error of DuckDB at the first row that it cannot read or that does not fit; tables before it are given.
 */
export async function* bulkRows(source: Source, options: OpenOptions): AsyncGenerator<OpenedTable> {
  const columns = options.schema.columns.map((column) =>
    source.format === 'parquet' && !source.textual.includes(column.name) ? plainColumn(column) : column,
  );
  const database = await Database.open(undefined, options.signal);
  try {
    const raw = columns.map((column) => {
      const index = source.names.indexOf(column.name);
      return index < 0 ? null : `c${index}`;
    });
    const given = (options.given ?? []).map((name) => ({ name, cell: `c${source.names.indexOf(name)}` }));
    const passed = given.map(({ cell }) => cell);
    const { cells, from } = typedSelect(columns, raw, directRelation(source).sql, GUARD_SQL, { passed });
    const select: string[] = columns.map((column, i) => {
      const cell = cells[i] ?? 'NULL';
      return storageOf(column.kind) === 'number' ? `coalesce(${cell}, 'NaN'::DOUBLE)` : cell;
    });
    select.push(...passed.map((cell) => `NULLIF(${trimmedSql(cell)}, '')`));
    const texts = given.map(({ name }): ColumnSchema => ({ ...GIVEN, name: givenName(name) }));
    const builder = new TableBuilder([...columns, ...texts], [], options.chunkRows ?? CHUNK_ROWS);
    for await (const { chunk, rows } of database.chunks(select, from)) {
      builder.append(chunk, rows);
      yield* builder.full().map((table) => opened(table, options.given ?? [], source));
    }
    yield* builder.rest().map((table) => opened(table, options.given ?? [], source));
  } finally {
    database.close();
  }
}

const GIVEN = { kind: 'text', reason: 'as given', dataType: 'string' } as const;

/** A name that no column has: it cannot be written in a header. */
function givenName(name: string): string {
  return `\0${name}`;
}

/** Moves the cells that are wanted as given out of the columns. */
function opened(table: Table, names: readonly string[], source: Source): OpenedTable {
  const columns = new Map(table.columns);
  const given = new Map<string, readonly GivenCell[]>();
  for (const name of names) {
    const column = columns.get(givenName(name));
    columns.delete(givenName(name));
    if (column?.storage !== 'string') continue;
    given.set(
      name,
      Array.from(column.codes, (code) => givenValue(column.dictionary[code] ?? null, name, source)),
    );
  }
  return { rows: table.rows, columns, given, problems: new Map() };
}
