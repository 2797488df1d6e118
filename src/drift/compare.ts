import type { ColumnKind } from '../core/table.js';
import { type Bin, binsOf } from './bins.js';
import type { ColumnCounts, Counts } from './counts.js';
import type { ColumnReference } from './reference.js';
import {
  chiSquareTest,
  kolmogorovSmirnov,
  populationStability,
  stabilityNoise,
  sum,
  type TestResult,
} from './statistics.js';

/** Usual limits of the population stability index. */
const MODERATE = 0.1;
export const MAJOR = 0.2;

/**
 * How far a column has moved: `stable`, `moderate` or `major` by the usual limits of the index, as far as it is more than
 * chance would give; `unknown` with too few rows to tell; `absent` when no row has the column.
 */
type DriftLevel = 'stable' | 'moderate' | 'major' | 'unknown' | 'absent';

export type ColumnDrift = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly level: DriftLevel;
  /** Whether thresholds are held against it. Dates are not: later rows have later dates. */
  readonly judged: boolean;
  readonly rows: number;
  /** Population stability index over `bins`; null without rows. */
  readonly psi: number | null;
  /** What the index would be below by chance in 95 % of the cases, with so many rows. */
  readonly psiNoise: number | null;
  readonly test: ({ readonly name: 'kolmogorov-smirnov' | 'chi-square' } & TestResult) | null;
  /** Shares of missing cells. */
  readonly missing: { readonly reference: number; readonly current: number; readonly pValue: number };
  /** Share of rows with a category that the training rows do not have; null where that cannot be told. */
  readonly unseen: number | null;
  /** Share of values below the least or above the greatest of the training rows; null for what is no number. */
  readonly outOfRange: number | null;
  readonly bins: readonly Bin[];
};

/** By index, the largest first; dates, which are not judged, last. */
export function furthestFirst(columns: readonly ColumnDrift[]): ColumnDrift[] {
  return [...columns].sort((a, b) => Number(b.judged) - Number(a.judged) || (b.psi ?? -1) - (a.psi ?? -1));
}

/** Compares counts with their references, column by column. */
export function compareCounts(references: readonly ColumnReference[], counts: Counts): ColumnDrift[] {
  return references.map((reference, i) =>
    compareColumn(reference, counts[i] ?? { rows: 0, missing: 0, cells: [] }),
  );
}

/** The population stability index of a column alone, for metrics; null without rows. */
function stabilityOf(reference: ColumnReference, counts: ColumnCounts): number | null {
  if (counts.rows === 0 || reference.rows === 0) return null;
  const bins = binsOf(reference, counts);
  return populationStability(
    bins.map(({ expected }) => expected),
    bins.map(({ actual }) => actual),
  );
}

function compareColumn(reference: ColumnReference, counts: ColumnCounts): ColumnDrift {
  const { name, kind, distribution } = reference;
  const bins = binsOf(reference, counts);
  const expected = bins.map((bin) => bin.expected);
  const actual = bins.map((bin) => bin.actual);
  const psi = stabilityOf(reference, counts);
  const noise = stabilityNoise(bins.length, reference.rows, counts.rows);
  const present = counts.rows - counts.missing;
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  const numbers = distribution?.type === 'numbers' ? distribution : undefined;
  const isComplete = distribution?.type === 'categories' && distribution.others === 0;
  return {
    name,
    kind,
    level: levelOf(psi, noise),
    judged: kind !== 'date',
    rows: counts.rows,
    psi,
    psiNoise: Number.isFinite(noise) ? noise : null,
    test: testOf(reference, counts, expected, actual),
    missing: {
      reference: share(reference.missing, reference.rows),
      current: share(counts.missing, counts.rows),
      pValue: chiSquareTest(
        [reference.missing, reference.rows - reference.missing],
        [counts.missing, present],
      ).pValue,
    },
    unseen: isComplete ? share(counts.cells.at(-1) ?? 0, present) : null,
    outOfRange:
      numbers === undefined ? null : share((counts.cells[0] ?? 0) + (counts.cells.at(-1) ?? 0), present),
    bins,
  };
}

function testOf(
  { distribution }: ColumnReference,
  counts: ColumnCounts,
  expected: readonly number[],
  actual: readonly number[],
): ColumnDrift['test'] {
  if (distribution === null || counts.rows === 0) return null;
  if (distribution.type === 'numbers') {
    if (sum(counts.cells) === 0) return null;
    return { name: 'kolmogorov-smirnov', ...kolmogorovSmirnov([0, ...distribution.counts, 0], counts.cells) };
  }
  return { name: 'chi-square', ...chiSquareTest(expected, actual) };
}

function levelOf(psi: number | null, noise: number): DriftLevel {
  if (psi === null) return 'absent';
  if (psi > noise) return psi >= MAJOR ? 'major' : psi >= MODERATE ? 'moderate' : 'stable';
  return noise > MAJOR ? 'unknown' : 'stable';
}
