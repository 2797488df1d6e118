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

/** What the model itself answers, without a server. */
async function direct(records: readonly Record<string, unknown>[], index = 0): Promise<unknown> {
  const model = server.models[index];
  if (model === undefined) throw new Error('no such model');
  return model.predictor.predict(model.toTable(records));
}

describe('POST /predict', () => {
  it('answers every record with the prediction and the probability of every class', async () => {
    const records = [PENGUIN, { ...PENGUIN, island: 'Biscoe', 'body mass, g': 5700 }];
    const { status, headers, body } = await server.post('/predict', { records });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toEqual({ predictions: await direct(records), model: { name: 'penguins', version: 2 } });
    const { predictions } = body as {
      predictions: { prediction: string; probabilities: Record<string, number> }[];
    };
    for (const { prediction, probabilities } of predictions) {
      expect(Object.keys(probabilities)).toEqual(SPECIES);
      expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(probabilities[prediction]).toBe(Math.max(...Object.values(probabilities)));
    }
  });

  it('takes the same rows by column', async () => {
    const columns = Object.fromEntries(
      Object.entries(PENGUIN).map(([name, value]) => [name, [value, value]]),
    );
    const byColumn = await server.post('/predict', { columns });
    const byRow = await server.post('/predict', { records: [PENGUIN, PENGUIN] });
    expect(byColumn.status).toBe(200);
    expect(byColumn.body).toEqual(byRow.body);
  });

  it('answers regression with the value alone', async () => {
    const { body } = await server.post('/predict', { records: [PENGUIN], model: 'flippers' });
    expect(body).toEqual({
      predictions: await direct([PENGUIN], 2),
      model: { name: 'flippers', version: null },
    });
    const { predictions } = body as { predictions: { prediction: unknown }[] };
    expect(Object.keys(predictions[0] ?? {})).toEqual(['prediction']);
    expect(predictions[0]?.prediction).toBeTypeOf('number');
  });

  it.each([
    ['penguins', 2],
    ['penguins/1', 1],
    ['penguins/2', 2],
    ['penguins@champion', 2],
  ])('lets the client choose the model: %s', async (model, version) => {
    const { body } = await server.post('/predict', { records: [PENGUIN], model });
    expect(body).toMatchObject({ model: { name: 'penguins', version } });
    expect(body).toMatchObject({ predictions: await direct([PENGUIN], version === 2 ? 0 : 1) });
  });

  it('answers no records with no predictions', async () => {
    const { status, body } = await server.post('/predict', { records: [] });
    expect([status, body]).toEqual([200, { predictions: [], model: { name: 'penguins', version: 2 } }]);
  });

  it('takes null for a missing value, the target, and columns it does not know', async () => {
    const record = { ...PENGUIN, island: null, bill_length_mm: null, observed: null };
    const plain = await server.post('/predict', { records: [record] });
    const extra = await server.post('/predict', {
      records: [{ ...record, species: 'Adelie', __proto: 1, note: {} }],
    });
    expect(plain.status).toBe(200);
    expect(extra.body).toEqual(plain.body);
  });

  it('takes a category it has never seen', async () => {
    const { status } = await server.post('/predict', { records: [{ ...PENGUIN, island: '南極 🐧' }] });
    expect(status).toBe(200);
  });

  it("reads Python's NaN as missing, and leaves the words alone inside texts", async () => {
    const nan = `{"records": [${JSON.stringify(PENGUIN).replace('44.5', 'NaN').replace('Dream', 'NaN')}]}`;
    const missing = await server.post('/predict', nan);
    const nulls = await server.post('/predict', {
      records: [{ ...PENGUIN, bill_length_mm: null, island: 'NaN' }],
    });
    expect(missing.status).toBe(200);
    expect(missing.body).toEqual(nulls.body);
  });

  it('names the row and the column of a bad value', async () => {
    const records = [PENGUIN, PENGUIN, { ...PENGUIN, bill_length_mm: 'long' }];
    const { status, body } = await server.post('/predict', { records });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { code: 'COLUMN_VALUE', details: { row: 2, column: 'bill_length_mm' } },
    });
    const { message } = (body as { error: { message: string } }).error;
    expect(message).toContain('bill_length_mm');
    expect(message).toContain('long');
  });

  it('names the row and the column that a record lacks', async () => {
    const { island, ...rest } = PENGUIN;
    const { status, body } = await server.post('/predict', { records: [{ island, ...rest }, rest] });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { code: 'COLUMN_NOT_FOUND', details: { row: 1, column: 'island' } },
    });
    const misspelt = await server.post('/predict', { records: [{ ...rest, Islnd: 'Dream' }] });
    expect(misspelt.text).toContain('Row 0 has no column \\"island\\", but \\"Islnd\\". The model');
    const empty = await server.post('/predict', { records: [{}] });
    expect(empty.text).toContain(
      `The model's columns are ${Object.keys(PENGUIN).join(', ')}; the row has none.`,
    );
    const columns = await server.post('/predict', { columns: { ['z'.repeat(1000)]: [1] } });
    expect(columns.text).toContain(`; the request has ${'z'.repeat(60)}….`);
  });

  it('does not take an inherited property for a column', async () => {
    const { status } = await server.post('/predict', '{"records": [{"__proto__": {"island": "Dream"}}]}');
    expect(status).toBe(400);
  });

  it.each<[string, unknown, string]>([
    ['not JSON', '{"records": [', 'JSON Parse error'],
    ['an empty body', '', 'empty'],
    ['a list', [], 'not an object'],
    ['neither form', { instances: [] }, 'neither'],
    ['both forms', { records: [], columns: {} }, 'both'],
    ['records that are no list', { records: { a: 1 } }, '"records"'],
    ['a record that is no object', { records: [PENGUIN, 7] }, 'Record 1 is 7'],
    ['columns that are no object', { columns: [] }, '"columns"'],
    ['a column that is no list', { columns: { island: 'Dream' } }, 'Column "island"'],
    ['columns of different lengths', { columns: { a: [1, 2], b: [1] } }, '1 values and column "a" has 2'],
    ['a model that is no name', { records: [], model: 3 }, '"model" is 3'],
  ])('refuses %s with 400 and says why', async (_, body, words) => {
    const answer = await server.post('/predict', body);
    expect(answer.status).toBe(400);
    expect((answer.body as { error: { message: string } }).error.message).toContain(words);
  });

  it('refuses a body that is not UTF-8', async () => {
    const body = new Uint8Array([...Buffer.from('{"records":"'), 0xff, 0xfe, ...Buffer.from('"}')]);
    const { status, text } = await server.get('/predict', { method: 'POST', body });
    expect(status).toBe(400);
    expect(text).toContain('UTF-8');
  });

  it('suggests the model that was meant', async () => {
    const { status, body } = await server.post('/predict', { records: [], model: 'pinguins' });
    expect(status).toBe(404);
    expect((body as { error: { message: string } }).error.message).toContain('Did you mean "penguins"?');
    expect((await server.post('/predict', { records: [], model: 'penguins/9' })).status).toBe(404);
    expect((await server.post('/predict', { records: [], model: 'penguins@none' })).status).toBe(404);
  });
});
