import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { openServedModel } from '../../../src/steps/serve/served-model.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN, SPECIES, writePenguinModel } from '../../helpers/penguins.js';
import { type Answer, openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let binary: ColumnModel;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  const folder = await temporaryFolder();
  await writePenguinModel(folder.path, 'binary', 5);
  binary = await openServedModel({ folder: folder.path, name: 'rare', version: 1, labels: [] }, {});
  server = await startServer([...opened.models, binary]);
  dispose = async () => {
    await opened.dispose();
    await binary.dispose();
    await folder.dispose();
  };
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
  expect(server.errors).toEqual([]);
});

const ROWS = [PENGUIN, { ...PENGUIN, island: 'Biscoe', 'body mass, g': 5700, male: false, observed: null }];
const CSV = `\uFEFFisland,bill_length_mm,"body mass, g",male,observed,note
Dream,44.5,4100,true,1970-11-01,"a, b"
Biscoe,44.5,5700,false,,
`;

function send(body: string, type: string, accept = '*/*', query = ''): Promise<Answer> {
  return server.get(`/predict${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': type, accept },
  });
}

interface Predictions {
  readonly predictions: {
    readonly prediction?: unknown;
    readonly probabilities?: Record<string, number>;
  }[];
}

async function plain(): Promise<Predictions> {
  return (await server.post('/predict', { records: ROWS })).body as Predictions;
}

describe('rows', () => {
  it('come as CSV or JSON Lines with the same answers', async () => {
    const expected = await plain();
    expect((await send(CSV, 'text/csv; charset=utf-8')).body).toEqual(expected);
    const lines = ROWS.map((row) => JSON.stringify(row)).join('\n\n');
    expect((await send(lines, 'application/x-ndjson')).body).toEqual(expected);
    expect((await send(`${lines}\n`, 'application/jsonl')).body).toEqual(expected);
  });

  it('of no known type are refused, and JSON is taken by whatever name curl gives it', async () => {
    expect((await send('<a/>', 'application/xml')).status).toBe(415);
    const body = JSON.stringify({ records: ROWS });
    expect((await send(body, 'application/x-www-form-urlencoded')).status).toBe(200);
  });

  it.each([
    ['text/csv', '', 'no header'],
    ['text/csv', 'a,a\n1,2\n', 'two columns'],
    ['text/csv', 'a,b\n1\n', 'not CSV'],
    ['text/csv', 'a,b\n1,2\n', 'no column'],
    ['application/x-ndjson', '{"island": 1}\n[1]\n', 'Record 1 is [1]'],
    ['application/x-ndjson', '{"a": 1}\n{"b"\n', 'Record 1: JSON Parse error'],
  ])('as %s that are wrong say where: %j', async (type, body, words) => {
    const answer = await send(body, type);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words) as unknown]);
  });

  it('may have any number of columns', async () => {
    const header = Array.from({ length: 100_000 }, (_, i) => `c${i}`).join(',');
    const { status, text } = await send(`${header},c7\n`, 'text/csv');
    expect([status, text]).toEqual([400, expect.stringContaining('two columns') as unknown]);
  });
});

describe('answers', () => {
  it('come as JSON Lines or CSV', async () => {
    const { predictions } = await plain();
    const lines = await send(CSV, 'text/csv', 'application/x-ndjson');
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
    expect(lines.headers.get('x-model')).toBe('penguins/2');
    const parsed = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(parsed).toEqual(predictions);
    const csv = await send(CSV, 'text/csv', 'text/html, text/csv;q=0.9, application/json;q=0.5');
    expect(csv.headers.get('content-type')).toBe('text/csv');
    expect(csv.text).toBe(
      `prediction,${SPECIES.map((name) => `probability_${name}`).join(',')}\n${predictions
        .map(({ prediction, probabilities }) => [prediction, ...Object.values(probabilities ?? {})].join(','))
        .join('\n')}\n`,
    );
    const value = await send(JSON.stringify({ records: ROWS, model: 'flippers' }), '', 'text/csv');
    expect(value.text).toMatch(/^prediction\n-?[\d.]+\n-?[\d.]+\n$/);
    expect((await send(CSV, 'text/csv', 'image/png')).status).toBe(406);
  });

  it('are cut to the most probable classes, in the query or the body', async () => {
    const { predictions } = await plain();
    const best = predictions.map(({ prediction, probabilities = {} }) => ({
      prediction,
      probabilities: { [String(prediction)]: probabilities[String(prediction)] },
    }));
    expect((await send(CSV, 'text/csv', '*/*', '?top=1')).body).toMatchObject({ predictions: best });
    expect((await server.post('/predict', { records: ROWS, top: 1 })).body).toMatchObject({
      predictions: best,
    });
    const two = (await server.post('/predict', { records: ROWS, top: 2 })).body as Predictions;
    for (const { probabilities = {} } of two.predictions) {
      const values = Object.values(probabilities);
      expect(values).toHaveLength(2);
      expect(values).toEqual(values.toSorted((a, b) => b - a));
    }
    expect((await server.post('/predict', { records: ROWS, top: 9 })).body).toEqual(await plain());
  });

  it('have the fields that are asked for', async () => {
    const { predictions } = await plain();
    const only = (await server.post('/predict', { records: ROWS, fields: ['prediction'] })).body;
    expect((only as Predictions).predictions).toEqual(predictions.map(({ prediction }) => ({ prediction })));
    const csv = await send(CSV, 'text/csv', 'text/csv', '?fields=probabilities');
    expect(csv.text.split('\n')[0]).toBe(SPECIES.map((name) => `probability_${name}`).join(','));
  });

  it('are decided by a threshold', async () => {
    const all = (await server.post('/predict', { records: ROWS, model: 'rare' })).body as Predictions;
    for (const threshold of [0, 0.2, 0.5, 0.8, 1]) {
      const body = (await server.post('/predict', { records: ROWS, model: 'rare', threshold }))
        .body as Predictions;
      expect(body.predictions.map(({ prediction }) => prediction)).toEqual(
        all.predictions.map(({ probabilities }) => ((probabilities?.yes ?? NaN) >= threshold ? 'yes' : 'no')),
      );
    }
    const { predictions } = await plain();
    const [first] = predictions;
    const threshold = (first?.probabilities?.[String(first.prediction)] ?? 0) + 1e-6;
    const sure = (await server.post('/predict', { records: [PENGUIN], threshold: Math.min(1, threshold) }))
      .body;
    expect((sure as Predictions).predictions[0]?.prediction).toBeNull();
  });

  it.each([
    ['?top=0', 'whole number from 1'],
    ['?top=x', 'whole number from 1'],
    ['?threshold=2', 'from 0 to 1'],
    ['?threshold=', 'from 0 to 1'],
    ['?fields=probability', 'Did you mean'],
    ['?topp=1', 'Did you mean \\"top\\"?'],
  ])('are not given for %s', async (query, words) => {
    const answer = await send(CSV, 'text/csv', '*/*', query);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words) as unknown]);
  });
});
