import type { ColumnSchema } from '../../core/table.js';
import { sqlText } from '../cell.js';
import type { Database } from '../duckdb.js';
import { MOST_INTEGER_CLASSES } from '../infer.js';
import { positional } from '../parquet.js';

/** What is known of columns of which only the first rows have been looked at. */
export type Provisional = {
  /** Columns whose kind the user has chosen. */
  readonly chosen: ReadonlyMap<string, unknown>;
  /** Columns that had no value yet. */
  readonly valueless: ReadonlySet<string>;
  /** The target, where it is numbers that were taken for classes. */
  readonly numericClasses: string | undefined;
};

export type Settled = {
  readonly columns: readonly ColumnSchema[];
  /** Columns to be inferred anew from all rows, because they may be of another kind. */
  readonly doubtful: readonly string[];
};

/** Columns that are looked at in one query. */
const TOGETHER = 250;
/** Up to this many rows different values are counted exactly. */
const EXACT_ROWS = 1_000_000;
/** Share of the rows in which texts that name them must differ; less where it is estimated. */
const UNIQUE = 0.98;
const UNIQUE_ESTIMATE = 0.9;

type Look = (...aggregates: string[]) => Promise<number[]>;

/**
 * What the rows that inference did not look at say of columns whose every cell in the snapshot fits: whole numbers after
 * which fractions came, numbers of the rows that come again, classes that turned out to be a quantity (a file sorted by its
 * target shows few of its values at first), columns that had no value yet.
 */
export async function settleColumns(
  database: Database,
  path: string,
  columns: readonly ColumnSchema[],
  known: Provisional,
): Promise<Settled> {
  const from = `read_parquet(${sqlText(path)}) AS t(${positional(columns.length)})`;
  const look: Look = async (...aggregates) =>
    (await database.rows(`SELECT ${aggregates.join(', ')} FROM ${from}`))[0]?.map(Number) ?? [];
  const { fractions, huge } = await numbersThatCame(columns, look);
  const doubtful: string[] = [];
  for (const [i, column] of columns.entries()) {
    const { name } = column;
    const isChosen = known.chosen.has(name);
    if (!isChosen && (huge.has(name) || (await isDoubtful(column, `c${i}`, known, look))))
      doubtful.push(name);
  }
  const settled = columns.map((column) =>
    fractions.has(column.name) || huge.has(column.name) ? withFractions(column) : column,
  );
  return { columns: settled, doubtful };
}

/** The columns of whole numbers in which there are others, or some too large to be exact. */
async function numbersThatCame(
  columns: readonly ColumnSchema[],
  look: Look,
): Promise<{ readonly fractions: ReadonlySet<string>; readonly huge: ReadonlySet<string> }> {
  const whole = columns.flatMap(({ name, kind, dataType }, i) =>
    kind === 'number' && dataType === 'integer' ? [{ name, cell: `c${i}` }] : [],
  );
  const found = { fractions: new Set<string>(), huge: new Set<string>() };
  for (let start = 0; start < whole.length; start += TOGETHER) {
    const part = whole.slice(start, start + TOGETHER);
    const counts = await look(
      ...part.flatMap(({ cell }) => [
        `count(*) FILTER (isfinite(${cell}) AND ${cell} <> trunc(${cell}))`,
        `count(*) FILTER (isfinite(${cell}) AND abs(${cell}) > ${Number.MAX_SAFE_INTEGER})`,
      ]),
    );
    for (const [i, { name }] of part.entries()) {
      if ((counts[2 * i] ?? 0) > 0) found.fractions.add(name);
      if ((counts[2 * i + 1] ?? 0) > 0) found.huge.add(name);
    }
  }
  return found;
}

async function isDoubtful(
  { name, kind, dataType }: ColumnSchema,
  cell: string,
  { valueless, numericClasses }: Provisional,
  look: Look,
): Promise<boolean> {
  if (valueless.has(name)) {
    const [present = 0] = await look(`count(${cell})`);
    return present > 0;
  }
  if (kind === 'id') return !(await areStillUnique(cell, dataType === 'integer' ? 1 : UNIQUE, look));
  if (name !== numericClasses) return false;
  const [classes = 0] = await look(`count(DISTINCT ${cell})`);
  return classes > (dataType === 'integer' ? MOST_INTEGER_CLASSES : 2);
}

async function areStillUnique(cell: string, share: number, look: Look): Promise<boolean> {
  const [present = 0, estimate = 0] = await look(`count(${cell})`, `approx_count_distinct(${cell})`);
  if (present > EXACT_ROWS) return estimate >= UNIQUE_ESTIMATE * present;
  const [distinct = 0] = await look(`count(DISTINCT ${cell})`);
  return distinct >= share * present;
}

/** A column of whole numbers after which others came. */
function withFractions(column: ColumnSchema): ColumnSchema {
  return { ...column, dataType: 'float', reason: column.reason.replace('whole numbers', 'numbers') };
}
