import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { throwIfAborted } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';

/** Not imported: to import CommonJS, Node looks for exports in the text of its 120 files, which takes 0.15 s. */
function loadDuckDB(): { readonly DuckDBInstance: typeof DuckDBInstance } {
  const require = createRequire(import.meta.url);
  return require('@duckdb/node-api') as { DuckDBInstance: typeof DuckDBInstance };
}

/** One in-memory DuckDB that spills to `scratch` and keeps itself small, for one piece of work. */
export class Database {
  readonly connection: DuckDBConnection;
  private readonly instance: DuckDBInstance;
  private readonly stop: () => void;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, signal?: AbortSignal) {
    this.instance = instance;
    this.connection = connection;
    const interrupt = (): void => connection.interrupt();
    signal?.addEventListener('abort', interrupt);
    this.stop = () => signal?.removeEventListener('abort', interrupt);
  }

  /** @param scratch Folder for what does not fit in memory; removed by DuckDB as it goes. */
  static async open(scratch: string | undefined, signal?: AbortSignal): Promise<Database> {
    throwIfAborted(signal);
    if (scratch !== undefined) await makeFolder(scratch);
    const instance = await loadDuckDB().DuckDBInstance.create(':memory:', {
      memory_limit: MEMORY_LIMIT,
      threads: String(Math.min(4, availableParallelism())),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      ...(scratch === undefined ? {} : { temp_directory: scratch }),
    });
    return new Database(instance, await instance.connect(), signal);
  }

  /** Makes ready for tables of so many columns, of each of which DuckDB holds some thousand cells at every stage. */
  async expect(columns: number): Promise<void> {
    if (columns <= WIDE) return;
    await this.run(`SET memory_limit = '${400 + Math.ceil(columns * MEGABYTES_A_COLUMN)}MB'`);
    await this.run('SET threads = 1');
  }

  /** Runs a statement for its effect. */
  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /**
   * Runs a statement that wants every cell of so many columns. There is little to optimize in it, and of many columns that
   * takes longer than the work itself.
   */
  async runPlain(sql: string, columns: number): Promise<void> {
    if (columns <= WIDE) return this.run(sql);
    await this.run('PRAGMA disable_optimizer');
    try {
      await this.run(sql);
    } finally {
      await this.run('PRAGMA enable_optimizer');
    }
  }

  /** All rows of a small result. 64-bit integers come as numbers. */
  async rows(sql: string): Promise<SqlValue[][]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRows().map((row) => row.map(plainValue));
  }

  /**
   * The rows of `SELECT cells FROM from`, chunk by chunk in order; of each chunk the first `rows` count.
   *
   * An error after the first chunk ends a streamed result as if it were complete (DuckDB's C interface gives no chunk in
   * both cases), so a last row of our own says that everything came.
   * @throws Error when it did not.
   */
  async *chunks(
    cells: readonly string[],
    from: string,
  ): AsyncGenerator<{ chunk: DuckDBDataChunk; rows: number }> {
    const data = [...cells, 'false'].map((cell, i) => `${cell} AS k${i}`).join(', ');
    const end = [...cells.map(() => 'NULL'), 'true'].join(', ');
    const result = await this.connection.stream(`SELECT ${data} FROM ${from} UNION ALL SELECT ${end}`);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) throw new Error('The query stopped before its end.');
      const isEnd = chunk.getColumnVector(cells.length).getItem(chunk.rowCount - 1) === true;
      const rows = isEnd ? chunk.rowCount - 1 : chunk.rowCount;
      if (rows > 0) yield { chunk, rows };
      if (isEnd) return;
    }
  }

  close(): void {
    this.stop();
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** Chosen so that the whole process stays within 1 GB on tables of any length. */
const MEMORY_LIMIT = '400MB';

/** With more columns than this a table needs more memory, and other ways. */
export const WIDE = 300;
const MEGABYTES_A_COLUMN = 0.25;

export type SqlValue = number | string | boolean | null;

function plainValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

/** Runs `work` with a database of its own. */
export async function withDatabase<T>(
  scratch: string | undefined,
  signal: AbortSignal | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await Database.open(scratch, signal);
  try {
    return await work(database);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    database.close();
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

/** A name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
