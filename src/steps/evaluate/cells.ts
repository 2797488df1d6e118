import type { DataContent, FeaturesContent, TargetState } from '../../core/artifacts.js';
import type { ColumnSchema, DataSchema, Table } from '../../core/table.js';
import type { Workspace } from '../../workspace/workspace.js';
import { badness, SHOWN_WORST } from './badness.js';

/** Raw columns shown beside a wrong answer: enough to recognise the row, few enough for a page. */
const SHOWN_COLUMNS = 8;

export type Cell = string | number | null;

/** Raw cells of rows by their 0-based numbers, for the table of worst errors. */
export type CellLookup = (rows: readonly number[]) => Promise<{
  readonly columns: readonly string[];
  readonly cells: ReadonlyMap<number, readonly Cell[]>;
}>;

function shownColumns(schema: DataSchema): readonly ColumnSchema[] {
  return schema.columns.slice(0, SHOWN_COLUMNS);
}

/** A cell as a person writes it: dates as ISO 8601, booleans as true and false. */
function cellOf(table: Table, column: ColumnSchema, row: number): Cell {
  const cells = table.columns.get(column.name);
  if (cells === undefined) return null;
  if (cells.storage === 'string') {
    const text = cells.dictionary[cells.codes[row] ?? -1] ?? null;
    return text !== null && text.length > 80 ? `${text.slice(0, 79)}…` : text;
  }
  const value = cells.values[row] ?? NaN;
  if (Number.isNaN(value)) return null;
  if (column.kind === 'boolean') return value === 0 ? 'false' : 'true';
  if (column.kind !== 'date') return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('T00:00:00.000Z', '');
}

/** Keeps the raw cells of the rows that may be among the worst while rows stream by: 20 of each table. */
export class CellCollector {
  private readonly columns: readonly ColumnSchema[];
  private readonly cells = new Map<number, readonly Cell[]>();

  constructor(schema: DataSchema) {
    this.columns = shownColumns(schema);
  }

  add(
    table: Table,
    row: Int32Array,
    truth: Int32Array | Float64Array,
    scores: Float32Array,
    target: TargetState,
  ): void {
    const bad = Float64Array.from(truth, (_, index) => badness(target, truth, scores, index));
    const worst = [...bad.keys()]
      .sort((a, b) => (bad[b] as number) - (bad[a] as number))
      .slice(0, SHOWN_WORST);
    for (const index of worst) {
      this.cells.set(
        row[index] as number,
        this.columns.map((column) => cellOf(table, column, index)),
      );
    }
  }

  readonly lookUp: CellLookup = () =>
    Promise.resolve({ columns: this.columns.map((column) => column.name), cells: this.cells });
}

/** Looks rows up in the snapshot of the data set that features were made of; undefined when it is no longer there. */
export async function snapshotLookup(
  workspace: Workspace,
  features: FeaturesContent,
  schema: DataSchema,
  signal: AbortSignal,
): Promise<CellLookup | undefined> {
  const data = await workspace.read<DataContent>('data', features.data);
  if (data === undefined) return undefined;
  const path = `${workspace.folder('data', data.id)}/data.parquet`;
  return async (rows) => {
    const { readSnapshot } = await import('../../sources/snapshot.js');
    const columns = shownColumns(schema);
    const wanted = [...rows].sort((a, b) => a - b);
    const cells = new Map<number, readonly Cell[]>();
    let first = 0;
    let next = 0;
    const names = columns.map((column) => column.name);
    for await (const table of readSnapshot(path, { schema: data.content.schema, columns: names, signal })) {
      for (; next < wanted.length && (wanted[next] as number) < first + table.rows; next++) {
        const row = wanted[next] as number;
        cells.set(
          row,
          columns.map((column) => cellOf(table, column, row - first)),
        );
      }
      first += table.rows;
      if (next === wanted.length) break;
    }
    return { columns: names, cells };
  };
}
