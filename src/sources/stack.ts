import type { Database, SqlValue } from './duckdb.js';

/** Cells that are looked at together, one below the other: a query is then planned once for all their columns. */
const CELLS_TOGETHER = 1_000_000;

/** How many columns of so many rows are looked at together. */
export function columnsTogether(rows: number): number {
  return Math.max(1, Math.floor(CELLS_TOGETHER / Math.max(1, rows)));
}

/** Cells of one type as a FROM clause in which they stand one below the other: column k, cell x, and what is `passed`. */
export function stackedSql(cells: readonly string[], from: string, passed = ''): string {
  const own = passed === '' ? '' : `${passed}, `;
  const [only] = cells;
  if (only !== undefined && cells.length === 1) return `(SELECT ${own}0 AS k, ${only} AS x FROM ${from})`;
  return `(SELECT ${own}unnest(range(${cells.length})) AS k, unnest([${cells.join(', ')}]) AS x FROM ${from})`;
}

/** The aggregates of every column k of a stack, by k. */
export async function byColumn(
  database: Database,
  aggregates: readonly string[],
  from: string,
): Promise<ReadonlyMap<number, readonly SqlValue[]>> {
  const rows = await database.rows(`SELECT k, ${aggregates.join(', ')} FROM ${from} GROUP BY k`);
  return new Map(rows.map(([k, ...values]) => [Number(k), values]));
}
