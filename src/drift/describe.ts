import type { Column, ColumnKind, DataSchema, StringColumn, Table } from '../core/table.js';
import type { CategoryDistribution, ColumnReference, NumberDistribution } from './reference.js';

/** Quantiles kept of a number column: the error of a distribution read from them is at most 1 / QUANTILES. */
const QUANTILES = 100;
/** Categories kept of a column. */
const MOST_CATEGORIES = 200;

/** The distributions of the columns of a schema over some rows. */
export function describeTable(schema: DataSchema, table: Table): ColumnReference[] {
  return schema.columns.flatMap(({ name, kind }) => {
    const column = table.columns.get(name);
    return column === undefined ? [] : [describeColumn(name, kind, column)];
  });
}

/** The distribution of one column. */
export function describeColumn(name: string, kind: ColumnKind, column: Column): ColumnReference {
  if (kind === 'category' && column.storage === 'string') return ofCategories(name, kind, countTexts(column));
  if (column.storage === 'string') {
    const lengths = kind === 'text' ? lengthsOf(column) : new Float64Array(column.codes.length).fill(NaN);
    return { ...ofNumbers(name, kind, 'characters', lengths), ...(kind === 'id' ? missingOf(column) : {}) };
  }
  if (kind === 'boolean') return ofCategories(name, kind, countBooleans(column.values));
  return ofNumbers(name, kind, kind === 'date' ? 'date' : 'value', column.values);
}

/** The characters of every text, NaN where it is missing. */
export function lengthsOf({ codes, dictionary }: StringColumn): Float64Array {
  const lengths = dictionary.map((text) => text.length);
  return Float64Array.from(codes, (code) => lengths[code] ?? NaN);
}

function missingOf({ codes }: StringColumn): { readonly rows: number; readonly missing: number } {
  return { rows: codes.length, missing: codes.reduce((sum, code) => sum + (code < 0 ? 1 : 0), 0) };
}

interface TextCounts {
  readonly rows: number;
  readonly missing: number;
  readonly counts: ReadonlyMap<string, number>;
}

function countTexts({ codes, dictionary }: StringColumn): TextCounts {
  const tally = new Float64Array(dictionary.length);
  let missing = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else tally[code] = (tally[code] ?? 0) + 1;
  }
  const counts = new Map<string, number>();
  for (const [code, text] of dictionary.entries()) {
    const count = tally[code] ?? 0;
    if (count > 0) counts.set(text, (counts.get(text) ?? 0) + count);
  }
  return { rows: codes.length, missing, counts };
}

function countBooleans(values: Float64Array): TextCounts {
  const yes = values.reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0);
  const no = values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
  const counts = new Map([['false', no] as const, ['true', yes] as const].filter(([, count]) => count > 0));
  return { rows: values.length, missing: values.length - yes - no, counts };
}

function ofCategories(
  name: string,
  kind: ColumnKind,
  { rows, missing, counts }: TextCounts,
): ColumnReference {
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const kept = ranked.slice(0, MOST_CATEGORIES);
  const distribution: CategoryDistribution | null =
    kept.length === 0
      ? null
      : {
          type: 'categories',
          values: kept.map(([value]) => value),
          counts: kept.map(([, count]) => count),
          others: ranked.slice(MOST_CATEGORIES).reduce((sum, [, count]) => sum + count, 0),
        };
  return { name, kind, rows, missing, distribution };
}

function ofNumbers(
  name: string,
  kind: ColumnKind,
  measure: NumberDistribution['measure'],
  values: Float64Array,
): ColumnReference {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const missing = values.length - sorted.length;
  if (sorted.length === 0) return { name, kind, rows: values.length, missing, distribution: null };
  const knots = knotsOf(sorted);
  const counts: number[] = [];
  let from = 0;
  for (const knot of knots) {
    const to = upperBound(sorted, knot, from);
    counts.push(to - from);
    from = to;
  }
  // Around the first value, so that the squares of large values do not lose what tells them apart.
  const shift = sorted[0] ?? 0;
  let sum = 0;
  let squares = 0;
  for (const value of sorted) {
    sum += value - shift;
    squares += (value - shift) ** 2;
  }
  const mean = sum / sorted.length;
  const variance = Math.max(0, squares / sorted.length - mean ** 2);
  const distribution: NumberDistribution = {
    type: 'numbers',
    measure,
    knots,
    counts,
    mean: shift + mean,
    standardDeviation: Number.isFinite(variance) ? Math.sqrt(variance) : 0,
  };
  return { name, kind, rows: values.length, missing, distribution };
}

/** All different values if they are few, else the smallest and the quantiles. */
function knotsOf(sorted: Float64Array): number[] {
  const different: number[] = [];
  for (const value of sorted) {
    if (value === different.at(-1)) continue;
    different.push(value);
    if (different.length > QUANTILES) break;
  }
  if (different.length <= QUANTILES) return different;
  const at = (i: number): number => sorted[i] ?? 0;
  const quantiles = Array.from({ length: QUANTILES }, (_, q) =>
    at(Math.ceil(((q + 1) / QUANTILES) * sorted.length) - 1),
  );
  return [...new Set([at(0), ...quantiles])];
}

/** The index of the first value above `limit`, of `from` and later. */
function upperBound(sorted: ArrayLike<number>, limit: number, from = 0): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the first knot that is not below `value`; the number of knots if all are. */
export function knotOf(knots: readonly number[], value: number): number {
  let low = 0;
  let high = knots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((knots[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
