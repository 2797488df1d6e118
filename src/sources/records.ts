import { AimaasError } from '../core/errors.js';
import {
  type Column,
  type ColumnSchema,
  type DataSchema,
  type Table,
  storageOf,
  stringColumn,
} from '../core/table.js';
import { didYouMean } from '../core/suggest.js';
import { numberCell, plainColumn, stringCell } from './cell.js';
import { cellText } from './text/json.js';
import { shown } from './problems.js';
import { misfit } from './spool.js';

export type RecordOptions = {
  /** Columns that no record needs to have; all their cells are missing then. Default: the schema's target. */
  readonly optional?: readonly string[];
  /** Added to the row numbers in errors: the position of the first record in the whole. */
  readonly firstRow?: number;
};

/** A value of a JSON record → the cell of a number-stored column; undefined does not fit. */
function numberOf(column: ColumnSchema): (value: unknown) => number | undefined {
  const parse = numberCell(column);
  const parsePlain = numberCell(plainColumn(column));
  const missing = new Set(column.missing ?? []);
  const isNumber = column.kind === 'number';
  return (value) => {
    // The common case without a detour through text, which would give the same.
    if (isNumber && typeof value === 'number' && missing.size === 0)
      return Number.isFinite(value) ? value : NaN;
    if (value !== null && typeof value === 'object') return undefined;
    return (typeof value === 'number' ? parsePlain : parse)(cellText(value));
  };
}

/**
 * Records of column → value (JSON values, or text cells as in a CSV) as a table typed by the schema. A key that a record
 * lacks, null and the usual words for it are missing cells; keys that are not in the schema are ignored.
 * @throws AimaasError COLUMN_NOT_FOUND when a column is in no record at all; COLUMN_VALUE with details
 *   {row, column, value} for a value that its kind does not take.
 */
export function tableFromRecords(
  schema: DataSchema,
  records: readonly Readonly<Record<string, unknown>>[],
  options: RecordOptions = {},
): Table {
  const optional = new Set(options.optional ?? (schema.target === null ? [] : [schema.target]));
  const columns = new Map<string, Column>();
  for (const column of schema.columns) {
    const { name } = column;
    const has = records.some((record) => Object.hasOwn(record, name));
    if (!has && records.length > 0 && !optional.has(name)) throw columnNotFound(name, keysOf(records));
    columns.set(name, columnOf(column, records, options.firstRow ?? 0));
  }
  return { rows: records.length, columns };
}

function columnOf(
  column: ColumnSchema,
  records: readonly Readonly<Record<string, unknown>>[],
  firstRow: number,
): Column {
  const { name } = column;
  const cells = records.map((record) => (Object.hasOwn(record, name) ? record[name] : null));
  return cellReader(column)(cells, firstRow);
}

/** JSON values (or text cells as in a CSV) → the typed column. COLUMN_VALUE for a value that its kind does not take. */
export type CellReader = (cells: readonly unknown[], firstRow?: number) => Column;

/** The reader of the cells of one column. Making it costs more than using it: keep it for as long as there is need. */
export function cellReader(column: ColumnSchema): CellReader {
  if (storageOf(column.kind) === 'string') {
    const parse = stringCell(column);
    const parsePlain = stringCell(plainColumn(column));
    return (cells) =>
      stringColumn(cells.map((cell) => (typeof cell === 'number' ? parsePlain : parse)(cellText(cell))));
  }
  const parse = numberOf(column);
  return (cells, firstRow = 0) => {
    const values = new Float64Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      const value = parse(cells[i]);
      if (value === undefined) throw badValue(column, firstRow + i, cells[i]);
      values[i] = value;
    }
    return { storage: 'number', values };
  };
}

function keysOf(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.slice(0, 100).flatMap((record) => Object.keys(record)))];
}

/** COLUMN_NOT_FOUND for a column that the data do not have, with the nearest of those they have. */
export function columnNotFound(
  name: string,
  known: readonly string[],
  what = 'The data have',
  hint = 'Column names are case-sensitive. Rename the column, or add it (its cells may be empty).',
): AimaasError {
  return new AimaasError('COLUMN_NOT_FOUND', `${what} no column "${name}". ${didYouMean(name, known)}`, {
    hint,
    details: { column: name, known: known.slice(0, 100) },
  });
}

function badValue(column: ColumnSchema, row: number, value: unknown): AimaasError {
  const text = cellText(value);
  return new AimaasError(
    'COLUMN_VALUE',
    `Row ${row}, column "${column.name}": ${shown(text)} ${misfit(column, text)}.`,
    {
      hint: 'Leave the value out (null) if it is not known.',
      details: { row, column: column.name, value: text },
    },
  );
}
