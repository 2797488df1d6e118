import { type Column, cellCount } from '../../core/table.js';

/** The finalizer of MurmurHash3 (Appleby): every bit of the input changes half of the output's. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashText(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

const SEEDS = [0x9e3779b9, 0x7f4a7c15] as const;
const MISSING = 0x5bd1e995;

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/** Mixes a column's cells into two 32-bit hashes a row. */
function mixColumn(column: Column, hashes: readonly [Uint32Array, Uint32Array]): void {
  const texts = new Map<number, readonly [number, number]>();
  for (let row = 0; row < cellCount(column); row++) {
    let pair: readonly [number, number];
    if (column.storage === 'number') {
      const value = column.values[row] as number;
      bits[0] = Number.isNaN(value) ? NaN : value + 0;
      const [low, high] = [words[0] as number, words[1] as number];
      pair = [mix(low ^ mix(high ^ SEEDS[0])), mix(high ^ mix(low ^ SEEDS[1]))];
    } else {
      const code = column.codes[row] as number;
      const text = column.dictionary[code];
      const known = texts.get(code);
      pair =
        known ??
        (text === undefined ? [MISSING, MISSING] : [hashText(text, SEEDS[0]), hashText(text, SEEDS[1])]);
      if (known === undefined) texts.set(code, pair);
    }
    for (const i of [0, 1] as const) hashes[i][row] = mix(Math.imul(hashes[i][row] as number, 31) + pair[i]);
  }
}

/**
 * Finds rows that have been met before. Remembers 64 bits of every row: among ten million different rows the chance that
 * any two are mistaken for each other is about 3 in a million.
 */
export class RowSet {
  private slots = new Uint32Array(2 * 1024);
  private size = 0;

  /** For every row, 1 if an equal one was in a table before or stands above it. */
  repeated(columns: readonly Column[], rows: number): Uint8Array {
    return this.look(columns, rows, true);
  }

  /** For every row, 1 if an equal one was in a table before; these rows are not remembered. */
  known(columns: readonly Column[], rows: number): Uint8Array {
    return this.look(columns, rows, false);
  }

  private look(columns: readonly Column[], rows: number, remember: boolean): Uint8Array {
    const hashes = [new Uint32Array(rows).fill(SEEDS[0]), new Uint32Array(rows).fill(SEEDS[1])] as const;
    for (const column of columns) mixColumn(column, [hashes[0], hashes[1]]);
    const found = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      // 0 marks a free slot.
      const isNew = this.isNew(hashes[0][row] as number, (hashes[1][row] as number) || 1, remember);
      if (!isNew) found[row] = 1;
    }
    return found;
  }

  /** false if it was there already. */
  private isNew(first: number, second: number, remember: boolean): boolean {
    if (this.size * 3 > this.slots.length) this.grow();
    const mask = this.slots.length / 2 - 1;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const [a, b] = [this.slots[2 * slot] as number, this.slots[2 * slot + 1] as number];
      if (b === 0) {
        if (!remember) return true;
        this.slots[2 * slot] = first;
        this.slots[2 * slot + 1] = second;
        this.size++;
        return true;
      }
      if (a === first && b === second) return false;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    this.size = 0;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.isNew(old[i] as number, old[i + 1] as number, true);
    }
  }
}
