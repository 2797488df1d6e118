/** What a key may be used for: predictions, changes of what is served, and the reading of metrics. */
export const SCOPES = ['predict', 'manage', 'metrics'] as const;
export type Scope = (typeof SCOPES)[number];

export const QUOTA_UNITS = ['rows', 'requests'] as const;
export const QUOTA_PERIODS = ['day', 'month'] as const;
export type QuotaUnit = (typeof QUOTA_UNITS)[number];
export type QuotaPeriod = (typeof QUOTA_PERIODS)[number];

/** At most so many answered rows or requests in a calendar day or month (UTC). */
export type Quota = { readonly unit: QuotaUnit; readonly period: QuotaPeriod; readonly limit: number };

/** A bucket that holds `requests` and fills up in `seconds`: both the burst and the steady rate. */
export type RateLimit = { readonly requests: number; readonly seconds: number };

/** A key as it is stored: everything but the key itself. */
export type ApiKey = {
  /** The public beginning of the key, by which it is named in logs, usage and commands. */
  readonly id: string;
  readonly name: string;
  /** sha256 of the whole key, in hexadecimal. */
  readonly hash: string;
  /** ISO 8601, UTC, as all times. */
  readonly createdAt: string;
  readonly scopes: readonly Scope[];
  /** Names of models with * for any characters; empty for all models. */
  readonly models: readonly string[];
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly rateLimit: RateLimit | null;
  readonly quotas: readonly Quota[];
};

export type KeyState = 'valid' | 'expired' | 'revoked';

export function keyState(key: ApiKey, now: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= now ? 'expired' : 'valid';
}

/** Whether a key may be used with a model of this name. */
export function allowsModel(key: ApiKey, model: string): boolean {
  return key.models.length === 0 || key.models.some((pattern) => matches(pattern, model));
}

/** Whether a name is what a pattern with * for any characters says. Linear in the length of both. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === first;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let from = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= name.length - last.length;
}

const TOKEN = /^aimaas_([0-9a-f]{12})_[\w-]{43}$/;

/** The id in what a client presents as its key, or undefined when it has not the form of one. */
export function keyIdOf(token: string): string | undefined {
  return TOKEN.exec(token)?.[1];
}
