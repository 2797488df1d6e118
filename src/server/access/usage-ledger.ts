import { addUsage, dayOf, NO_USAGE, type UsageCounts, type UsageEntry } from '../../core/usage.js';
import type { Spent } from './access.js';

/** One request as usage counts it. Plain data, so that a worker can send it to its parent. */
export interface Charge {
  readonly key: string;
  readonly model: string;
  readonly version: number | null;
  readonly counts: UsageCounts;
}

export function chargeOf({ key, model, ok, rows, computeSeconds }: Spent): Charge {
  const counts = { requests: 1, errors: ok ? 0 : 1, rows, computeSeconds };
  return { key: key.id, model: model.name, version: model.version, counts };
}

/** What keys used since a server began, by day. Several requests of one key and model are one entry. */
export class UsageLedger {
  private readonly days = new Map<string, Map<string, UsageEntry>>();
  private readonly changed = new Set<string>();

  add({ key, model, version, counts }: Charge, now: number = Date.now()): void {
    const day = dayOf(now);
    let entries = this.days.get(day);
    if (entries === undefined) {
      entries = new Map();
      this.days.set(day, entries);
    }
    const name = JSON.stringify([key, model, version]);
    const before = entries.get(name) ?? NO_USAGE;
    entries.set(name, { key, model, version, ...addUsage(before, counts) });
    this.changed.add(day);
  }

  /** The days that have changed since they were last taken, with all that was used in them. */
  takeChanged(): readonly (readonly [day: string, entries: readonly UsageEntry[]])[] {
    const taken = [...this.changed].map((day) => [day, [...(this.days.get(day)?.values() ?? [])]] as const);
    this.changed.clear();
    return taken;
  }

  /** Says that a taken day could not be written, and is to be taken again. */
  putBack(day: string): void {
    this.changed.add(day);
  }

  /** Forgets the days before one, which do not change any more; those that were not taken stay. */
  forgetBefore(first: string): void {
    for (const day of this.days.keys()) if (day < first && !this.changed.has(day)) this.days.delete(day);
  }
}
