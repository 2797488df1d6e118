import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopback } from '../../../src/server/browsers.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let opened: Awaited<ReturnType<typeof openPenguinModels>>;
let server: TestServer;

beforeAll(async () => {
  opened = await openPenguinModels();
  server = await startServer(opened.models, {
    browsers: { corsOrigins: ['https://app.example.com'], hosts: isLoopback },
  });
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await opened.dispose();
});

interface Seen {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request with any headers, also those that fetch sets itself. */
function send(method: string, path: string, headers: Record<string, string>, to = server): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request(to.url + path, { method, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? JSON.stringify({ records: [PENGUIN] }) : undefined);
  });
}

describe('every answer', () => {
  it.each([
    ['GET', '/healthz', 200],
    ['POST', '/predict', 200],
    ['GET', '/nothing', 404],
    ['POST', '/v1/models/nothing:predict', 404],
  ])('to %s %s has the headers that keep browsers from guessing', async (method, path, status) => {
    const answer = await send(method, path, {});
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
    expect(answer.headers['strict-transport-security']).toBeUndefined();
  });
});

describe('pages of other origins', () => {
  it('may use it where they are allowed, and are told so beforehand', async () => {
    const origin = 'https://app.example.com';
    const preflight = await send('OPTIONS', '/predict', {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': expect.stringMatching(/authorization.*x-request-timeout/) as string,
      vary: 'Origin',
    });
    const answer = await send('POST', '/predict', { origin, 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-expose-headers']).toContain('RateLimit');
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the same name by another scheme', { origin: 'http://app.example.com' }],
    ['no origin at all', { origin: 'null' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }],
  ])('are refused from %s', async (_, headers) => {
    const answer = await send('POST', '/predict', headers);
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('get no leave beforehand either', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await send('OPTIONS', '/predict', headers);
    expect(answer.status).toBe(405);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('are no matter for the pages of the server itself, nor for clients that are no browsers', async () => {
    const own = server.url.replace('http://', '');
    for (const headers of [
      { origin: server.url },
      { 'sec-fetch-site': 'same-origin', origin: 'https://proxy' },
      {},
    ]) {
      expect((await send('POST', '/predict', { host: own, ...headers })).status).toBe(200);
    }
  });

  it('may all use it with *', async () => {
    const open = await startServer(opened.models, { browsers: { corsOrigins: ['*'] } });
    try {
      const answer = await send('POST', '/predict', { origin: 'https://any.example' }, open);
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    } finally {
      await open.close({ linger: 0 });
    }
  });
});

describe('names of the server', () => {
  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]:80', 'x.localhost', '127.9.9.9'])(
    '%s is its own',
    async (host) => {
      expect((await send('GET', '/healthz', { host })).status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'xlocalhost'])(
    '%s is not',
    async (host) => {
      expect((await send('GET', '/healthz', { host })).status).toBe(403);
    },
  );
});
