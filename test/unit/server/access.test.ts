import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessControl, type Spent } from '../../../src/server/access/access.js';
import { KeyRing, type KeySource } from '../../../src/server/access/key-ring.js';
import { Limits } from '../../../src/server/access/limits.js';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { newToken } from '../../../src/workspace/key-token.js';
import { TestKeys } from '../../helpers/keys.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { type Answer, openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let models: readonly [ColumnModel, ColumnModel, ColumnModel];
let dispose: () => Promise<void>;
let keys: TestKeys;
let ring: KeyRing;
let server: TestServer;
const spent: Spent[] = [];

beforeAll(async () => {
  ({ models, dispose } = await openPenguinModels());
  keys = new TestKeys();
  ring = await KeyRing.open(keys, 'auto', (error) => {
    throw error;
  });
  const access = new AccessControl({ keys: ring, limits: new Limits(), onSpent: (one) => spent.push(one) });
  server = await startServer(models, { access });
});
afterAll(async () => {
  ring.close();
  await server.close({ linger: 0 });
  await dispose();
});

const predict = (headers: Record<string, string>, body: unknown = { records: [PENGUIN] }): Promise<Answer> =>
  server.post('/predict', body, { headers });
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Every path of the server, by what a caller must be to get an answer. */
const READS = ['/openapi.json', '/v1/models/penguins', '/v1/models/penguins/metadata'];

describe('without keys', () => {
  it('everyone may do everything, until the first key is made', async () => {
    expect((await predict({})).status).toBe(200);
    expect((await server.get('/metrics')).status).toBe(200);
    keys.add();
    await ring.refresh();
    expect((await predict({})).status).toBe(401);
    expect(spent).toEqual([]);
  });
});

describe('authentication', () => {
  it('takes a key as bearer or as X-API-Key, as soon as it was made', async () => {
    const token = keys.add();
    expect((await predict(bearer(token))).status).toBe(200);
    expect((await predict({ 'x-api-key': token })).status).toBe(200);
    expect((await predict({ authorization: `bearer  ${token} ` })).status).toBe(200);
    expect(spent.splice(0)).toMatchObject([{ rows: 1 }, { rows: 1 }, { rows: 1 }]);
  });

  it.each([
    ['no header', {}],
    ['an empty one', { authorization: '' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['what is no key', bearer('secret')],
    ['a key of another server', bearer(newToken().token)],
    ['very much', bearer('x'.repeat(10_000))],
  ])('refuses %s', async (_, headers) => {
    const answer = await predict(headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="aimaas"/);
  });

  it('refuses a key with one letter changed, wherever it is', async () => {
    const token = keys.add();
    for (const at of [8, 20, 40, token.length - 2]) {
      const other = token[at] === 'a' ? 'b' : 'a';
      expect((await predict(bearer(token.slice(0, at) + other + token.slice(at + 1)))).status).toBe(401);
    }
  });

  it('says what became of a key that was right', async () => {
    const expired = keys.add({ expiresAt: '2020-01-01T00:00:00.000Z' });
    expect((await predict(bearer(expired))).text).toContain('is expired since 2020-01-01');
    const token = keys.add();
    expect((await predict(bearer(token))).status).toBe(200);
    keys.revoke(token);
    await ring.refresh();
    expect((await predict(bearer(token))).text).toContain('is revoked since');
  });

  it('tells of an error in the language of the protocol', async () => {
    const answer = await server.post('/v1/models/penguins:predict', { instances: [PENGUIN] });
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: 'An API key is needed, and the request has none.' });
  });

  it('lets probes in without a key, and tells them nothing of the models', async () => {
    expect((await server.get('/healthz')).status).toBe(200);
    expect((await server.get('/readyz')).body).toEqual({ status: 'ready' });
  });

  it('hides everything else, also what there is not', async () => {
    for (const path of [...READS, '/metrics', '/nothing', '/v1/nothing']) {
      expect([path, (await server.get(path)).status]).toEqual([path, 401]);
    }
  });

  it('stays closed when the keys are taken away', async () => {
    const own = new TestKeys();
    own.add();
    const stubborn = await KeyRing.open(own, 'auto', () => undefined);
    own.removeAll();
    await stubborn.refresh();
    expect(stubborn.demanded).toBe(true);
    stubborn.close();
  });

  it('keeps the keys it has when they cannot be read, and says so once', async () => {
    const own = new TestKeys();
    const token = own.add();
    const errors: unknown[] = [];
    const source: KeySource = {
      read: () => own.read(),
      revision: () => (broken ? Promise.reject(new Error('no such disk')) : own.revision()),
    };
    let broken = false;
    const kept = await KeyRing.open(source, 'auto', (error) => errors.push(error));
    broken = true;
    await kept.refresh();
    await kept.refresh();
    expect(errors).toHaveLength(1);
    expect((await kept.find(token))?.id).toBe(token.slice(7, 19));
    kept.close();
  });
});

describe('scopes and models', () => {
  it('refuses what a key is not for', async () => {
    const token = keys.add({ scopes: ['metrics'] });
    expect((await server.get('/metrics', { headers: bearer(token) })).status).toBe(200);
    const refused = await predict(bearer(token));
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="predict"');
    expect((await server.get('/openapi.json', { headers: bearer(token) })).status).toBe(403);
    const other = keys.add({ scopes: ['predict'] });
    expect((await server.get('/metrics', { headers: bearer(other) })).status).toBe(403);
  });

  it('shows and answers only the models of a key', async () => {
    const headers = bearer(keys.add({ models: ['flip*'] }));
    expect((await predict(headers)).status).toBe(403);
    expect((await predict(headers, { records: [PENGUIN], model: 'flippers' })).status).toBe(200);
    const document = await server.get('/openapi.json', { headers });
    expect(document.status).toBe(200);
    expect(document.text).toContain('flippers');
    expect(document.text).not.toContain('/models/penguins');
    for (const path of READS.slice(1)) expect((await server.get(path, { headers })).status).toBe(403);
  });
});

describe('limits', () => {
  it('answers 429 with Retry-After beyond a rate', async () => {
    const headers = bearer(keys.add({ rateLimit: { requests: 2, seconds: 3600 } }));
    const first = await predict(headers);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"rate";q=2;w=3600');
    expect(first.headers.get('ratelimit')).toMatch(/^"rate";r=1;t=\d+$/);
    expect((await predict(headers)).status).toBe(200);
    const refused = await predict(headers);
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(1700);
    expect(wait).toBeLessThanOrEqual(1800);
  });

  it('holds a quota of rows, and gives back those that were not answered', async () => {
    const headers = bearer(keys.add({ quotas: [{ unit: 'rows', period: 'day', limit: 5 }] }));
    spent.length = 0;
    expect((await predict(headers, { records: [PENGUIN, { ...PENGUIN, male: 'perhaps' }] })).status).toBe(
      400,
    );
    expect((await predict(headers, { records: [PENGUIN, PENGUIN, PENGUIN] })).status).toBe(200);
    const refused = await predict(headers, { records: [PENGUIN, PENGUIN, PENGUIN] });
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('may use 5 rows a day; 2 are left, and the request has 3 rows');
    expect(refused.headers.get('ratelimit')).toMatch(/^"rows-per-day";r=2;t=\d+$/);
    expect((await predict(headers, { records: [PENGUIN, PENGUIN] })).status).toBe(200);
    expect(spent.map(({ ok, rows }) => [ok, rows])).toEqual([
      [false, 0],
      [true, 3],
      [false, 0],
      [true, 2],
    ]);
    for (const { ok, computeSeconds } of spent) expect(computeSeconds > 0).toBe(ok);
  });

  it('never lets more rows through than a quota, however many ask at once', async () => {
    const headers = bearer(keys.add({ quotas: [{ unit: 'rows', period: 'month', limit: 50 }] }));
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => predict(headers, { records: [PENGUIN, PENGUIN, PENGUIN] })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(16);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(24);
  });
});
