import { randomBytes } from 'node:crypto';
import type { QuotaPeriod } from '../../core/api-key.js';
import type { Reporter } from '../../core/reporter.js';
import { dayOf } from '../../core/usage.js';
import type { Used } from '../../server/access/limits.js';
import { type Charge, UsageLedger } from '../../server/access/usage-ledger.js';
import { UsageStore } from '../../workspace/usage-store.js';
import type { Workspace } from '../../workspace/workspace.js';

/** Milliseconds of usage that a crash may lose. */
const WRITE_EVERY = 2_000;

/** Milliseconds after which the usage of other servers of the workspace is looked at again. */
const READ_EVERY = 5_000;

const NOTHING: Used = { rows: 0, requests: 0 };

/**
 * The usage of a server: what its keys use is added up and written every few seconds, and what they used before it
 * started, or use of other servers of the workspace, is known for their quotas.
 */
export class UsageRecord {
  private readonly store: UsageStore;
  private readonly reporter: Reporter;
  private readonly ledger = new UsageLedger();
  private readonly server = `${dayOf(Date.now())}-${randomBytes(6).toString('hex')}`;
  private readonly timers: readonly NodeJS.Timeout[];
  private elsewhere: Readonly<Record<QuotaPeriod, ReadonlyMap<string, Used>>> = {
    day: new Map(),
    month: new Map(),
  };
  private readOn = '';
  private writing: Promise<void> = Promise.resolve();
  private failed = false;

  private constructor(workspace: Workspace, reporter: Reporter) {
    this.store = new UsageStore(workspace);
    this.reporter = reporter;
    this.timers = [
      setInterval(() => void this.write(), WRITE_EVERY),
      setInterval(() => void this.look(), READ_EVERY),
    ];
    for (const timer of this.timers) timer.unref();
  }

  /** @throws AimaasError ARTIFACT_CORRUPT when the usage of this month cannot be read. */
  static async open(workspace: Workspace, reporter: Reporter): Promise<UsageRecord> {
    const record = new UsageRecord(workspace, reporter);
    try {
      await record.read();
    } catch (error) {
      record.stop();
      throw error;
    }
    return record;
  }

  add(charge: Charge): void {
    this.ledger.add(charge);
  }

  /** What a key used besides what this server has added up. */
  used(key: string, period: QuotaPeriod, now: number): Used {
    const today = dayOf(now);
    const stale = period === 'day' ? today !== this.readOn : today.slice(0, 7) !== this.readOn.slice(0, 7);
    return (stale ? undefined : this.elsewhere[period].get(key)) ?? NOTHING;
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.stop();
    await this.write();
  }

  private stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private write(): Promise<void> {
    this.writing = this.writing.then(async () => {
      for (const [day, entries] of this.ledger.takeChanged()) {
        try {
          await this.store.write(day, this.server, entries);
          this.failed = false;
        } catch (error) {
          this.ledger.putBack(day);
          if (!this.failed) this.warn('The usage of keys cannot be written, and is kept in memory', error);
          this.failed = true;
        }
      }
      this.ledger.forgetBefore(dayOf(Date.now()));
    });
    return this.writing;
  }

  private async look(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      this.warn('The usage of other servers stays as it was', error);
    }
  }

  private async read(): Promise<void> {
    const today = dayOf(Date.now());
    const day = new Map<string, Used>();
    const month = new Map<string, Used>();
    for (const name of await this.store.days(`${today.slice(0, 7)}-01`, today)) {
      for (const { key, rows, requests, errors } of await this.store.read(name, this.server)) {
        const used = { rows, requests: requests - errors };
        addTo(month, key, used);
        if (name === today) addTo(day, key, used);
      }
    }
    this.elsewhere = { day, month };
    this.readOn = today;
  }

  private warn(what: string, error: unknown): void {
    this.reporter.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addTo(sums: Map<string, Used>, key: string, { rows, requests }: Used): void {
  const before = sums.get(key) ?? NOTHING;
  sums.set(key, { rows: before.rows + rows, requests: before.requests + requests });
}
