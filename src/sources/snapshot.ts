import { rename } from 'node:fs/promises';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { type ColumnSchema, type DataSchema, type Table, storageOf } from '../core/table.js';
import { sqlText, typedSelect } from './cell.js';
import { Database, sqlName } from './duckdb.js';
import { firstLine, parquetColumns, positional } from './parquet.js';
import type { Relation } from './relation.js';
import { CHUNK_ROWS } from './source.js';
import { TableBuilder } from './table-builder.js';

/** With more different strings than this a column is decoded cell by cell instead of through an ENUM. */
const MOST_ENUM_VALUES = 65_000;

/** Begins the message of the error that a cell which does not fit its kind raises inside DuckDB. */
export const GUARD = 'aimaas: cell does not fit';

/** A DOUBLE expression that stops the query. */
export const GUARD_SQL = `CAST(error('${GUARD}') AS DOUBLE)`;

/** A snapshot's cell from its typed value: number DOUBLE, boolean BOOLEAN, date TIMESTAMP, the others VARCHAR. */
function snapshotCell(column: ColumnSchema, value: string): string {
  if (column.kind === 'boolean') return `CAST(${value} AS BOOLEAN)`;
  if (column.kind === 'date') return `make_timestamp(CAST(${value} AS BIGINT) * 1000)`;
  return value;
}

/** Makes the infinite numbers of some columns of a snapshot missing. */
export async function dropInfinite(
  database: Database,
  path: string,
  columns: readonly ColumnSchema[],
  isInfinite: (index: number) => boolean,
): Promise<void> {
  const select = columns.map(({ name }, i) => {
    const cell = isInfinite(i) ? `CASE WHEN isinf(c${i}) THEN NULL ELSE c${i} END` : `c${i}`;
    return `${cell} AS ${sqlName(name)}`;
  });
  const finite = `${path}.finite`;
  await copy(database, select, `read_parquet(${sqlText(path)}) AS t(${positional(columns.length)})`, finite);
  await rename(finite, path);
}

/**
 * Writes rows as Parquet, typed by `columns`, in the order of the relation.
 * Infinite numbers are left as they are.
 * @param raw The SQL of each column's raw VARCHAR cell in `relation`.
 * @param strict Integers have to be written as such: see TypedSelectOptions.
 * @throws An error with {@link GUARD} in its message when a cell does not fit its column.
 */
export async function writeSnapshot(
  database: Database,
  path: string,
  relation: Relation,
  columns: readonly ColumnSchema[],
  raw: readonly string[],
  strict: boolean,
): Promise<void> {
  const { sql, plainNumbers } = relation;
  const options = { keepInfinite: true, strict, plainNumbers };
  const { cells, from } = typedSelect(columns, raw, sql, GUARD_SQL, options);
  const select = columns.map(
    (column, i) => `${snapshotCell(column, cells[i] ?? 'NULL')} AS ${sqlName(column.name)}`,
  );
  await copy(database, select, from, path);
}

async function copy(
  database: Database,
  select: readonly string[],
  from: string,
  path: string,
): Promise<void> {
  const sql = `COPY (SELECT ${select.join(', ')} FROM ${from}) TO ${sqlText(path)} (FORMAT parquet)`;
  await database.runPlain(sql, select.length);
}

export type ReadSnapshotOptions = {
  readonly schema: DataSchema;
  /** Only these columns, in this order; all of the schema without it. */
  readonly columns?: readonly string[];
  readonly chunkRows?: number;
  readonly signal?: AbortSignal | undefined;
};

/** The FROM clause of a snapshot whose columns are c0, c1 … in the order of its file, and the position of a name. */
async function snapshotFrom(
  database: Database,
  path: string,
  schema: DataSchema,
): Promise<{ from: string; at: (name: string) => string }> {
  const stored = await parquetColumns(database, path, path);
  const fromFile = new Map(stored.map((column, i) => [column.name, `c${i}`]));
  const whole = stored.length === schema.columns.length;
  // With the schema it was written by, positions are sure even where DuckDB had to rename (names that differ in case).
  const fromSchema = new Map(whole ? schema.columns.map((column, i) => [column.name, `c${i}`]) : []);
  const at = (name: string): string => {
    const cell = fromSchema.get(name) ?? fromFile.get(name);
    if (cell !== undefined) return cell;
    throw new AimaasError('ARTIFACT_INCOMPATIBLE', `The data snapshot ${path} has no column "${name}".`, {
      hint: 'Collect the data again: aimaas collect FILE --force',
    });
  };
  return { from: `read_parquet(${sqlText(path)}) AS t(${positional(stored.length)})`, at };
}

/** SQL that gives a number-stored cell as DOUBLE with NaN for missing, so that whole vectors can be copied. */
function numberCellSql(column: ColumnSchema, cell: string): string {
  const value = column.kind === 'date' ? `CAST(epoch_ms(${cell}) AS DOUBLE)` : `CAST(${cell} AS DOUBLE)`;
  return `coalesce(${value}, 'NaN'::DOUBLE)`;
}

/**
 * Streams a snapshot as typed tables of `chunkRows` rows (the last is shorter), in order. The string columns of all
 * tables share one dictionary array a column, in which every value of the file has a place unless there are very many.
 * @throws AimaasError ARTIFACT_INCOMPATIBLE for a column that is not there; ARTIFACT_CORRUPT for a damaged file.
 */
export async function* readSnapshot(path: string, options: ReadSnapshotOptions): AsyncGenerator<Table> {
  const { schema } = options;
  const wanted = options.columns ?? schema.columns.map((column) => column.name);
  const columns = wanted.map((name) => {
    const column = schema.columns.find((each) => each.name === name);
    if (column !== undefined) return column;
    throw new AimaasError('COLUMN_NOT_FOUND', `The data set has no column "${name}".`);
  });
  const database = await Database.open(undefined, options.signal);
  try {
    const { from, at } = await snapshotFrom(database, path, schema);
    const selects: string[] = [];
    const dictionaries: (readonly string[] | null)[] = [];
    for (const [i, column] of columns.entries()) {
      const cell = at(column.name);
      if (storageOf(column.kind) === 'number') {
        selects.push(numberCellSql(column, cell));
        dictionaries.push(null);
      } else {
        const dictionary = await defineEnum(database, `e${i}`, cell, from);
        selects.push(dictionary === null ? cell : `coalesce(enum_code(CAST(${cell} AS e${i}))::INTEGER, -1)`);
        dictionaries.push(dictionary);
      }
    }
    const builder = new TableBuilder(columns, dictionaries, options.chunkRows ?? CHUNK_ROWS);
    for await (const { chunk, rows } of database.chunks(selects, from)) {
      throwIfAborted(options.signal);
      builder.append(chunk, rows);
      yield* builder.full();
    }
    yield* builder.rest();
  } catch (error) {
    if (error instanceof AimaasError && error.code !== 'SOURCE_FORMAT') throw error;
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `The data snapshot ${path} cannot be read: ${firstLine(error)}`,
      {
        hint: 'Collect the data again: aimaas collect FILE --force',
        cause: error,
      },
    );
  } finally {
    database.close();
  }
}

/** Makes an ENUM of a column's values in sorted order; null when there are too many. */
async function defineEnum(
  database: Database,
  type: string,
  cell: string,
  from: string,
): Promise<readonly string[] | null> {
  const found = await database.rows(
    `SELECT DISTINCT ${cell} AS v FROM ${from} WHERE ${cell} IS NOT NULL LIMIT ${MOST_ENUM_VALUES + 1}`,
  );
  if (found.length > MOST_ENUM_VALUES) return null;
  const values = found.map(([value]) => String(value)).sort();
  // An ENUM needs a value, and a NUL ends an SQL text.
  if (values.length === 0 || values.some((value) => value.includes('\0'))) return null;
  await database.run(`CREATE TYPE ${type} AS ENUM (${values.map(sqlText).join(', ')})`);
  return values;
}
