import { readFileSync } from 'node:fs';
import {
  type Column,
  type ColumnKind,
  type ColumnSchema,
  type DataSchema,
  storageOf,
  stringColumn,
  type Table,
  takeRows,
} from '../../src/core/table.js';

/** A data set of vega-datasets: records of column → value. */
export function vegaRecords(file: string): Record<string, unknown>[] {
  // The package exports its code only, so its data files are found by their place.
  const path = new URL(`../../node_modules/vega-datasets/data/${file}`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>[];
}

export function columnSchema(name: string, kind: ColumnKind): ColumnSchema {
  return { name, kind, reason: 'test', dataType: kind === 'number' ? 'float' : kind };
}

export function schemaOf(
  kinds: Readonly<Record<string, ColumnKind>>,
  target: string | null = null,
): DataSchema {
  return {
    columns: Object.entries(kinds).map(([name, kind]) => columnSchema(name, kind)),
    target,
  };
}

/** Cells as JSON has them: numbers, booleans, texts, dates as ISO 8601; null is missing. */
export type Cell = string | number | boolean | null;

export function columnOf(kind: ColumnKind, cells: readonly Cell[]): Column {
  if (storageOf(kind) === 'string')
    return stringColumn(cells.map((cell) => (cell === null ? null : String(cell))));
  const values = Float64Array.from(cells, (cell) => {
    if (cell === null) return NaN;
    return kind === 'date' && typeof cell === 'string' ? Date.parse(cell) : Number(cell);
  });
  return { storage: 'number', values };
}

/** A table of some columns of the records. */
export function tableOf(
  kinds: Readonly<Record<string, ColumnKind>>,
  records: readonly Readonly<Record<string, unknown>>[],
): Table {
  const columns = Object.entries(kinds).map(
    ([name, kind]) =>
      [
        name,
        columnOf(
          kind,
          records.map((record) => (record[name] ?? null) as Cell),
        ),
      ] as const,
  );
  return { rows: records.length, columns: new Map(columns) };
}

export function rowsOf(table: Table, rows: readonly number[]): Table {
  const picked = Int32Array.from(rows);
  return {
    rows: picked.length,
    columns: new Map([...table.columns].map(([name, column]) => [name, takeRows(column, picked)])),
  };
}

/** Palmer's penguins with every kind but text: real cells, some of them missing. */
export const PENGUIN_KINDS = {
  Species: 'category',
  Island: 'category',
  'Beak Length (mm)': 'number',
  'Beak Depth (mm)': 'number',
  'Flipper Length (mm)': 'number',
  'Body Mass (g)': 'number',
  Sex: 'category',
} as const satisfies Record<string, ColumnKind>;

export function penguins(): Table {
  return tableOf(PENGUIN_KINDS, vegaRecords('penguins.json'));
}

/** Cars: a free-text name, numbers with missing cells, a date. */
export const CAR_KINDS = {
  Name: 'text',
  Miles_per_Gallon: 'number',
  Cylinders: 'number',
  Displacement: 'number',
  Horsepower: 'number',
  Weight_in_lbs: 'number',
  Acceleration: 'number',
  Year: 'date',
  Origin: 'category',
} as const satisfies Record<string, ColumnKind>;

export function cars(): Table {
  return tableOf(CAR_KINDS, vegaRecords('cars.json'));
}
