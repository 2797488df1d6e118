import {
  type ApiKey,
  type KeyState,
  keyState,
  type Quota,
  QUOTA_PERIODS,
  QUOTA_UNITS,
  type RateLimit,
  type Scope,
} from '../core/api-key.js';
import { AimaasError } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import { didYouMean } from '../core/suggest.js';
import { KeyStore } from '../workspace/key-store.js';
import { newToken } from '../workspace/key-token.js';
import { Workspace } from '../workspace/workspace.js';
import { remember } from './audit.js';

export interface CreateKeyOptions {
  /** Who or what it is for. */
  readonly name: string;
  /** Default: predict. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Names of models, with * for any characters. Default: all models. */
  readonly models?: readonly string[] | undefined;
  /** Seconds from now; never without it. */
  readonly expires?: number | undefined;
  /** N/s, N/m, N/h or N/d. */
  readonly rateLimit?: string | undefined;
  /** rows=N/day, requests=N/month. */
  readonly quotas?: readonly string[] | undefined;
}

/** A key as it is shown: all but its hash. */
export type KeyInfo = Omit<ApiKey, 'hash'> & { readonly state: KeyState };

export type CreateKeyResult = { readonly schemaVersion: 1; readonly key: string } & {
  readonly info: KeyInfo;
};
export type ListKeysResult = { readonly schemaVersion: 1; readonly keys: readonly KeyInfo[] };
export type ShowKeyResult = { readonly schemaVersion: 1; readonly key: KeyInfo };
export type RevokeKeysResult = {
  readonly schemaVersion: 1;
  readonly revoked: readonly KeyInfo[];
  /** Keys that can still be used. */
  readonly left: number;
};

/**
 * Makes an API key and keeps its hash. The key itself is in the result and nowhere else.
 * @throws AimaasError USAGE for a name, rate or quota that cannot be one.
 */
export async function createKey(options: CreateKeyOptions, context: StepContext): Promise<CreateKeyResult> {
  const { id, token, hash } = newToken();
  const now = Date.now();
  const { expires, rateLimit } = options;
  const key: ApiKey = {
    id,
    name: checkName(options.name),
    hash,
    createdAt: new Date(now).toISOString(),
    scopes: [...new Set(options.scopes ?? (['predict'] as const))],
    models: (options.models ?? []).map((pattern) => pattern.normalize('NFC')),
    expiresAt: expires === undefined ? null : new Date(now + expires * 1000).toISOString(),
    revokedAt: null,
    rateLimit: rateLimit === undefined ? null : rateFrom(rateLimit),
    quotas: quotasFrom(options.quotas ?? []),
  };
  const store = storeOf(context);
  await store.update(context.reporter, (keys) => ({ keys: [...keys, key], result: undefined }));
  await remember(context, {
    action: 'keys.create',
    target: `${id} (${key.name})`,
    details: { scopes: key.scopes, models: key.models, expiresAt: key.expiresAt },
  });
  return { schemaVersion: 1, key: token, info: infoOf(key, now) };
}

/** The keys of the workspace, newest first; those that cannot be used any more only with `all`. */
export async function listKeys(
  options: { readonly all?: boolean | undefined },
  context: StepContext,
): Promise<ListKeysResult> {
  const now = Date.now();
  const keys = ((await storeOf(context).read()) ?? []).map((key) => infoOf(key, now)).reverse();
  return {
    schemaVersion: 1,
    keys: options.all === true ? keys : keys.filter(({ state }) => state === 'valid'),
  };
}

/** @throws AimaasError ARTIFACT_NOT_FOUND with the nearest name. */
export async function showKey(
  options: { readonly key: string },
  context: StepContext,
): Promise<ShowKeyResult> {
  const keys = (await storeOf(context).read()) ?? [];
  return { schemaVersion: 1, key: infoOf(findKey(keys, options.key), Date.now()) };
}

/**
 * Revokes keys, all that are named or, when one is not there, none. Servers notice within a second.
 * @throws AimaasError ARTIFACT_NOT_FOUND with the nearest name.
 */
export async function revokeKeys(
  options: { readonly keys: readonly string[] },
  context: StepContext,
): Promise<RevokeKeysResult> {
  const now = Date.now();
  const revokedAt = new Date(now).toISOString();
  const result = await storeOf(context).update<RevokeKeysResult>(context.reporter, (keys) => {
    const doomed = new Set(options.keys.map((wanted) => keyNamed(keys, wanted, false).id));
    const after = keys.map((key) => (doomed.has(key.id) ? { ...key, revokedAt } : key));
    const revoked = after.filter(({ id }) => doomed.has(id)).map((key) => infoOf(key, now));
    const left = after.filter((key) => keyState(key, now) === 'valid').length;
    return { keys: after, result: { schemaVersion: 1, revoked, left } };
  });
  const deeds = result.revoked.map(({ id, name }) => ({ action: 'keys.revoke', target: `${id} (${name})` }));
  await remember(context, ...deeds);
  return result;
}

function storeOf(context: StepContext): KeyStore {
  return new KeyStore(new Workspace(context.workspace));
}

/** What may be told of a key: everything but its hash. */
function infoOf(key: ApiKey, now: number): KeyInfo {
  const told: Omit<ApiKey, 'hash'> & { hash?: string } = { ...key };
  delete told.hash;
  return { ...told, state: keyState(key, now) };
}

/**
 * A key that can be used or was revoked, by its id, the beginning of it, the whole key, or its name if only one has it.
 * @throws AimaasError ARTIFACT_NOT_FOUND with the nearest name, USAGE when it could be several.
 */
export function findKey(keys: readonly ApiKey[], wanted: string): ApiKey {
  return keyNamed(keys, wanted, true);
}

function keyNamed(keys: readonly ApiKey[], wanted: string, withRevoked: boolean): ApiKey {
  const text = /^aimaas_([0-9a-f]{12})(?:_|$)/.exec(wanted)?.[1] ?? wanted;
  const candidates = keys.filter(({ revokedAt }) => withRevoked || revokedAt === null);
  const exact = candidates.find(({ id }) => id === text);
  if (exact !== undefined) return exact;
  const named = candidates.filter(({ name }) => name === text.normalize('NFC'));
  const found = named.length > 0 ? named : candidates.filter(({ id }) => text !== '' && id.startsWith(text));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new AimaasError('USAGE', `"${wanted}" fits ${found.length} API keys: ${ids}.`, {
      hint: `Name one by its id: aimaas keys show ${String(first?.id)}`,
    });
  }
  const revoked = keys.find((key) => key.revokedAt !== null && (key.id === text || key.name === text));
  if (revoked !== undefined) {
    throw new AimaasError(
      'ARTIFACT_NOT_FOUND',
      `The API key ${revoked.id} (${revoked.name}) is revoked since ${String(revoked.revokedAt)}.`,
      { hint: 'aimaas keys list --all' },
    );
  }
  const known = candidates.flatMap(({ id, name }) => [name, id]);
  const tail = known.length === 0 ? 'There are none.' : didYouMean(wanted, known);
  throw new AimaasError('ARTIFACT_NOT_FOUND', `There is no API key "${wanted}". ${tail}`, {
    hint: known.length === 0 ? 'aimaas keys create NAME' : 'aimaas keys list',
  });
}

/** Text that stays on one line of a table and of a log. */
function checkName(name: string): string {
  const normal = name.normalize('NFC').trim();
  if (normal !== '' && normal.length <= 100 && !/\p{C}/u.test(normal)) return normal;
  throw new AimaasError(
    'USAGE',
    `${JSON.stringify(name)} cannot be the name of a key: expected 1 to 100 characters on one line.`,
    { hint: 'aimaas keys create acme-production' },
  );
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function rateFrom(text: string): RateLimit {
  const [, count, unit = ''] = /^(\d{1,9})\/([smhd])$/.exec(text.trim()) ?? [];
  const requests = Number(count);
  if (requests >= 1) return { requests, seconds: SECONDS[unit] ?? 1 };
  throw new AimaasError(
    'USAGE',
    `"${text}" is not a rate: expected requests a second, minute, hour or day.`,
    {
      hint: 'For example --rate-limit 10/s, or --rate-limit 600/m to allow bursts of 600.',
    },
  );
}

function quotasFrom(texts: readonly string[]): Quota[] {
  const quotas = texts.map(quotaFrom);
  const twice = quotas.find((one, i) =>
    quotas.slice(0, i).some(({ unit, period }) => one.unit === unit && one.period === period),
  );
  if (twice === undefined) return quotas;
  throw new AimaasError('USAGE', `There are two quotas of ${twice.unit} a ${twice.period}.`, {
    hint: 'Give --quota once for each of rows and requests, a day and a month.',
  });
}

function quotaFrom(text: string): Quota {
  const [, what, count, per] = /^(\w+)=(\d{1,15})\/(\w+)$/.exec(text.trim()) ?? [];
  const unit = QUOTA_UNITS.find((name) => name === what);
  const period = QUOTA_PERIODS.find((name) => name === per);
  const limit = Number(count);
  if (unit !== undefined && period !== undefined && limit >= 1) return { unit, period, limit };
  throw new AimaasError(
    'USAGE',
    `"${text}" is not a quota: expected rows or requests, a number, and day or month.`,
    { hint: 'For example --quota rows=100000/day --quota requests=1000000/month.' },
  );
}
