import { type Column, type DataSchema, storageOf, stringColumn, type Table } from '../core/table.js';

/** Collects single rows of tables into one. */
export class RowReader {
  rows = 0;
  private readonly cells: ReadonlyMap<string, (string | number | null)[]>;
  private readonly schema: DataSchema;

  constructor(schema: DataSchema) {
    this.schema = schema;
    this.cells = new Map(schema.columns.map(({ name }) => [name, []]));
  }

  add(table: Table, row: number): void {
    for (const [name, cells] of this.cells) {
      const column = table.columns.get(name);
      if (column === undefined) throw new Error(`The snapshot gave no column "${name}".`);
      if (column.storage === 'number') cells.push(column.values[row] ?? NaN);
      else cells.push(column.dictionary[column.codes[row] ?? -1] ?? null);
    }
    this.rows++;
  }

  table(): Table {
    const columns = this.schema.columns.map(({ name, kind }): [string, Column] => {
      const cells = this.cells.get(name) ?? [];
      return storageOf(kind) === 'number'
        ? [name, { storage: 'number', values: Float64Array.from(cells as number[]) }]
        : [name, stringColumn(cells as (string | null)[])];
    });
    return { rows: this.rows, columns: new Map(columns) };
  }
}
