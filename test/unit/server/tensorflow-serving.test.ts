import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PENGUIN, SPECIES } from '../../helpers/penguins.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  server = await startServer(opened.models);
  dispose = opened.dispose;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
  expect(server.errors).toEqual([]);
});

const LIST = Object.values(PENGUIN);
const COLUMNS = Object.fromEntries(Object.entries(PENGUIN).map(([name, value]) => [name, [value, null]]));
const NAMES = Object.keys(PENGUIN).sort().join(',');

/** The answers of a served model without a server, as `label` and `probabilities`. */
async function direct(records: readonly Record<string, unknown>[], index = 0): Promise<unknown[]> {
  const model = server.models[index];
  if (model === undefined) throw new Error('no such model');
  const answers = await model.predictor.predict(model.toTable(records));
  return answers.map(({ prediction, probabilities }) =>
    probabilities === undefined
      ? prediction
      : { label: prediction, probabilities: SPECIES.map((name) => probabilities[name]) },
  );
}

describe(':predict', () => {
  it('answers instances, given as objects, row by row', async () => {
    const instances = [PENGUIN, { ...PENGUIN, island: null }];
    const { status, body } = await server.post('/v1/models/penguins:predict', { instances });
    expect([status, body]).toEqual([200, { predictions: await direct(instances) }]);
  });

  it('answers instances given as lists of values in column order', async () => {
    const { body } = await server.post('/v1/models/penguins:predict', { instances: [LIST, LIST] });
    expect(body).toEqual({ predictions: await direct([PENGUIN, PENGUIN]) });
  });

  it('answers inputs by column, and ignores inputs it does not know', async () => {
    const inputs = { ...COLUMNS, id: [1, 2] };
    const { status, body } = await server.post('/v1/models/penguins:predict', { inputs });
    const rows = (await direct([
      PENGUIN,
      Object.fromEntries(Object.keys(PENGUIN).map((name) => [name, null])),
    ])) as { label: string; probabilities: number[] }[];
    expect(status).toBe(200);
    expect(body).toEqual({
      outputs: { label: rows.map((row) => row.label), probabilities: rows.map((row) => row.probabilities) },
    });
  });

  it('does not name the one output of a regression', async () => {
    const [value] = await direct([PENGUIN], 2);
    const rows = await server.post('/v1/models/flippers:predict', { instances: [PENGUIN] });
    expect(rows.body).toEqual({ predictions: [value] });
    const inputs = Object.fromEntries(Object.entries(PENGUIN).map(([name, cell]) => [name, [cell]]));
    expect((await server.post('/v1/models/flippers:predict', { inputs })).body).toEqual({ outputs: [value] });
  });

  it.each([
    ['/v1/models/penguins:predict', 0],
    ['/v1/models/penguins/versions/2:predict', 0],
    ['/v1/models/penguins/versions/1:predict', 1],
    ['/v1/models/penguins/labels/champion:predict', 0],
    ['/V1/MODELS/penguins/VERSIONS/1:PREDICT', 1],
    ['/v1/models/p%65nguins:predict', 0],
  ])('finds the version that %s means', async (path, index) => {
    const { status, body } = await server.post(path, {
      signature_name: 'serving_default',
      instances: [PENGUIN],
    });
    expect([status, body]).toEqual([200, { predictions: await direct([PENGUIN], index) }]);
  });

  it('takes strings as base64', async () => {
    const island = { b64: Buffer.from('Dream').toString('base64') };
    const { body } = await server.post('/v1/models/penguins:predict', {
      instances: [{ ...PENGUIN, island }],
    });
    expect(body).toEqual({ predictions: await direct([PENGUIN]) });
    const examples = [{ ...PENGUIN, island }, PENGUIN];
    const classified = await server.post('/v1/models/penguins:classify', { examples });
    const [first, second] = (classified.body as { results: unknown[] }).results;
    expect(first).toEqual(second);
  });

  it.each([
    ['/w==', 'not UTF-8'],
    ['!!', 'not base64'],
    ['RHJlYW0=RHJlYW0=', 'not base64'],
  ])('refuses %s as a string, and says where', async (b64, words) => {
    const wrong = { ...PENGUIN, island: { b64 } };
    const columns = Object.entries(PENGUIN).map(([name, cell]) => [
      name,
      [cell, name === 'island' ? { b64 } : cell],
    ]);
    for (const [method, body] of [
      ['predict', { instances: [PENGUIN, wrong] }],
      ['predict', { instances: [PENGUIN, wrong].map((row) => Object.values(row)) }],
      ['predict', { inputs: Object.fromEntries(columns) as object }],
      ['classify', { examples: [PENGUIN, wrong] }],
    ] as const) {
      const { status, text } = await server.post(`/v1/models/penguins:${method}`, body);
      expect([status, text]).toEqual([400, expect.stringContaining('Row 1, column \\"island\\"') as unknown]);
      expect(text).toContain(words);
    }
  });

  const { island, ...lacking } = PENGUIN;
  it.each<[number, string, unknown]>([
    [400, 'JSON Parse error: The document is empty', ''],
    [400, 'JSON Value: [] Is not object', []],
    [400, "Missing 'inputs' or 'instances' key", {}],
    [
      400,
      "expecting only one of 'inputs' or 'instances' keys to exist ",
      { instances: [LIST], inputs: COLUMNS },
    ],
    [400, "Excepting 'instances' to be an list/array", { instances: PENGUIN }],
    [400, "No values in 'instances' array", { instances: [] }],
    [400, `keys must be equal to: ${NAMES}`, { instances: [PENGUIN, lacking] }],
    [
      400,
      "Failed to process element: 0 key: id of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: id",
      { instances: [{ ...PENGUIN, id: 1 }] },
    ],
    [
      400,
      "Failed to process element: 1 key: bill_length_mm of 'instances' list.",
      { instances: [PENGUIN, { ...PENGUIN, bill_length_mm: 'x' }] },
    ],
    [400, 'Expecting object but got list at item 1 of input list', { instances: [PENGUIN, LIST] }],
    [400, 'Expecting value/list but got object at item 1 of input list', { instances: [LIST, PENGUIN] }],
    [400, 'Encountered list at unexpected size: 2 at level: 0 expected size: 5', { instances: [[1, 2]] }],
    [400, "Missing named input: island in 'inputs' object.", { inputs: { ...COLUMNS, island: undefined } }],
    [400, 'inputs is a plain value/list, but expecting an object', { inputs: [1, 2] }],
    [400, 'has inconsistent batch size: 1 expecting: 2', { inputs: { ...COLUMNS, male: [true] } }],
    [
      400,
      'Serving signature name: "other" not found in signature def',
      { signature_name: 'other', instances: [LIST] },
    ],
    [400, "'signature_name' key must be a string value.", { signature_name: 100, instances: [LIST] }],
  ])('refuses with %i: %s', async (status, words, request) => {
    const answer = await server.post('/v1/models/penguins:predict', request);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body as object)).toEqual(['error']);
    expect((answer.body as { error: string }).error).toContain(words);
    expect(island).toBe('Dream');
  });

  it.each([
    ['/v1/models/none:predict', 404, 'Servable not found for request: Latest(none)'],
    ['/v1/models/penguins/versions/7:predict', 404, 'Servable not found for request: Specific(penguins, 7)'],
    ['/v1/models/penguins/labels/none:predict', 400, 'Unrecognized servable version label: none'],
    ['/v1/models/penguins:explain', 400, 'Malformed request: POST /v1/models/penguins:explain'],
    ['/v1/models/penguins', 400, 'Malformed request: POST /v1/models/penguins'],
    ['/v1/models/%E0%A4:predict', 400, 'Failed to decode model name:%E0%A4'],
  ])('says of POST %s: %i %s', async (path, status, error) => {
    const answer = await server.post(path, { instances: [PENGUIN] });
    expect([answer.status, answer.body]).toEqual([status, { error }]);
  });
});

describe(':classify and :regress', () => {
  it('gives label and score of every class of every example', async () => {
    const examples = [{ island: 'Dream' }, { island: 'Biscoe' }];
    const context = { ...PENGUIN, island: undefined };
    const { status, body } = await server.post('/v1/models/penguins:classify', { examples, context });
    const [one, two] = (await direct(examples.map((example) => ({ ...context, ...example })))) as {
      probabilities: number[];
    }[];
    const scored = (row?: { probabilities: number[] }): unknown =>
      SPECIES.map((name, i) => [name, row?.probabilities[i]]);
    expect([status, body]).toEqual([200, { results: [scored(one), scored(two)] }]);
  });

  it('gives the value of every example', async () => {
    const { body } = await server.post('/v1/models/flippers:regress', { examples: [PENGUIN] });
    expect(body).toEqual({ results: await direct([PENGUIN], 2) });
  });

  it.each([
    ['flippers:classify', { examples: [PENGUIN] }, 'tensorflow/serving/classify'],
    ['penguins:regress', { examples: [PENGUIN] }, 'tensorflow/serving/regress'],
    ['penguins:classify', {}, "key 'examples' is expected and was not found"],
    ['penguins:classify', { examples: {} }, "Expecting 'examples' value to be an list/array"],
    ['penguins:classify', { examples: [] }, "'examples' value is an empty array"],
    ['penguins:classify', { examples: [3] }, 'Example must be JSON object'],
    ['penguins:classify', { examples: [PENGUIN], context: 3 }, 'Example must be JSON object'],
  ])('refuses %s %j', async (model, request, words) => {
    const { status, body } = await server.post(`/v1/models/${model}`, request);
    expect(status).toBe(400);
    expect((body as { error: string }).error).toContain(words);
  });
});

describe('GET', () => {
  const available = (version: string): unknown => ({
    version,
    state: 'AVAILABLE',
    status: { error_code: 'OK', error_message: '' },
  });

  it.each([
    ['/v1/models/penguins', ['2', '1']],
    ['/v1/models/penguins/versions/1', ['1']],
    ['/v1/models/penguins/labels/champion', ['2']],
    ['/v1/models/flippers', ['1']],
  ])('tells the state of %s', async (path, versions) => {
    const { status, body } = await server.get(path);
    expect([status, body]).toEqual([200, { model_version_status: versions.map(available) }]);
  });

  it.each([
    ['/v1/models', 400, 'Missing model name in request.'],
    ['/v1/models/none', 404, 'Could not find any versions of model none'],
    ['/v1/models/penguins/versions/7', 404, 'Could not find version 7 of model penguins'],
    ['/v1/models/penguins/labels/none', 400, 'Unrecognized servable version label: none'],
    ['/v1/models/none/metadata', 404, 'Servable not found for request: Latest(none)'],
    ['/v1/nothing', 400, 'Malformed request: GET /v1/nothing'],
  ])('says of %s: %i %s', async (path, status, error) => {
    const answer = await server.get(path);
    expect([answer.status, answer.body]).toEqual([status, { error }]);
  });

  it('describes the signature with 64-bit integers as strings', async () => {
    const { body } = await server.get('/v1/models/penguins/versions/1/metadata');
    const rows = { size: '-1', name: '' };
    const info = (name: string, dtype: string, ...dim: unknown[]): unknown => ({
      dtype,
      tensor_shape: { dim: [rows, ...dim], unknown_rank: false },
      name,
    });
    expect(body).toEqual({
      model_spec: { name: 'penguins', signature_name: '', version: '1' },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: {
                island: info('island', 'DT_STRING'),
                bill_length_mm: info('bill_length_mm', 'DT_DOUBLE'),
                'body mass, g': info('body mass, g', 'DT_DOUBLE'),
                male: info('male', 'DT_BOOL'),
                observed: info('observed', 'DT_STRING'),
              },
              outputs: {
                label: info('label', 'DT_STRING'),
                probabilities: info('probabilities', 'DT_FLOAT', { size: '3', name: '' }),
              },
              method_name: 'tensorflow/serving/predict',
            },
          },
        },
      },
    });
  });
});
