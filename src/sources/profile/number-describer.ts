import type { DistinctCounter } from './distinct.js';
import { Moments } from './moments.js';
import { selectPlaces } from './select.js';

/** Probabilities of the quantiles in a profile. */
export const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
/** Quantiles are taken from so many evenly spaced rows at most: their error is far below what they are read for. */
const QUANTILE_ROWS = 100_000;
/** The values of a column of numbers are counted one by one up to this many. */
export const FEW_VALUES = 50;

export type NumberSummary = {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Sample standard deviation; 0 with one value. */
  readonly standardDeviation: number;
  /** Probability → quantile, linearly interpolated. */
  readonly quantiles: { readonly [probability: string]: number };
  readonly zeros: number;
};

/** What is known of a column of numbers, truth values or dates. */
export type NumberDescription = {
  /** Cells that are neither missing nor infinite. */
  readonly present: number;
  readonly infinite: number;
  /** Of the rows that are looked at closely, as is `few`. */
  readonly distinct: number;
  /** The rows of each value; empty where there are many values. */
  readonly few: ReadonlyMap<number, number>;
  /** Null without values. */
  readonly numbers: NumberSummary | null;
};

/** How far apart `most` evenly spaced rows are; 1 where there are no more than that. */
export function spacing(rows: number, most: number): number {
  return Math.max(1, Math.ceil(rows / most));
}

/** Cells of evenly spaced rows, the first among them. */
class Spaced {
  private readonly step: number;
  private readonly cells: Float64Array;
  private count = 0;
  /** Rows from here to the next one that is taken. */
  private ahead = 0;

  constructor(rows: number, step: number) {
    this.step = step;
    this.cells = new Float64Array(Math.ceil(rows / step));
  }

  add(block: Float64Array): void {
    let row = this.ahead;
    for (; row < block.length; row += this.step) {
      const cell = block[row] as number;
      // Adding 0 makes -0 0.
      if (Number.isFinite(cell)) this.cells[this.count++] = cell + 0;
    }
    this.ahead = row - block.length;
  }

  get numbers(): Float64Array {
    return this.cells.subarray(0, this.count);
  }
}

/** Describes a column from its cells, block by block in the order of the rows. NaN is missing. */
export class NumberDescriber {
  private readonly moments = new Moments();
  private readonly sample: Spaced;
  private readonly forQuantiles: Spaced;

  /** @param step How far apart the rows are that are looked at closely. */
  constructor(rows: number, step: number) {
    this.sample = new Spaced(rows, step);
    this.forQuantiles = new Spaced(rows, spacing(rows, QUANTILE_ROWS));
  }

  add(block: Float64Array): void {
    this.moments.add(block);
    this.sample.add(block);
    this.forQuantiles.add(block);
  }

  describe(counter: DistinctCounter): NumberDescription {
    const { count, infinite, minimum, maximum, mean, standardDeviation, zeros } = this.moments;
    const distinct = counter.count(this.sample.numbers);
    const few = new Map<number, number>();
    if (distinct <= FEW_VALUES) {
      for (const number of this.sample.numbers) few.set(number, (few.get(number) ?? 0) + 1);
    }
    const quantiles = quantilesOf(this.forQuantiles.numbers);
    const numbers = { minimum, maximum, mean, standardDeviation, quantiles, zeros };
    return { present: count, infinite, distinct, few, numbers: count === 0 ? null : numbers };
  }
}

/** Exchanges the numbers. */
function quantilesOf(numbers: Float64Array): NumberSummary['quantiles'] {
  const places = QUANTILES.map((probability) => probability * (numbers.length - 1));
  selectPlaces(
    numbers,
    places.flatMap((place) => [Math.floor(place), Math.ceil(place)]),
  );
  const quantiles = places.map((place) => {
    const [below = 0, above = 0] = [numbers[Math.floor(place)], numbers[Math.ceil(place)]];
    const share = place - Math.floor(place);
    return below * (1 - share) + above * share;
  });
  return Object.fromEntries(QUANTILES.map((probability, i) => [String(probability), quantiles[i] ?? 0]));
}
