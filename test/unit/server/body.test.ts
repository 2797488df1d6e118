import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PENGUIN } from '../../helpers/penguins.js';
import { type Answer, openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  server = await startServer(opened.models, { maxBodyBytes: 50_000 });
  dispose = opened.dispose;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
  expect(server.errors).toEqual([]);
});

function send(body: Uint8Array, encoding: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
  return server.get('/predict', { method: 'POST', body: new Uint8Array(body), headers });
}

const BODY = Buffer.from(JSON.stringify({ records: [PENGUIN] }));

describe('compressed bodies', () => {
  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (body: Buffer) => body],
  ])('are read: %s', async (encoding, compress) => {
    const plain = await server.post('/predict', { records: [PENGUIN] });
    const answer = await send(compress(BODY), encoding);
    expect([answer.status, answer.body]).toEqual([200, plain.body]);
  });

  it('may not grow beyond the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, ' '));
    const small = gzipSync(Buffer.alloc(1_000_000, ' '));
    expect(small.length).toBeLessThan(50_000);
    const answer = await send(small, 'gzip');
    expect([answer.status, answer.text]).toEqual([413, expect.stringContaining('decompressed') as unknown]);
    expect((await send(bomb, 'gzip')).status).toBe(413);
    expect((await server.post('/predict', { records: [PENGUIN] })).status).toBe(200);
  });

  it('have to be what they say', async () => {
    const cut = gzipSync(BODY).subarray(0, -12);
    for (const body of [BODY, cut]) {
      const answer = await send(body, 'gzip');
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('decompressed') as unknown]);
    }
    const unknown = await send(BODY, 'zstd');
    expect(unknown.status).toBe(415);
    expect(unknown.headers.get('accept-encoding')).toContain('gzip');
    expect((await send(BODY, '__proto__')).status).toBe(415);
  });
});
