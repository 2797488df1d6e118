import type { Column, Table } from '../../core/table.js';
import { RowSet } from './row-hash.js';
import { columnIn } from './row-scan.js';

/** What the training rows are, to know them again in rows that are given for validation or test. */
export class TrainingRows {
  private readonly set = new RowSet();
  private rows = 0;
  private repeats = 0;

  private static columns(
    table: Table,
    inputs: readonly string[],
    y: Int32Array | Float64Array,
  ): readonly Column[] {
    const target: Column = { storage: 'number', values: Float64Array.from(y) };
    return [...inputs.map((name) => columnIn(table, name)), target];
  }

  add(table: Table, inputs: readonly string[], y: Int32Array | Float64Array): void {
    const repeated = this.set.repeated(TrainingRows.columns(table, inputs, y), table.rows);
    this.rows += table.rows;
    this.repeats += repeated.reduce((sum, flag) => sum + flag, 0);
  }

  /** How many rows of the table equal a training row in every input and the target. */
  count(table: Table, inputs: readonly string[], y: Int32Array | Float64Array): number {
    const known = this.set.known(TrainingRows.columns(table, inputs, y), table.rows);
    return known.reduce((sum, flag) => sum + flag, 0);
  }

  /** Whether a larger share of rows is known than training rows repeat each other, as rows of few values do. */
  areSuspicious(known: number, rows: number): boolean {
    return known / rows > (2 * this.repeats) / this.rows;
  }
}
