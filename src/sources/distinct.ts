/** A spread of the 64 bits of a number over 32. */
function spread(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
}

/** Counts different numbers; the memory it takes for one column serves the next. */
export class DistinctCounter {
  private table = new Float64Array(0);

  /** How many different numbers there are. NaN and -0 must not be among them: their bits are not those of their equals. */
  count(numbers: Float64Array): number {
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
