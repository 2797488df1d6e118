/** A spread of the 64 bits of a number over 32. */
function spread(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
}

/** Digits after the point up to which numbers are counted as whole ones, and how many whole numbers in a row may be marked. */
const MOST_DIGITS = 6;
const MOST_MARKS = 2 ** 26;
/** Numbers that show how many digits there are. */
const SHOWN = 100;

/** Counts different numbers; the memory it takes for one column serves the next. */
export class DistinctCounter {
  private table = new Float64Array(0);
  private marks = new Uint32Array(0);

  /** How many different numbers there are. NaN and -0 must not be among them: their bits are not those of their equals. */
  count(numbers: Float64Array): number {
    return this.countDecimals(numbers) ?? this.countAny(numbers);
  }

  /**
   * Marks numbers that have few digits, each in a place of its own: much faster than looking for them.
   * Undefined where they have more digits, or lie too far apart.
   */
  private countDecimals(numbers: Float64Array): number | undefined {
    const scale = scaleOf(numbers.subarray(0, SHOWN));
    if (scale === undefined) return undefined;
    let [least, most] = [Infinity, -Infinity];
    for (const number of numbers) {
      if (number < least) least = number;
      if (number > most) most = number;
    }
    const first = Math.floor(least * scale);
    const span = Math.ceil(most * scale) - first + 1;
    // More places than numbers in a table would have.
    if (!(span <= MOST_MARKS && span <= 256 * numbers.length)) return undefined;
    const words = (span >>> 5) + 1;
    if (this.marks.length < words) this.marks = new Uint32Array(words);
    const marks = this.marks.fill(0, 0, words);
    let distinct = 0;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      const whole = Math.round(number * scale);
      if (whole / scale !== number) return undefined;
      const place = whole - first;
      const mark = 1 << (place & 31);
      const word = marks[place >>> 5] as number;
      if ((word & mark) !== 0) continue;
      marks[place >>> 5] = word | mark;
      distinct++;
    }
    return distinct;
  }

  private countAny(numbers: Float64Array): number {
    const size = 2 ** Math.ceil(Math.log2(2 * numbers.length + 1));
    if (this.table.length < size) this.table = new Float64Array(size);
    // NaN, which equals no number, marks a free place.
    const table = this.table.fill(NaN, 0, size);
    const bits = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
    let distinct = 0;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      let place = spread(bits[2 * i] as number, bits[2 * i + 1] as number) & (size - 1);
      for (;;) {
        const other = table[place] as number;
        if (other === number) break;
        if (Number.isNaN(other)) {
          table[place] = number;
          distinct++;
          break;
        }
        place = (place + 1) & (size - 1);
      }
    }
    return distinct;
  }
}

/** The power of ten that makes all numbers whole, and gives each of them back when divided by; undefined where none does. */
function scaleOf(numbers: Float64Array): number | undefined {
  for (let digits = 0; digits <= MOST_DIGITS; digits++) {
    const scale = 10 ** digits;
    if (numbers.every((number) => Math.round(number * scale) / scale === number)) return scale;
  }
  return undefined;
}
