import type { Database } from '../duckdb.js';
import type { Indexed } from './number-columns.js';
import type { ProfileSource } from './profile-source.js';
import { columnsTogether, stackedSql } from '../stack.js';

/** With more rows than this, columns are counted one by one to bound memory. */
const TOGETHER_ROWS = 200_000;
/** Columns of which only the values that are there are counted in one query. */
const COLUMNS_TOGETHER = 250;

/** A value as text, and the rows that have it. */
export type Counted = { readonly value: string; readonly rows: number };

export type TextDescription = {
  readonly present: number;
  /** Of the rows that are looked at closely, as is `top`. */
  readonly distinct: number;
  /** The most frequent values; the first in their order among equals. */
  readonly top: readonly Counted[];
};

/** Counts the values of columns, by their place. @param most How many of the most frequent values are given. */
export async function describeTexts(
  database: Database,
  source: ProfileSource,
  columns: readonly Indexed[],
  most: number,
): Promise<ReadonlyMap<number, TextDescription>> {
  const found = new Map<number, TextDescription>();
  const together = source.rows > TOGETHER_ROWS ? 1 : columnsTogether(source.rows);
  for (let start = 0; start < columns.length; start += together) {
    const part = columns.slice(start, start + together);
    const counted = await countValues(database, source.sample, part, most);
    for (const [k, { index }] of part.entries()) {
      found.set(index, counted.get(k) ?? { present: 0, distinct: 0, top: [] });
    }
  }
  if (source.sampleStep === 1) return found;
  for (let start = 0; start < columns.length; start += COLUMNS_TOGETHER) {
    const part = columns.slice(start, start + COLUMNS_TOGETHER);
    const counts = part.map(({ index }) => `count(c${index})`);
    const [row] = await database.rows(`SELECT ${counts.join(', ')} FROM ${source.from}`);
    for (const [k, { index }] of part.entries()) {
      const description = found.get(index);
      if (description !== undefined) found.set(index, { ...description, present: Number(row?.[k]) });
    }
  }
  return found;
}

async function countValues(
  database: Database,
  from: string,
  columns: readonly Indexed[],
  most: number,
): Promise<ReadonlyMap<number, TextDescription>> {
  const cells = columns.map(({ index }) => `CAST(c${index} AS VARCHAR)`);
  const values = `SELECT k, x, count(*) AS n FROM ${stackedSql(cells, from)} WHERE x IS NOT NULL GROUP BY k, x`;
  const rows = await database.rows(
    `SELECT k, count(*), sum(n), to_json(min({'n': -n, 'x': x}, ${most})) FROM (${values}) GROUP BY k`,
  );
  return new Map(
    rows.map(([k, distinct, present, top]) => {
      const counted = (JSON.parse(String(top)) as { n: number; x: string }[]).map(({ n, x }): Counted => ({
        value: x,
        rows: -n,
      }));
      return [Number(k), { present: Number(present), distinct: Number(distinct), top: counted }];
    }),
  );
}
