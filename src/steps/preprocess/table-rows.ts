import { type Table, takeRows } from '../../core/table.js';

/** Some rows of a table. */
export function takeTable(table: Table, rows: Int32Array): Table {
  if (rows.length === table.rows) return table;
  const columns = new Map([...table.columns].map(([name, column]) => [name, takeRows(column, rows)]));
  return { rows: rows.length, columns };
}

/** The values at these places. */
export function gather(values: Int32Array | Float64Array, at: Int32Array): Int32Array | Float64Array {
  return values instanceof Int32Array
    ? Int32Array.from(at, (row) => values[row] as number)
    : Float64Array.from(at, (row) => values[row] as number);
}
