import type { Column, ColumnKind, DataSchema, Table } from '../core/table.js';
import type { KeptCell } from './prediction-format.js';

/**
 * Readers of the cells that are copied to the output, by row; undefined when none are.
 * @param table has a column for every name of `keep`.
 * @param schema tells the kinds of the model's own columns; others are text.
 */
export function keptCells(
  table: Table,
  schema: DataSchema,
  keep: readonly string[],
): readonly ((row: number) => KeptCell)[] | undefined {
  if (keep.length === 0) return undefined;
  return keep.map((name) => {
    const kind = schema.columns.find((column) => column.name === name)?.kind ?? 'text';
    return reader(table.columns.get(name) as Column, kind);
  });
}

function reader(column: Column, kind: ColumnKind): (row: number) => KeptCell {
  if (column.storage === 'string') {
    const { codes, dictionary } = column;
    return (row) => dictionary[codes[row] as number] ?? null;
  }
  const { values } = column;
  return (row) => {
    const value = values[row] as number;
    if (Number.isNaN(value)) return null;
    if (kind === 'boolean') return value !== 0;
    return kind === 'date' ? dateText(value) : value;
  };
}

/** ISO 8601, without a time where it is midnight. */
function dateText(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return null;
  return date.toISOString().replace(/T00:00:00\.000Z$/, '');
}
