/** What usage can be added up by. */
export const USAGE_GROUPS = ['key', 'model', 'day'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** What a key used of a model version in a day. */
export type UsageEntry = {
  /** Id of the key. */
  readonly key: string;
  readonly model: string;
  readonly version: number | null;
  /** Requests that named the model with a valid key, answered or not. */
  readonly requests: number;
  /** Those of them that were not answered, whoever is to blame. */
  readonly errors: number;
  /** Rows answered. */
  readonly rows: number;
  /** The engine's time, in seconds; of a batch, each request's part by its rows. */
  readonly computeSeconds: number;
};

/** The counts of an entry. */
export type UsageCounts = Omit<UsageEntry, 'key' | 'model' | 'version'>;

export const NO_USAGE: UsageCounts = { requests: 0, errors: 0, rows: 0, computeSeconds: 0 };

export function addUsage(a: UsageCounts, b: UsageCounts): UsageCounts {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    rows: a.rows + b.rows,
    computeSeconds: a.computeSeconds + b.computeSeconds,
  };
}

/** The UTC day of a time, as YYYY-MM-DD. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
