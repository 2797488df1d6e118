import { AimaasError } from '../core/errors.js';
import { sqlText } from './cell.js';
import { Database } from './duckdb.js';
import type { RawRow, Source } from './source.js';

/** Columns by position, so that names which differ in case only cannot be mixed up. */
export function positional(count: number): string {
  return Array.from({ length: count }, (_, i) => `c${i}`).join(', ');
}

export function parquetRelation(path: string, columns: number): string {
  return `read_parquet(${sqlText(path)}) AS t(${positional(columns)})`;
}

/**
 * The columns of a Parquet file, and which of them hold text.
 * @throws AimaasError SOURCE_FORMAT when it is damaged.
 */
export async function parquetColumns(
  database: Database,
  path: string,
  location: string,
): Promise<{ name: string; type: string }[]> {
  try {
    const rows = await database.rows(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${sqlText(path)}))`,
    );
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    throw new AimaasError('SOURCE_FORMAT', `${location} cannot be read as Parquet: ${firstLine(error)}`, {
      hint: 'Write the file again, or check that it was copied whole.',
      cause: error,
    });
  }
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** The rows of a Parquet file as text cells. `line` is the row's number, counted from 1. */
export async function* parquetRows(source: Source): AsyncGenerator<RawRow[]> {
  const database = await Database.open(undefined);
  try {
    const cells = source.names.map((_, i) => `CAST(c${i} AS VARCHAR)`);
    let line = 1;
    for await (const { chunk, rows } of database.chunks(cells, parquetRelation(source.path, cells.length))) {
      yield chunk
        .getRows()
        .slice(0, rows)
        .map((row) => ({ line: line++, cells: row.slice(0, -1) as (string | null)[] }));
    }
  } finally {
    database.close();
  }
}
