import { connect } from 'node:net';
import fc from '../../helpers/property.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AimaasError } from '../../../src/core/errors.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { ModelController } from '../../../src/server/model-controller.js';
import { type Answer, openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  server = await startServer(opened.models, { maxBodyBytes: 100_000, trafficControl: followsNothing() });
  dispose = opened.dispose;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
});

/** What decides of rules on a server that follows no model, so that all of them are refused. */
function followsNothing(): ModelController {
  const none = (reference: string): Promise<never> =>
    Promise.reject(new AimaasError('ARTIFACT_NOT_FOUND', `There is no ${reference}.`));
  return new ModelController({
    resolve: none,
    find: none,
    versions: () => Promise.resolve([]),
    fleet: { load: () => Promise.resolve(), show: () => Promise.resolve() },
    counts: () => Promise.resolve([]),
    events: { loaded: () => undefined, failed: () => undefined },
  });
}

const PATHS = [
  '/predict',
  '/v1/models/penguins:predict',
  '/v1/models/penguins:classify',
  '/v1/models/flippers:regress',
  '/v1/models/flippers/versions/1:predict',
  '/v2/models/penguins/infer',
  '/v2/repository/index',
  '/manage/traffic',
  '/page/explain',
] as const;

/** Whatever was sent: an answer in JSON that is not the server's own failure. */
function isProper(answer: Answer): void {
  expect(answer.status, answer.text).not.toBe(500);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(() => JSON.parse(answer.text) as unknown).not.toThrow();
  expect(server.errors).toEqual([]);
}

/** JSON that begins like an answer to everything: lists in lists, and objects in objects, that end as they should. */
const deep = fc
  .tuple(
    fc.integer({ min: 90, max: 8_000 }),
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[[{"records":', '}]]']),
  )
  .map(([depth, [open = '', close = '']]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

/** Objects that are no texts, and cannot be made one by String. */
const textless = fc.constantFrom(
  { toString: 1, valueOf: 1 },
  { toString: null },
  { toJSON: 1, toString: {} },
  { __proto__: null, hasOwnProperty: 1, constructor: null },
);

/** Members that some route reads. */
const MEMBERS = [
  'records',
  'columns',
  'instances',
  'inputs',
  'examples',
  'context',
  'fields',
  'top',
  'threshold',
  'model',
  'record',
  'signature_name',
  'id',
  'parameters',
  'outputs',
  'ready',
  'name',
  'canary',
  'shadow',
] as const;

/** Members of a document around something that none of them should be. */
const AROUND = [
  (part: string) => part,
  (part: string) => `[${part}]`,
  (part: string) => `[{"name":"x","datatype":"FP64","shape":[1],"data":${part}}]`,
  (part: string) => `[{"name":"x","datatype":"BYTES","shape":${part},"data":[1]}]`,
  (part: string) => `[{"name":${part},"datatype":${part}}]`,
  (part: string) => `{"island":${part}}`,
  (part: string) => `[{"island":${part},"bill_length_mm":1,"body_mass_g":1,"male":true,"observed":null}]`,
  (part: string) => `{"reference":${part},"weight":${part},"header":${part}}`,
  (part: string) => `[[${part},1,true,null,{"b64":${part}}]]`,
] as const;

/** Cells as clients send them: mostly of the right kind, often not. */
const cell = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(null, 'Dream', true, 4100, '1970-11-01', '12.5') },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom(1e308, -1e308, 5e-324, Number.MAX_SAFE_INTEGER, -0) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constantFrom({ b64: '//8=' }, { b64: 7 }, '__proto__', '9'.repeat(400)) },
);

const record = fc.record(
  Object.fromEntries(Object.keys(PENGUIN).map((name) => [name, cell])) as Record<
    keyof typeof PENGUIN,
    typeof cell
  >,
  { requiredKeys: ['island', 'male', 'observed'] },
);
const records = fc.array(
  fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: fc.jsonValue() }),
  {
    maxLength: 5,
  },
);

const body = fc.oneof(
  fc.record(
    { records, columns: fc.jsonValue(), model: fc.oneof(fc.constant('penguins'), fc.jsonValue()) },
    { requiredKeys: ['records'] },
  ),
  fc.record({ instances: records }),
  fc.record({ instances: fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 4 }) }),
  fc.record({ examples: records, context: fc.jsonValue() }, { requiredKeys: ['examples'] }),
  fc.record({
    inputs: fc.dictionary(fc.constantFrom(...Object.keys(PENGUIN), 'x'), fc.oneof(cell, fc.array(cell)), {
      maxKeys: 6,
    }),
  }),
  fc.jsonValue(),
);

describe('whatever is sent', () => {
  it('every JSON body gets an answer in JSON that is no failure of the server', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), body, async (path, value) => {
        isProper(await server.post(path, value));
      }),
      { numRuns: 600 },
    ));

  it('so does what is nested deep or is no text, wherever it stands', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PATHS),
        fc.constantFrom(null, ...MEMBERS),
        fc.constantFrom(...AROUND),
        fc.oneof(
          deep,
          textless.map((value) => JSON.stringify(value)),
        ),
        async (path, member, around, part) => {
          const text =
            member === null ? around(part) : `{"${member}":${around(part)},"records":[],"name":"penguins"}`;
          isProper(await server.post(path, text));
        },
      ),
      { numRuns: 1500 },
    ));

  it('so does every other body, and JSON that was cut or garbled', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PATHS),
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.tuple(body, fc.nat(), fc.string()).map(([value, at, noise]) => {
            const text = JSON.stringify(value);
            const cut = text.length === 0 ? 0 : at % text.length;
            return new Uint8Array(Buffer.from(text.slice(0, cut) + noise + text.slice(cut + 1)));
          }),
          fc.nat({ max: 50_000 }).map((depth) => new Uint8Array(Buffer.from('['.repeat(depth)))),
        ),
        async (path, bytes) => {
          isProper(await server.get(path, { method: 'POST', body: bytes }));
        },
      ),
      { numRuns: 300 },
    ));

  it('so does every path and method', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        fc.oneof(
          fc.webPath(),
          fc.constantFrom('/v1/models/', '/v1/models/%', '/v1/models/a/versions/99999999999999999999', '//'),
        ),
        async (method, path) => {
          const target = path === '' ? '/x' : path.replace(/^(?!\/)/, '/x');
          const answer = await server.get(target, { method });
          // Paths such as /./ lead to the page for people, the one answer that is not JSON.
          const isPage = method === 'GET' && new URL(`http://localhost${target}`).pathname === '/';
          if (isPage) expect(answer.status).toBe(200);
          else isProper(answer);
        },
      ),
      { numRuns: 300 },
    ));

  it('bytes that are no HTTP end the connection, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const socket = connect(server.port, '127.0.0.1');
        const closed = new Promise<void>((resolve) => {
          socket.on('error', () => resolve());
          socket.on('close', () => resolve());
        });
        socket.resume();
        socket.end(bytes);
        await closed;
      }),
      { numRuns: 100 },
    );
    expect((await server.post('/predict', { records: [PENGUIN] })).status).toBe(200);
    expect(server.errors).toEqual([]);
  });
});
