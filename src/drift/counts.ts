import type { Column, Table } from '../core/table.js';
import { knotOf, lengthsOf } from './describe.js';
import type { ColumnReference } from './reference.js';

/**
 * Rows of a column, sorted into the cells of its reference. For numbers: below the first knot, up to each knot, above the
 * last. For categories: each known one, then all others. Without a distribution: whatever there is. Plain JSON, so that counts of several processes can be sent and
 * summed.
 */
export type ColumnCounts = { rows: number; missing: number; cells: number[] };

/** One for each column, in the order of the references. */
export type Counts = ColumnCounts[];

/** Counts of no rows at all. */
export function emptyCounts(references: readonly ColumnReference[]): Counts {
  return references.map(({ distribution }) => ({
    rows: 0,
    missing: 0,
    cells: new Array<number>(cellsOf(distribution)).fill(0),
  }));
}

function cellsOf(distribution: ColumnReference['distribution']): number {
  if (distribution === null) return 1;
  return distribution.type === 'numbers' ? distribution.knots.length + 2 : distribution.values.length + 1;
}

/** The sums of counts of the same references. */
export function mergeCounts(all: readonly Counts[]): Counts {
  const [first, ...others] = all;
  if (first === undefined) return [];
  const sums = first.map(({ rows, missing, cells }) => ({ rows, missing, cells: [...cells] }));
  for (const other of others) {
    for (const [i, sum] of sums.entries()) {
      const { rows = 0, missing = 0, cells = [] } = other[i] ?? {};
      sum.rows += rows;
      sum.missing += missing;
      for (const [cell, count] of cells.entries()) sum.cells[cell] = (sum.cells[cell] ?? 0) + count;
    }
  }
  return sums;
}

/** Sorts rows into counts; made once for a reference, because categories are looked up by name. */
export class Counter {
  readonly references: readonly ColumnReference[];
  private readonly categories: readonly (ReadonlyMap<string, number> | undefined)[];

  constructor(references: readonly ColumnReference[]) {
    this.references = references;
    this.categories = references.map(({ distribution }) =>
      distribution?.type === 'categories'
        ? new Map(distribution.values.map((value, index) => [value, index]))
        : undefined,
    );
  }

  /** Adds the rows of a table to the counts. Columns that the table does not have are left as they are. */
  add(counts: Counts, table: Table): void {
    for (const [i, reference] of this.references.entries()) {
      const column = table.columns.get(reference.name);
      const sum = counts[i];
      if (column !== undefined && sum !== undefined) this.addColumn(sum, column, reference, i);
    }
  }

  private addColumn(
    sum: ColumnCounts,
    column: Column,
    { kind, distribution }: ColumnReference,
    i: number,
  ): void {
    const index = this.categories[i];
    if (column.storage === 'number') {
      if (index !== undefined) addBooleans(sum, column.values, index);
      else addNumbers(sum, column.values, distribution?.type === 'numbers' ? distribution.knots : undefined);
    } else if (index !== undefined) {
      const cells = column.dictionary.map((text) => index.get(text) ?? index.size);
      for (const code of column.codes) addCell(sum, cells[code] ?? -1);
    } else if (kind === 'text') {
      addNumbers(sum, lengthsOf(column), distribution?.type === 'numbers' ? distribution.knots : undefined);
    } else {
      for (const code of column.codes) addCell(sum, code < 0 ? -1 : 0);
    }
  }
}

function addNumbers(sum: ColumnCounts, values: Float64Array, knots: readonly number[] | undefined): void {
  for (const value of values) {
    if (Number.isNaN(value)) addCell(sum, -1);
    else if (knots === undefined) addCell(sum, 0);
    else {
      addCell(sum, value < (knots[0] ?? value) ? 0 : knotOf(knots, value) + 1);
    }
  }
}

function addBooleans(sum: ColumnCounts, values: Float64Array, index: ReadonlyMap<string, number>): void {
  for (const value of values) {
    if (Number.isNaN(value)) addCell(sum, -1);
    else addCell(sum, index.get(value === 0 ? 'false' : 'true') ?? index.size);
  }
}

function addCell(sum: ColumnCounts, cell: number): void {
  sum.rows++;
  if (cell < 0) sum.missing++;
  else sum.cells[cell] = (sum.cells[cell] ?? 0) + 1;
}
