import { connect, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/serving.js';
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

/** Begins a request of a megabyte and sends all but its end. */
function beginLarge(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write('POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n');
  socket.write(Buffer.alloc(990_000, ' '));
  return socket;
}

describe('bodies in flight', () => {
  const large = { records: [PENGUIN], padding: 'x'.repeat(900_000) };
  let bounded: TestServer;

  beforeAll(async () => {
    const { models } = server;
    bounded = await startServer(models, { maxBodyBytes: 1_000_000, maxHeldBytes: 2_500_000 });
  });
  afterAll(() => bounded.close({ linger: 0 }));

  it('are let go when they are answered', async () => {
    for (let i = 0; i < 8; i++) expect((await bounded.post('/predict', large)).status).toBe(200);
  });

  it('are refused when as much is held as may be, small ones never', async () => {
    const sockets = Array.from({ length: 8 }, () => beginLarge(bounded.port));
    const answers = new Map<number, Answer>();
    const ask = async (): Promise<number> => {
      const answer = await bounded.post('/predict', large);
      answers.set(answer.status, answer);
      return answer.status;
    };
    await until(async () => (await ask()) === 503);
    const refused = answers.get(503);
    expect([refused?.headers.get('retry-after'), refused?.text]).toEqual([
      '1',
      expect.stringContaining('OVERLOADED') as unknown,
    ]);
    const packed = new Uint8Array(gzipSync(JSON.stringify(large)));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect((await bounded.get('/predict', { method: 'POST', body: packed, headers })).status).toBe(503);
    for (let i = 0; i < 20; i++) {
      expect((await bounded.post('/predict', { records: [PENGUIN] })).status).toBe(200);
    }
    for (const socket of sockets) socket.destroy();
    await until(async () => (await ask()) === 200);
    expect(bounded.errors).toEqual([]);
  });
});
