import type { FloatArray } from './float-array.js';

const BITS = 11;
const BUCKETS = 1 << BITS;
const MASK = BUCKETS - 1;

/** One stable pass of the radix sort per 11 bits of the 32-bit keys; gives the new order. */
function sortByWord(keys: Uint32Array, order: Int32Array): Int32Array {
  let from = order;
  let to: Int32Array = new Int32Array(order.length);
  const rows = order.length;
  const starts = new Uint32Array(BUCKETS);
  for (let shift = 0; shift < 32; shift += BITS) {
    starts.fill(0);
    for (let row = 0; row < rows; row++) {
      const bucket = ((keys[row] as number) >>> shift) & MASK;
      starts[bucket] = (starts[bucket] as number) + 1;
    }
    let position = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = starts[bucket] as number;
      starts[bucket] = position;
      position += count;
    }
    for (let i = 0; i < rows; i++) {
      const row = from[i] as number;
      const bucket = ((keys[row] as number) >>> shift) & MASK;
      const at = starts[bucket] as number;
      to[at] = row;
      starts[bucket] = at + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Row numbers by ascending value, equal values in row order. A radix sort on the bits of the floats: O(n), some ten
 * times as fast as a sort with a comparator. Values must not be NaN; -0 sorts as 0.
 */
export function ascendingOrder(values: FloatArray): Int32Array {
  const rows = values.length;
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  // Adding 0 turns -0 into 0, which has other bits but must tie with it.
  const clean = values.slice();
  for (let row = 0; row < rows; row++) clean[row] = (clean[row] as number) + 0;
  const words = new Uint32Array(clean.buffer, clean.byteOffset, clean.byteLength / 4);
  const high = new Uint32Array(rows);
  if (values instanceof Float32Array) {
    for (let row = 0; row < rows; row++) {
      const bits = words[row] as number;
      high[row] = bits >>> 31 === 1 ? ~bits : bits | 0x80000000;
    }
    return sortByWord(high, order);
  }
  const low = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const lowBits = words[2 * row] as number;
    const highBits = words[2 * row + 1] as number;
    const negative = highBits >>> 31 === 1;
    low[row] = negative ? ~lowBits : lowBits;
    high[row] = negative ? ~highBits : highBits | 0x80000000;
  }
  return sortByWord(high, sortByWord(low, order));
}
