import type { StringColumn } from '../core/table.js';

/** Distinct strings held before the rarest are forgotten. */
const MOST_STRINGS = 1_000_000;

/** How often strings occur. */
export type Count = { readonly text: string; readonly count: number };

/** By Unicode code units: the same order on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Counts strings in bounded memory. Exact up to a million distinct strings; beyond that, those seen least are forgotten
 * now and then, so that the frequent ones stay (lossy counting, Manku & Motwani 2002).
 */
export class Frequencies {
  private readonly counts = new Map<string, number>();
  private forgotten = 0;

  add(text: string, times = 1): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + times);
    if (this.counts.size > MOST_STRINGS) this.forget();
  }

  /** Counts every cell of a column and returns how many are missing. The empty string is missing too. */
  addColumn(column: StringColumn): number {
    const { codes, dictionary } = column;
    let missing = 0;
    const times = new Map<number, number>();
    for (const code of codes) {
      if (code < 0 || dictionary[code] === '') missing++;
      else times.set(code, (times.get(code) ?? 0) + 1);
    }
    for (const [code, count] of times) this.add(dictionary[code] as string, count);
    return missing;
  }

  /** Most frequent first; equally frequent ones in the order of their text. */
  ranked(): Count[] {
    return [...this.counts]
      .map(([text, count]) => ({ text, count }))
      .sort((a, b) => b.count - a.count || compareText(a.text, b.text));
  }

  private forget(): void {
    this.forgotten++;
    for (const [text, count] of this.counts) if (count <= this.forgotten) this.counts.delete(text);
  }
}
