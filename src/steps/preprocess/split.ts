import { SPLITS } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { Random } from '../../core/random.js';

/** Shares of train, validation and test; they sum to 1 and any but the first may be 0. */
export type Fractions = readonly [number, number, number];

/** Marks a row that is in no split. */
export const NO_SPLIT = 255;

/** For every row of the data, the index of its split in SPLITS, or NO_SPLIT. */
export type Assignment = Uint8Array;

export interface SplitInput {
  /** Rows of the data set, kept or not. */
  readonly total: number;
  /** The rows to deal out, ascending. */
  readonly rows: Int32Array;
  readonly fractions: Fractions;
  readonly seed: number;
  /** `[total]`: class of every row, to keep their proportions; null to ignore the target. */
  readonly classes: Int32Array | null;
}

function tooFewRows(message: string): AimaasError {
  return new AimaasError('TOO_FEW_ROWS', message, { hint: 'aimaas preprocess --split 0.8,0.2,0' });
}

function empty(total: number): Assignment {
  return new Uint8Array(total).fill(NO_SPLIT);
}

/** Rows gathered by a key: the members of key k are `members.subarray(starts[k], starts[k + 1])`, in their order. */
function gather(
  rows: Int32Array,
  keyOf: (row: number) => number,
  keys: number,
): {
  readonly members: Int32Array;
  readonly starts: Int32Array;
} {
  const starts = new Int32Array(keys + 1);
  for (const row of rows) starts[keyOf(row) + 1] = (starts[keyOf(row) + 1] as number) + 1;
  for (let key = 0; key < keys; key++)
    starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number);
  const next = starts.slice(0, keys);
  const members = new Int32Array(rows.length);
  for (const row of rows) {
    const key = keyOf(row);
    members[next[key] as number] = row;
    next[key] = (next[key] as number) + 1;
  }
  return { members, starts };
}

function largestPlusOne(values: Int32Array | null, rows: Int32Array): number {
  let largest = -1;
  if (values !== null) for (const row of rows) largest = Math.max(largest, values[row] as number);
  return largest + 1;
}

/**
 * How many of a class's `count` rows each split gets: its share rounded down, the remaining rows to the splits that the
 * classes before have left furthest behind (`owed`, which is brought up to date). A class always has a training row.
 */
function allocate(count: number, fractions: Fractions, owed: number[]): number[] {
  const counts = fractions.map((fraction) => Math.floor(fraction * count));
  fractions.forEach((fraction, part) => {
    owed[part] = (owed[part] as number) + fraction * count - (counts[part] as number);
  });
  let left = count - counts.reduce((sum, n) => sum + n, 0);
  for (const part of [0, 1, 2].sort((a, b) => (owed[b] as number) - (owed[a] as number))) {
    if (left === 0) break;
    if (fractions[part] === 0) continue;
    give(counts, owed, part, 1);
    left--;
  }
  give(counts, owed, 0, left);
  if (counts[0] === 0 && count > 0) {
    const from = (counts[1] as number) >= (counts[2] as number) ? 1 : 2;
    give(counts, owed, from, -1);
    give(counts, owed, 0, 1);
  }
  return counts;
}

function give(counts: number[], owed: number[], part: number, rows: number): void {
  counts[part] = (counts[part] as number) + rows;
  owed[part] = (owed[part] as number) - rows;
}

/** Takes rows from training for a split that rounding left without any, as long as the class keeps a training row. */
function fillEmptyParts(counts: readonly number[][], fractions: Fractions): void {
  for (const part of [1, 2]) {
    const filled = counts.some((of) => (of[part] as number) > 0);
    if (fractions[part] === 0 || filled) continue;
    const [donor] = [...counts].sort((a, b) => (b[0] as number) - (a[0] as number));
    if (donor === undefined || (donor[0] as number) < 2) continue;
    donor[0] = (donor[0] as number) - 1;
    donor[part] = 1;
  }
}

/**
 * Deals rows out at random; with classes, each class in proportion. Every class with a row has a training row.
 * @throws AimaasError TOO_FEW_ROWS when a split that should have rows would have none.
 */
export function randomSplit(input: SplitInput): Assignment {
  const { rows, classes, fractions } = input;
  const random = Random.of(input.seed, 'split');
  const keys = Math.max(1, largestPlusOne(classes, rows));
  const { members, starts } = gather(rows, (row) => classes?.[row] ?? 0, keys);
  const owed = [0, 0, 0];
  const counts = Array.from({ length: keys }, (_, key) =>
    allocate((starts[key + 1] as number) - (starts[key] as number), fractions, owed),
  );
  fillEmptyParts(counts, fractions);

  const assignment = empty(input.total);
  counts.forEach((of, key) => {
    const mixed = random.shuffle(members.subarray(starts[key], starts[key + 1]));
    let at = 0;
    of.forEach((count, part) => {
      for (const end = at + count; at < end; at++) assignment[mixed[at] as number] = part;
    });
  });
  const shares = fractions.map((fraction) => Number(fraction.toFixed(4))).join(', ');
  checkFilled(
    assignment,
    fractions,
    `${rows.length === 1 ? 'One row is' : `${rows.length} rows are`} too few for the split ${shares}`,
  );
  return assignment;
}

/** @throws AimaasError TOO_FEW_ROWS for a split with a share but no row; `reason` says why that can be. */
function checkFilled(assignment: Assignment, fractions: Fractions, reason: string): void {
  SPLITS.forEach((name, part) => {
    if ((fractions[part] as number) === 0 || assignment.includes(part)) return;
    const rows = assignment.filter((split) => split !== NO_SPLIT).length;
    if (rows < 2) {
      throw new AimaasError('TOO_FEW_ROWS', `${reason}: the ${name} split would be empty.`, {
        hint: 'Collect more rows; a model that can be judged needs some dozens.',
      });
    }
    throw tooFewRows(`${reason}: the ${name} split would be empty.`);
  });
}

/**
 * Deals out whole groups, the largest first, each to the split that is furthest behind its share of the group's rows
 * (of each class, with classes).
 * @param groups `[total]`: group of every row, counted from 0.
 * @throws AimaasError TOO_FEW_ROWS with fewer groups than splits.
 */
export function groupSplit(input: SplitInput, groups: Int32Array, column: string): Assignment {
  const { rows, classes, fractions } = input;
  const groupCount = largestPlusOne(groups, rows);
  const { members, starts } = gather(rows, (row) => groups[row] as number, groupCount);
  const sizeOf = (group: number): number => (starts[group + 1] as number) - (starts[group] as number);
  const used = fractions.filter((fraction) => fraction > 0).length;
  const filled = Array.from({ length: groupCount }, (_, group) => group).filter((group) => sizeOf(group) > 0);
  if (filled.length < used) {
    throw tooFewRows(
      `Column "${column}" has ${filled.length} group${filled.length === 1 ? '' : 's'}, fewer than the ${used} splits: groups stay together, so one split would be empty.`,
    );
  }
  // Random first, so that groups of one size are dealt out at random.
  const order = Random.of(input.seed, 'groups').shuffle(Int32Array.from(filled));
  const bySize = Array.from(order).sort((a, b) => sizeOf(b) - sizeOf(a));

  const keys = Math.max(1, largestPlusOne(classes, rows));
  const classOf = (row: number): number => classes?.[row] ?? 0;
  const classRows = new Float64Array(keys);
  for (const row of rows) classRows[classOf(row)] = (classRows[classOf(row)] as number) + 1;
  const owed = fractions.map((fraction) => classRows.map((count) => fraction * count));

  const partOf = new Map<number, number>();
  const waiting = new Set([0, 1, 2].filter((part) => fractions[part] !== 0));
  bySize.forEach((group, position) => {
    const need = owed.map((ofClass, part) => {
      if (fractions[part] === 0) return -Infinity;
      let sum = 0;
      for (let i = starts[group] as number; i < (starts[group + 1] as number); i++) {
        const key = classOf(members[i] as number);
        sum += (ofClass[key] as number) / (classRows[key] as number);
      }
      return sum;
    });
    // The last groups go to the splits that have none yet.
    const candidates = bySize.length - position <= waiting.size ? [...waiting] : [0, 1, 2];
    const best = candidates.reduce((a, b) => ((need[b] as number) > (need[a] as number) ? b : a));
    partOf.set(group, best);
    waiting.delete(best);
    for (let i = starts[group] as number; i < (starts[group + 1] as number); i++) {
      const key = classOf(members[i] as number);
      (owed[best] as Float64Array)[key] = (owed[best]?.[key] as number) - 1;
    }
  });
  const assignment = empty(input.total);
  for (const row of rows) assignment[row] = partOf.get(groups[row] as number) as number;
  return assignment;
}

/**
 * The earliest rows to train, the latest to test. Rows of one time stay together: a boundary moves to the nearer end of
 * the time that it falls into.
 * @param times `[total]`, no NaN among `rows`.
 * @throws AimaasError TOO_FEW_ROWS when there are fewer different times than splits.
 */
export function timeSplit(input: SplitInput, times: Float64Array, column: string): Assignment {
  const { rows, fractions } = input;
  const order = rows.slice().sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  const timeAt = (position: number): number => times[order[position] as number] as number;
  const assignment = empty(input.total);
  let from = 0;
  let share = 0;
  fractions.forEach((fraction, part) => {
    share += fraction;
    const isLast = fractions.slice(part + 1).every((later) => later === 0);
    const to = fraction === 0 ? from : isLast ? rows.length : boundary(Math.round(share * rows.length), from);
    for (; from < to; from++) assignment[order[from] as number] = part;
  });

  function boundary(wanted: number, least: number): number {
    if (wanted <= least || wanted >= order.length) return Math.max(least, Math.min(order.length, wanted));
    let low = wanted;
    let high = wanted;
    while (low > least && timeAt(low - 1) === timeAt(wanted)) low--;
    while (high < order.length && timeAt(high) === timeAt(wanted)) high++;
    if (low === wanted || low <= least) return low === wanted ? wanted : high;
    return wanted - low <= high - wanted || high === order.length ? low : high;
  }

  checkFilled(
    assignment,
    fractions,
    `Column "${column}" has too few different times in the ${rows.length} rows to split by`,
  );
  return assignment;
}
