import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from '../../helpers/property.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogFile, LogSink } from '../../../src/server/logging/log-sink.js';
import { formatRequest, type RequestEntry } from '../../../src/server/logging/request-log.js';
import { requestIdOf, traceOf } from '../../../src/server/logging/trace.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels, startServer } from '../../helpers/server.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('the id of a request', () => {
  it('is the one that the client gives, if it is fit for a log', () => {
    expect(requestIdOf({ 'x-request-id': 'order-17/a' })).toBe('order-17/a');
    for (const bad of ['', 'a b', 'a\nb', 'ä', '"', 'x'.repeat(129)]) {
      expect(requestIdOf({ 'x-request-id': bad })).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('W3C trace context', () => {
  it('is carried on with a part of its own', () => {
    const trace = traceOf({ traceparent: `00-${TRACE}-${PARENT}-01` }, 'r');
    expect(trace).toMatchObject({ traceId: TRACE, parentId: PARENT, sampled: true, requestId: 'r' });
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(trace.spanId).not.toBe(PARENT);
  });

  it.each([
    `00-${TRACE}-${PARENT}-01-more`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    'nonsense',
    '',
  ])('begins anew for %j', (traceparent) => {
    const trace = traceOf({ traceparent }, 'r');
    expect(trace.parentId).toBeNull();
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(TRACE);
  });

  it('takes what later versions may add', () => {
    expect(traceOf({ traceparent: `01-${TRACE}-${PARENT}-00-more` }, 'r').traceId).toBe(TRACE);
  });
});

const ENTRY: RequestEntry = {
  time: new Date(0),
  trace: { requestId: 'r', traceId: TRACE, spanId: PARENT, parentId: null, sampled: false },
  remote: '127.0.0.1',
  protocol: 'http',
  method: 'POST',
  route: '/predict',
  path: '/predict',
  status: 200,
  error: null,
  seconds: 0.001234,
  rows: 3,
  model: 'penguins',
  version: 2,
  key: 'abc',
};

describe('a line of the log', () => {
  it('is one line, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (path, model) => {
        for (const format of ['json', 'text'] as const) {
          const line = formatRequest({ ...ENTRY, path, model: model === '' ? null : 'm' }, format);
          expect(line).not.toMatch(/[\n\r\u001b]/);
        }
      }),
    );
  });

  it('says the same as JSON and as text', () => {
    expect(JSON.parse(formatRequest(ENTRY, 'json'))).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      request_id: 'r',
      trace_id: TRACE,
      status: 200,
      milliseconds: 1.234,
      rows: 3,
      model: 'penguins',
      version: 2,
      key: 'abc',
    });
    expect(formatRequest(ENTRY, 'text')).toBe(
      '1970-01-01T00:00:00.000Z 200 POST /predict 1.234ms penguins/2 3 rows key abc from 127.0.0.1 r',
    );
  });
});

describe('a log', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => void (folder = await temporaryFolder()));
  afterAll(() => folder.dispose());

  it('goes on in a new file when the old one was moved away', async () => {
    const path = join(folder.path, 'access.log');
    const file = new LogFile(path);
    await file.open();
    const sink = new LogSink({ write: (text) => file.write(text), onProblem: () => undefined });
    sink.line('one');
    await sink.flush();
    await rename(path, `${path}.1`);
    sink.line('two');
    sink.line('three');
    await sink.flush();
    await file.close();
    expect(await readFile(`${path}.1`, 'utf8')).toBe('one\n');
    expect(await readFile(path, 'utf8')).toBe('two\nthree\n');
  });

  it('drops lines rather than to grow when it is written too slowly, and says how many', async () => {
    const problems: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let bytes = 0;
    const sink = new LogSink({
      write: async (text) => {
        await gate;
        bytes += text.length;
      },
      onProblem: (problem) => problems.push(problem),
    });
    const line = 'x'.repeat(1023);
    for (let i = 0; i < 10_000; i++) sink.line(line);
    open();
    await sink.flush();
    await sink.flush();
    expect(bytes).toBeLessThan(5 * 1024 * 1024);
    expect(problems.join()).toMatch(/^\d+ lines of the log were dropped/);
  });

  it('has a line for every request, and nothing of what was in it', async () => {
    const { models, dispose } = await openPenguinModels();
    const entries: RequestEntry[] = [];
    const server = await startServer(models, { onRequest: (entry) => entries.push(entry) });
    try {
      const headers = {
        'x-request-id': 'mine',
        traceparent: `00-${TRACE}-${PARENT}-01`,
        authorization: 'Bearer secret',
        'content-type': 'application/json',
      };
      const answer = await server.post('/predict', { records: [PENGUIN, PENGUIN] }, { headers });
      expect(answer.headers.get('x-request-id')).toBe('mine');
      expect((await server.get('/nothing?secret=1')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      for (let i = 0; i < 100 && entries.length < 2; i++) await sleep(10);
      expect(entries).toMatchObject([
        {
          route: '/predict',
          path: '/predict',
          status: 200,
          rows: 2,
          model: 'penguins',
          version: 2,
          error: null,
        },
        { route: 'unknown', path: '/nothing', status: 404, rows: 0, model: null, error: 'NOT_FOUND' },
      ]);
      expect(entries[0]?.trace).toMatchObject({ requestId: 'mine', traceId: TRACE, parentId: PARENT });
      const text = entries.map((entry) => formatRequest(entry, 'json')).join();
      for (const word of ['secret', 'island', String(Object.values(PENGUIN)[1])])
        expect(text).not.toContain(word);
    } finally {
      await server.close({ linger: 0 });
      await dispose();
    }
  });
});
