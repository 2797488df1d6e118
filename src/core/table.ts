/** What a column means, which decides what it becomes for a model. */
export const COLUMN_KINDS = ['number', 'category', 'boolean', 'date', 'text', 'id'] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];

/** number; boolean as 0 and 1; date as milliseconds since 1970-01-01 UTC. A missing cell is NaN. */
export interface NumberColumn {
  readonly storage: 'number';
  readonly values: Float64Array;
}

/** category, text and id: every cell an index into the dictionary. A missing cell is -1. */
export interface StringColumn {
  readonly storage: 'string';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

export type Column = NumberColumn | StringColumn;

/** How the cells of a kind are stored. */
export function storageOf(kind: ColumnKind): Column['storage'] {
  return kind === 'number' || kind === 'boolean' || kind === 'date' ? 'number' : 'string';
}

/** Some rows of a data set, by column. All columns have `rows` cells. */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export type ColumnSchema = {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Why this kind: "all 344 values are numbers", "--type". */
  readonly reason: string;
  /** The data type of the snapshot's cells in words a user knows: integer, float, string, boolean, date. */
  readonly dataType: string;
  /** How a date is written, for kind date: one of the forms of sources/dates. */
  readonly dateFormat?: string;
  /** Cells that mean "missing" in this column besides the usual ones (--missing). */
  readonly missing?: readonly string[];
  /** The decimal sign of numbers written as text; the other one may set thousands apart (--decimal). */
  readonly decimal?: Decimal;
};

export type Decimal = '.' | ',';

/** The columns of a data set in order, and which one is to be predicted. */
export type DataSchema = {
  readonly columns: readonly ColumnSchema[];
  readonly target: string | null;
};

export function cellCount(column: Column): number {
  return column.storage === 'number' ? column.values.length : column.codes.length;
}

/** The cells of `column` at `rows`, in that order. String columns keep their dictionary. */
export function takeRows(column: Column, rows: Int32Array): Column {
  if (column.storage === 'number') {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i] as number] as number;
    return { storage: 'number', values };
  }
  const codes = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i] as number] as number;
  return { storage: 'string', codes, dictionary: column.dictionary };
}

/** A string column from cells; null is missing. */
export function stringColumn(cells: readonly (string | null)[]): StringColumn {
  const codes = new Int32Array(cells.length);
  const index = new Map<string, number>();
  const dictionary: string[] = [];
  cells.forEach((cell, i) => {
    if (cell === null) {
      codes[i] = -1;
      return;
    }
    let code = index.get(cell);
    if (code === undefined) {
      code = dictionary.length;
      index.set(cell, code);
      dictionary.push(cell);
    }
    codes[i] = code;
  });
  return { storage: 'string', codes, dictionary };
}
