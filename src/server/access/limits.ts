import type { ApiKey, Quota, QuotaPeriod } from '../../core/api-key.js';

/** A request that a key makes, as far as limits care. Plain data, so that a worker can send it to its parent. */
export interface Demand {
  readonly key: Pick<ApiKey, 'id' | 'rateLimit' | 'quotas'>;
  readonly rows: number;
}

/** One limit of a key as it stands, for the headers of the answer. */
export interface LimitState {
  /** "rate", "rows-per-day", "requests-per-month". */
  readonly name: string;
  readonly limit: number;
  /** The seconds that `limit` is for. */
  readonly window: number;
  readonly remaining: number;
  /** Seconds until it is full again. */
  readonly reset: number;
}

export interface Verdict {
  readonly limits: readonly LimitState[];
  /** Which limit the request is beyond, and when to try again; undefined if the request may go on. */
  readonly refused?: { readonly name: string; readonly retryAfter: number };
}

/** Decides what keys may still use. */
export interface LimitKeeper {
  /** Takes a request and its rows off the limits of its key, or says which limit is in the way and takes nothing. */
  take(demand: Demand): Verdict | Promise<Verdict>;
  /** Gives back the quota of a request that was not answered. The rate limit counts it all the same. */
  giveBack(demand: Demand): void;
}

/** What a key has used in a period. */
export interface Used {
  readonly rows: number;
  readonly requests: number;
}

/** What a key used before this process began, or beside it: read from the usage of the workspace. */
export type UsedElsewhere = (keyId: string, period: QuotaPeriod, now: number) => Used;

interface Bucket {
  tokens: number;
  updated: number;
}

/** What was used through this keeper in one day or month. */
interface Window {
  readonly start: number;
  rows: number;
  requests: number;
}

const NOTHING: Used = { rows: 0, requests: 0 };

/**
 * The limits of all keys, in memory. Rates are token buckets; quotas are counted in calendar days and months (UTC), on
 * top of what `elsewhere` says. One keeper decides for all workers of a server, so that limits hold for their sum.
 */
export class Limits implements LimitKeeper {
  private readonly elsewhere: UsedElsewhere;
  private readonly now: () => number;
  private readonly buckets = new Map<string, Bucket>();
  private readonly windows = new Map<string, Window>();

  /** @param now gives the time in milliseconds since 1970. */
  constructor(elsewhere: UsedElsewhere = () => NOTHING, now: () => number = Date.now) {
    this.elsewhere = elsewhere;
    this.now = now;
  }

  take({ key, rows }: Demand): Verdict {
    const now = this.now();
    const bucket = this.bucketOf(key, now);
    if (key.rateLimit !== null && bucket !== undefined && bucket.tokens < 1) {
      const wait = ((1 - bucket.tokens) * key.rateLimit.seconds) / key.rateLimit.requests;
      return this.verdict(key, now, { name: 'rate', retryAfter: Math.max(1, Math.ceil(wait)) });
    }
    for (const quota of key.quotas) {
      const asked = quota.unit === 'rows' ? rows : 1;
      if (this.usedOf(key.id, quota, now) + asked > quota.limit) {
        // The refused request counts against the rate: a client that ignores its quota is slowed down.
        if (bucket !== undefined) bucket.tokens--;
        const retryAfter = Math.ceil((endOf(quota.period, now) - now) / 1000);
        return this.verdict(key, now, { name: nameOf(quota), retryAfter });
      }
    }
    if (bucket !== undefined) bucket.tokens--;
    this.count(key, now, rows, 1);
    return this.verdict(key, now);
  }

  giveBack({ key, rows }: Demand): void {
    this.count(key, this.now(), -rows, -1);
  }

  private verdict(key: Demand['key'], now: number, refused?: Verdict['refused']): Verdict {
    const limits = key.quotas.map((quota): LimitState => {
      const end = endOf(quota.period, now);
      return {
        name: nameOf(quota),
        limit: quota.limit,
        window: Math.round((end - startOf(quota.period, now)) / 1000),
        remaining: Math.max(0, quota.limit - this.usedOf(key.id, quota, now)),
        reset: Math.ceil((end - now) / 1000),
      };
    });
    const bucket = this.bucketOf(key, now);
    if (key.rateLimit !== null && bucket !== undefined) {
      const { requests, seconds } = key.rateLimit;
      const reset = Math.ceil(((requests - bucket.tokens) * seconds) / requests);
      const remaining = Math.max(0, Math.floor(bucket.tokens));
      limits.unshift({ name: 'rate', limit: requests, window: seconds, remaining, reset });
    }
    return refused === undefined ? { limits } : { limits, refused };
  }

  private bucketOf({ id, rateLimit }: Demand['key'], now: number): Bucket | undefined {
    if (rateLimit === null) return undefined;
    const { requests, seconds } = rateLimit;
    let bucket = this.buckets.get(id);
    if (bucket === undefined) {
      bucket = { tokens: requests, updated: now };
      this.buckets.set(id, bucket);
    }
    // A clock that is set back fills nothing.
    const passed = Math.max(0, now - bucket.updated) / 1000;
    bucket.tokens = Math.min(requests, bucket.tokens + (passed * requests) / seconds);
    bucket.updated = now;
    return bucket;
  }

  private usedOf(id: string, { unit, period }: Quota, now: number): number {
    return this.windowOf(id, period, now)[unit] + this.elsewhere(id, period, now)[unit];
  }

  private count({ id, quotas }: Demand['key'], now: number, rows: number, requests: number): void {
    for (const period of new Set(quotas.map((quota) => quota.period))) {
      const window = this.windowOf(id, period, now);
      // What is given back after midnight was taken from a window that is gone.
      window.rows = Math.max(0, window.rows + rows);
      window.requests = Math.max(0, window.requests + requests);
    }
  }

  private windowOf(id: string, period: QuotaPeriod, now: number): Window {
    const start = startOf(period, now);
    const name = `${id} ${period}`;
    let window = this.windows.get(name);
    if (window?.start !== start) {
      window = { start, rows: 0, requests: 0 };
      this.windows.set(name, window);
    }
    return window;
  }
}

function nameOf({ unit, period }: Quota): string {
  return `${unit}-per-${period}`;
}

/** The first millisecond of the day or month (UTC) that a time is in. */
export function startOf(period: QuotaPeriod, time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), period === 'day' ? date.getUTCDate() : 1);
}

/** The first millisecond after it. */
function endOf(period: QuotaPeriod, time: number): number {
  const date = new Date(startOf(period, time));
  return period === 'day'
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1)
    : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The headers that tell a client how it stands (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(limits: readonly LimitState[]): Record<string, string> {
  if (limits.length === 0) return {};
  return {
    'RateLimit-Policy': limits
      .map(({ name, limit, window }) => `"${name}";q=${limit};w=${window}`)
      .join(', '),
    RateLimit: limits.map(({ name, remaining, reset }) => `"${name}";r=${remaining};t=${reset}`).join(', '),
  };
}
