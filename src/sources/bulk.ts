import type { Table } from '../core/table.js';
import { storageOf } from '../core/table.js';
import { typedSelect } from './cell.js';
import { Database } from './duckdb.js';
import type { OpenOptions } from './open.js';
import { directRelation } from './relation.js';
import { CHUNK_ROWS, GUARD_SQL } from './snapshot.js';
import type { Source } from './source.js';
import { TableBuilder } from './table-builder.js';

/**
 * The rows of a large CSV or of a Parquet file through DuckDB, typed by the schema, in order.
 * @throws An error of DuckDB at the first row that it cannot read or that does not fit; tables before it are given.
 */
export async function* bulkRows(source: Source, options: OpenOptions): AsyncGenerator<Table> {
  const { columns } = options.schema;
  const database = await Database.open(undefined, options.signal);
  try {
    const raw = columns.map((column) => {
      const index = source.names.indexOf(column.name);
      return index < 0 ? null : `c${index}`;
    });
    const { cells, from } = typedSelect(columns, raw, directRelation(source).sql, GUARD_SQL);
    const select = columns.map((column, i) => {
      const cell = cells[i] ?? 'NULL';
      return storageOf(column.kind) === 'number' ? `coalesce(${cell}, 'NaN'::DOUBLE)` : cell;
    });
    const builder = new TableBuilder(columns, [], options.chunkRows ?? CHUNK_ROWS);
    for await (const { chunk, rows } of database.chunks(select, from)) {
      builder.append(chunk, rows);
      yield* builder.full();
    }
    yield* builder.rest();
  } finally {
    database.close();
  }
}
