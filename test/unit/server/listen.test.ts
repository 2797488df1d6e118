import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

type Models = readonly [ColumnModel, ...ColumnModel[]];

let models: Models;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  models = opened.models;
  dispose = opened.dispose;
});
afterAll(() => dispose());

/** Runs a test against a server of its own. */
async function withServer(
  options: Parameters<typeof startServer>[1],
  test: (server: TestServer) => Promise<void>,
  served: Models = models,
): Promise<void> {
  const server = await startServer(served, options);
  try {
    await test(server);
  } finally {
    await server.close({ linger: 0, limit: 1000 });
  }
}

/** The first model, taking its time. */
function slowly(milliseconds: number): Models {
  const [real] = models;
  const run: ColumnModel['run'] = async (inputs) => {
    await sleep(milliseconds);
    return real.run(inputs);
  };
  return [{ ...real, run }];
}

/** Sends bytes over a connection of its own, in pieces with pauses, and gives what comes back until it is closed. */
async function raw(server: TestServer, pieces: readonly string[], pause = 0): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  for (const piece of pieces) {
    socket.write(piece);
    await sleep(pause);
  }
  await Promise.race([closed, sleep(5000)]);
  socket.destroy();
  return answer;
}

const BODY = JSON.stringify({ records: [PENGUIN] });

function post(body: string, ...headers: readonly string[]): string {
  const lines = [
    'POST /predict HTTP/1.1',
    'Host: x',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

describe('bodies', () => {
  it('refuses with 413 a body that is larger than allowed, said or not, and goes on serving the connection', () =>
    withServer({ maxBodyBytes: 1000 }, async (server) => {
      const large = JSON.stringify({ records: Array.from({ length: 100 }, () => PENGUIN) });
      const said = await server.post('/predict', large);
      expect(said.status).toBe(413);
      expect(said.body).toMatchObject({ error: { code: 'BODY_TOO_LARGE' } });
      const chunks = (async function* () {
        for (let i = 0; i < 20; i++)
          yield await Promise.resolve(Buffer.from(large.slice(i * 500, (i + 1) * 500)));
      })();
      const init = { method: 'POST', body: chunks, duplex: 'half' } as unknown as RequestInit;
      expect((await server.get('/predict', init)).status).toBe(413);
      const close = 'Connection: close';
      const answers = await raw(server, [post(large), post(BODY, close)]);
      expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    }));

  it('answers a client that waits to be told to continue', () =>
    withServer({}, async (server) => {
      const [head = '', body = ''] = post(BODY, 'Expect: 100-continue', 'Connection: close').split(
        /(?<=\r\n\r\n)/,
      );
      const answer = await raw(server, [head, body], 50);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
    }));

  it('answers pipelined requests in their order', () =>
    withServer({}, async (server) => {
      const wrong = '{"records": 1}';
      const answers = await raw(server, [post(BODY) + post(wrong) + post(BODY, 'Connection: close')]);
      expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
    }));
});

describe('bad clients', () => {
  it.each([
    ['what is not HTTP', 'hello\r\n\r\n', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ])('answers %s in JSON', (_, text, status) =>
    withServer({}, async (server) => {
      const answer = await raw(server, [text]);
      expect(answer).toContain(`HTTP/1.1 ${status}`);
      expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({
        error: { code: 'MALFORMED_REQUEST' },
      });
    }),
  );

  it('cuts off a client that does not finish its request, and no other', () =>
    withServer({ timeouts: { head: 200, request: 400 } }, async (server) => {
      const half = post(BODY).slice(0, -10);
      const [slowHead, slowBody, good] = await Promise.all([
        raw(server, ['POST /predict HTTP/1.1\r\nHost: x\r\n']),
        raw(server, [half]),
        server.post('/predict', BODY),
      ]);
      expect(slowHead).toContain('HTTP/1.1 408');
      expect(slowBody).toContain('408');
      expect(good.status).toBe(200);
    }));

  it('closes a connection on which nothing happens', () =>
    withServer({ timeouts: { idle: 200, keepAlive: 200 } }, async (server) => {
      const started = Date.now();
      expect(await raw(server, [post(BODY)])).toContain('HTTP/1.1 200');
      expect(Date.now() - started).toBeLessThan(4000);
    }));

  it('is not troubled by clients that go away', () =>
    withServer(
      {},
      async (server) => {
        await Promise.all(
          Array.from({ length: 20 }, async (_, i) => {
            const socket = connect(server.port, '127.0.0.1');
            socket.on('error', () => undefined);
            socket.write(i % 2 === 0 ? post(BODY) : post(BODY).slice(0, -5));
            await sleep(10);
            socket.destroy();
          }),
        );
        expect((await server.post('/predict', BODY)).status).toBe(200);
        expect(server.errors).toEqual([]);
      },
      slowly(20),
    ));
});

describe('overload', () => {
  it('refuses with 503 and Retry-After what it cannot queue, and answers the rest', () =>
    withServer(
      { maxBatchRows: 2, maxQueueRows: 4 },
      async (server) => {
        const answers = await Promise.all(Array.from({ length: 30 }, () => server.post('/predict', BODY)));
        const refused = answers.filter(({ status }) => status === 503);
        expect(refused.length).toBeGreaterThan(0);
        expect(answers.length - refused.length).toBeGreaterThanOrEqual(4);
        expect(refused[0]?.headers.get('retry-after')).toBe('1');
        expect(refused[0]?.body).toMatchObject({ error: { code: 'OVERLOADED' } });
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
        expect((await server.post('/predict', BODY)).status).toBe(200);
      },
      slowly(50),
    ));
});

describe('close', () => {
  it('answers what has arrived, tells clients to leave, and refuses new ones', async () => {
    const server = await startServer(slowly(200));
    const waiting = [
      server.post('/predict', BODY),
      server.post('/v1/models/penguins:predict', { instances: [PENGUIN] }),
    ];
    await sleep(50);
    const closed = server.close({ linger: 100 });
    const answers = await Promise.all(waiting);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(['close', 'close']);
    await closed;
    await expect(server.get('/healthz')).rejects.toThrow();
  });

  it('answers what comes on a connection that is open, and says that it is not ready', async () => {
    const server = await startServer(models);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await call(server, agent, '/readyz')).toBe(200);
    const closed = server.close({ linger: 1000 });
    expect(await call(server, agent, '/readyz')).toBe(503);
    await closed;
    agent.destroy();
  });

  it('cuts off at the limit a client that takes for ever', async () => {
    const server = await startServer(models);
    const endless = raw(server, [post(BODY).slice(0, -5)]);
    await sleep(50);
    await server.close({ linger: 20, limit: 200 });
    await endless;
  });

  it('loses no request under load', async () => {
    for (let round = 0; round < 5; round++) {
      const server = await startServer(models);
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      let answered = 0;
      const client = async (): Promise<string> => {
        for (;;) {
          try {
            if ((await call(server, agent, '/predict', BODY)) !== 200) return 'refused';
            answered++;
          } catch (error) {
            return (error as NodeJS.ErrnoException).code ?? String(error);
          }
        }
      };
      const ends = Promise.all(Array.from({ length: 8 }, client));
      while (answered < 20 + round) await sleep(1);
      await server.close({ linger: 300 });
      // Every client went on until nobody listened any more. A connection that the system had taken but the server
      // had not is reset when it stops listening; no request that reached the server is without its answer.
      for (const end of await ends) expect(['ECONNREFUSED', 'ECONNRESET']).toContain(end);
      expect(answered).toBe(server.received());
      agent.destroy();
    }
  });
});

function call(server: TestServer, agent: Agent, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = httpRequest(server.url + path, { agent, method }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('addresses', () => {
  it('says that a port is taken, or an address is not here', () =>
    withServer({}, async (server) => {
      const { listen } = await import('../../../src/server/listen.js');
      const { createApp } = await import('../../../src/server/app.js');
      const limits = {
        maxBatchRows: 1,
        maxQueueRows: 1,
        maxBodyBytes: 1,
        maxWait: 1,
        onError: () => undefined,
      };
      const app = createApp({ models, ...limits });
      await expect(listen(app, { host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
        code: 'USAGE',
        message: `Port ${server.port} of 127.0.0.1 is in use by another program.`,
      });
      await expect(listen(app, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'USAGE' });
    }));
});
