/** Finite values are held within ±this, so that sums of squares stay finite and so do features as float32. */
export const LARGEST = 1e37;
/** Sums of squares below this have lost digits, or everything. */
const SMALLEST_SQUARES = 1e-280;
/** Distinct values kept before values are rounded. */
const MOST_DISTINCT = 65_536;
const BUFFER_SIZE = 32_768;

/** What is known of a column of numbers once all have been seen. */
export interface Summary {
  /** Finite values. */
  readonly count: number;
  readonly missing: number;
  /** Finite values that are larger than {@link LARGEST}, and were taken for that. */
  readonly beyond: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Of the population (divided by n), as scikit-learn's StandardScaler has it. */
  readonly standardDeviation: number;
  /** The most frequent value; of several, the smallest. */
  readonly mode: number;
  /** The p-quantile, with linear interpolation between neighbours (numpy's default). */
  readonly quantile: (p: number) => number;
}

/**
 * The distribution of any number of values, in bounded memory and independent of their order: a table of distinct
 * values with counts. It is exact up to 65,536 distinct values; beyond that, values share an entry when they agree in
 * all but their last bits, as many bits as are needed to stay within the table. On data of one order of magnitude an
 * entry is then about 1/65,536 of the range. NaN counts as missing; ±Infinity counts as neither.
 */
export class Distribution {
  private values = new Float64Array(0);
  private counts = new Float64Array(0);
  private readonly buffer = new Float64Array(BUFFER_SIZE);
  private buffered = 0;
  /** Bits of the mantissa that are dropped. */
  private dropped = 0;
  private missing = 0;
  private beyond = 0;
  private minimum = Infinity;
  private maximum = -Infinity;

  add(values: Float64Array): void {
    for (const value of values) {
      if (!Number.isFinite(value)) {
        if (Number.isNaN(value)) this.missing++;
        continue;
      }
      // Adding 0 turns -0 into 0, which sorts differently and is the same number.
      const held = Math.max(-LARGEST, Math.min(LARGEST, value)) + 0;
      if (Math.abs(value) > LARGEST) this.beyond++;
      if (held < this.minimum) this.minimum = held;
      if (held > this.maximum) this.maximum = held;
      this.buffer[this.buffered++] = held;
      if (this.buffered === BUFFER_SIZE) this.flush();
    }
  }

  summary(): Summary {
    this.flush();
    const { counts, missing, beyond, minimum, maximum } = this;
    const values = this.representatives();
    const count = counts.reduce((sum, n) => sum + n, 0);
    if (count === 0) return emptySummary(missing);
    let mean = 0;
    let mode = 0;
    for (let i = 0; i < values.length; i++) {
      mean += (values[i] as number) * ((counts[i] as number) / count);
      if ((counts[i] as number) > (counts[mode] as number)) mode = i;
    }
    const constant = minimum === maximum;
    const cumulative = cumulate(counts);
    return {
      count,
      missing,
      beyond,
      minimum,
      maximum,
      mean: constant ? minimum : mean,
      standardDeviation: constant ? 0 : deviationOf(values, counts, mean, count),
      mode: values[mode] as number,
      quantile: (p) => quantile(values, cumulative, p),
    };
  }

  /** Sorts what is buffered into the table. */
  private flush(): void {
    if (this.buffered === 0) return;
    const fresh = this.buffer.slice(0, this.buffered);
    this.buffered = 0;
    truncate(fresh, this.dropped);
    fresh.sort();
    [this.values, this.counts] = merged(this.values, this.counts, fresh);
    while (this.values.length > MOST_DISTINCT && this.dropped < 52) {
      this.dropped++;
      truncate(this.values, this.dropped);
      [this.values, this.counts] = collapsed(this.values, this.counts);
    }
  }

  /** The middle of every entry's interval, within the extremes seen. */
  private representatives(): Float64Array {
    if (this.dropped === 0) return this.values;
    const middles = this.values.slice();
    const words = new Uint32Array(middles.buffer);
    const bit = this.dropped - 1;
    for (let i = 0; i < middles.length; i++) {
      if (middles[i] === 0) continue;
      const word = 2 * i + (bit < 32 ? 0 : 1);
      words[word] = (words[word] as number) | (1 << (bit & 31));
    }
    return middles.map((value) => Math.max(this.minimum, Math.min(this.maximum, value)));
  }
}

function deviationOf(values: Float64Array, counts: Float64Array, mean: number, count: number): number {
  const squaresOver = (unit: number): number => {
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      squares += (((values[i] as number) - mean) / unit) ** 2 * (counts[i] as number);
    }
    return squares;
  };
  const squares = squaresOver(1);
  if (squares > SMALLEST_SQUARES) return Math.sqrt(squares / count);
  // Numbers as small as 1e-200 have no square: they are measured by their own range.
  const unit = (values.at(-1) as number) - (values[0] as number);
  return unit > 0 ? unit * Math.sqrt(squaresOver(unit) / count) : 0;
}

function emptySummary(missing: number): Summary {
  return {
    count: 0,
    missing,
    beyond: 0,
    minimum: 0,
    maximum: 0,
    mean: 0,
    standardDeviation: 0,
    mode: 0,
    quantile: () => 0,
  };
}

/** Sets the last `bits` bits of every mantissa to zero, which rounds toward zero and so keeps the order. */
function truncate(values: Float64Array, bits: number): void {
  if (bits === 0) return;
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const low = bits >= 32 ? 0 : (-1 << bits) >>> 0;
  const high = bits > 32 ? (-1 << (bits - 32)) >>> 0 : 0xffffffff;
  for (let i = 0; i < words.length; i += 2) {
    words[i] = (words[i] as number) & low;
    words[i + 1] = (words[i + 1] as number) & high;
  }
}

/** Two sorted lists as one list of distinct values with counts. */
function merged(
  values: Float64Array,
  counts: Float64Array,
  fresh: Float64Array,
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  const outValues = new Float64Array(values.length + fresh.length);
  const outCounts = new Float64Array(values.length + fresh.length);
  let size = 0;
  let a = 0;
  let b = 0;
  while (a < values.length || b < fresh.length) {
    const fromTable =
      a < values.length && (b >= fresh.length || (values[a] as number) <= (fresh[b] as number));
    const value = (fromTable ? values[a] : fresh[b]) as number;
    const count = fromTable ? (counts[a++] as number) : 1;
    if (!fromTable) b++;
    if (size > 0 && outValues[size - 1] === value)
      outCounts[size - 1] = (outCounts[size - 1] as number) + count;
    else {
      outValues[size] = value;
      outCounts[size++] = count;
    }
  }
  return [outValues.slice(0, size), outCounts.slice(0, size)];
}

/** Equal neighbours as one. */
function collapsed(
  values: Float64Array,
  counts: Float64Array,
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    if (size > 0 && values[size - 1] === values[i]) {
      counts[size - 1] = (counts[size - 1] as number) + (counts[i] as number);
    } else {
      values[size] = values[i] as number;
      counts[size++] = counts[i] as number;
    }
  }
  return [values.slice(0, size), counts.slice(0, size)];
}

function cumulate(counts: Float64Array): Float64Array {
  let sum = 0;
  return counts.map((count) => (sum += count));
}

/** The value of 0-based rank `rank` among all values in order. */
function atRank(values: Float64Array, cumulative: Float64Array, rank: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] as number) > rank) high = middle;
    else low = middle + 1;
  }
  return values[low] as number;
}

function quantile(values: Float64Array, cumulative: Float64Array, p: number): number {
  const position = ((cumulative.at(-1) as number) - 1) * p;
  const rank = Math.floor(position);
  const below = atRank(values, cumulative, rank);
  const above = atRank(values, cumulative, Math.ceil(position));
  return below + (above - below) * (position - rank);
}
