import type { ColumnCounts } from './counts.js';
import type { CategoryDistribution, ColumnReference, NumberDistribution } from './reference.js';
import { sum } from './statistics.js';

/** Bins of a number column, if each then holds ROWS_PER_BIN rows of the reference. */
const MOST_NUMBER_BINS = 10;
const FEWEST_NUMBER_BINS = 4;
const ROWS_PER_BIN = 50;
/** Categories with a bin of their own. */
const MOST_CATEGORY_BINS = 20;

/** What a bin holds, for whoever shows it. */
export type BinLabel =
  | { readonly type: 'range'; readonly above: number | null; readonly upTo: number | null }
  /** Out of the range of the reference. */
  | { readonly type: 'below' | 'above'; readonly value: number }
  | { readonly type: 'category'; readonly value: string }
  | { readonly type: 'others' | 'unseen' | 'present' | 'missing' };

/** One bin of the two histograms that are compared. */
export type Bin = { readonly label: BinLabel; readonly expected: number; readonly actual: number };

/**
 * The histograms of a column in its reference and in later rows: numbers in bins of about equal reference rows and,
 * where they are out of its range, beside them; frequent categories one by one and all others together; missing cells. Bins empty on both sides are left
 * out.
 */
export function binsOf(reference: ColumnReference, counts: ColumnCounts): Bin[] {
  const { distribution, rows, missing } = reference;
  const bins =
    distribution === null
      ? [{ label: { type: 'present' as const }, expected: rows - missing, actual: counts.cells[0] ?? 0 }]
      : distribution.type === 'numbers'
        ? numberBins(distribution, counts)
        : categoryBins(distribution, counts);
  return [...bins, { label: { type: 'missing' as const }, expected: missing, actual: counts.missing }].filter(
    ({ expected, actual }) => expected + actual > 0,
  );
}

function numberBins({ knots, counts: expected }: NumberDistribution, { cells }: ColumnCounts): Bin[] {
  const total = sum(expected);
  const wanted = Math.max(FEWEST_NUMBER_BINS, Math.min(MOST_NUMBER_BINS, Math.floor(total / ROWS_PER_BIN)));
  const [least, most] = [knots[0] ?? 0, knots.at(-1) ?? 0];
  const bins: Bin[] = [];
  let above: number | null = null;
  let [gathered, actual, before] = [0, 0, 0];
  for (const [i, count] of expected.entries()) {
    gathered += count;
    actual += cells[i + 1] ?? 0;
    const isLast = i === knots.length - 1;
    if (!isLast && (before + gathered) * wanted < total * (bins.length + 1)) continue;
    const upTo = isLast ? null : (knots[i] ?? null);
    bins.push({ label: { type: 'range', above, upTo }, expected: gathered, actual });
    before += gathered;
    above = upTo;
    [gathered, actual] = [0, 0];
  }
  return [
    { label: { type: 'below', value: least }, expected: 0, actual: cells[0] ?? 0 },
    ...bins,
    { label: { type: 'above', value: most }, expected: 0, actual: cells.at(-1) ?? 0 },
  ];
}

function categoryBins(distribution: CategoryDistribution, { cells }: ColumnCounts): Bin[] {
  const { values, counts, others } = distribution;
  const shown = values.slice(0, MOST_CATEGORY_BINS).map((value, i): Bin => ({
    label: { type: 'category', value },
    expected: counts[i] ?? 0,
    actual: cells[i] ?? 0,
  }));
  const unlisted = cells[values.length] ?? 0;
  const rest: Bin = {
    label: { type: 'others' },
    expected: sum(counts.slice(MOST_CATEGORY_BINS)) + others,
    actual: sum(cells.slice(MOST_CATEGORY_BINS, values.length)) + (others > 0 ? unlisted : 0),
  };
  const unseen: Bin = { label: { type: 'unseen' }, expected: 0, actual: others > 0 ? 0 : unlisted };
  return [...shown, rest, unseen];
}
