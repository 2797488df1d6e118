import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { PENGUIN, SPECIES } from '../../helpers/penguins.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let models: readonly [ColumnModel, ColumnModel, ColumnModel];
let server: TestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  models = opened.models;
  server = await startServer(models);
  dispose = opened.dispose;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
});

describe('health', () => {
  it('tells that it lives and what is ready', async () => {
    expect((await server.get('/healthz')).body).toEqual({ status: 'ok' });
    expect(await server.get('/readyz')).toMatchObject({
      status: 200,
      body: {
        status: 'ready',
        models: [
          { name: 'penguins', version: 2, labels: ['champion'], ready: true },
          { name: 'penguins', version: 1, labels: [], ready: true },
          { name: 'flippers', version: null, labels: [], ready: true },
        ],
      },
    });
  });

  it('is not ready while its engine fails, and is again when it works again', async () => {
    const [real] = models;
    let broken = true;
    const fragile: ColumnModel = {
      ...real,
      run: (inputs) => (broken ? Promise.reject(new Error('the engine is out of memory')) : real.run(inputs)),
    };
    const own = await startServer([fragile]);
    try {
      const failed = await own.post('/predict', { records: [PENGUIN] });
      expect(failed.status).toBe(500);
      expect(failed.text).not.toContain('memory');
      expect(own.errors).toHaveLength(1);
      expect(await own.get('/readyz')).toMatchObject({ status: 503, body: { status: 'failing' } });
      expect((await own.get('/healthz')).status).toBe(200);
      broken = false;
      expect((await own.get('/readyz')).status).toBe(200);
      expect((await own.post('/predict', { records: [PENGUIN] })).status).toBe(200);
    } finally {
      await own.close({ linger: 0 });
    }
  });
});

describe('answers that are no number', () => {
  it('are null, so that every body is JSON', async () => {
    const [classifier, , regressor] = models;
    const own = await startServer([
      answering(classifier, [-Infinity, NaN, Infinity]),
      answering(regressor, [NaN]),
    ]);
    try {
      const records = [PENGUIN];
      expect((await own.post('/predict', { records })).body).toMatchObject({
        predictions: [
          { prediction: 'Gentoo', probabilities: { Adelie: null, Chinstrap: null, Gentoo: null } },
        ],
      });
      expect((await own.post('/predict', { records, model: 'flippers' })).body).toMatchObject({
        predictions: [{ prediction: null }],
      });
      const tensor = await own.post('/v1/models/penguins:predict', { instances: records });
      expect(tensor.body).toEqual({ predictions: [{ label: 'Gentoo', probabilities: [null, null, null] }] });
    } finally {
      await own.close({ linger: 0 });
    }
  });

  function answering(model: ColumnModel, scores: readonly number[]): ColumnModel {
    const values = Float32Array.from(scores);
    const shape = [1, scores.length];
    return { ...model, run: () => Promise.resolve({ scores: { datatype: 'FP32', shape, values } }) };
  }
});

describe('/metrics', () => {
  it('counts requests, rows, batches and errors', async () => {
    const own = await startServer(models);
    try {
      await own.post('/predict', { records: [PENGUIN, PENGUIN, PENGUIN] });
      await own.post('/v1/models/penguins:predict', { instances: [PENGUIN] });
      await own.post('/predict', { records: [{ ...PENGUIN, male: 'perhaps' }] });
      await own.get('/no/such/place');
      const { status, headers, text } = await own.get('/metrics');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const lines = text.split('\n');
      expect(lines).toContain('http_requests_total{method="POST",route="/predict",status="200"} 1');
      expect(lines).toContain('http_requests_total{method="POST",route="/predict",status="400"} 1');
      expect(lines).toContain('http_requests_total{method="GET",route="unknown",status="404"} 1');
      expect(lines).toContain('http_request_duration_seconds_count{method="POST",route="/predict"} 2');
      expect(lines).toContain('aimaas_request_errors_total{route="/predict",code="COLUMN_VALUE"} 1');
      expect(lines).toContain('aimaas_predicted_rows_total{model="penguins",version="2"} 4');
      expect(lines).toContain('aimaas_batch_rows_sum{model="penguins",version="2"} 4');
      expect(lines).toContain('aimaas_queue_rows{model="penguins",version="2"} 0');
      expect(lines).toContain('aimaas_model_info{model="flippers",version="",task="regression"} 1');
      expect(text).toContain('process_cpu_seconds_total');
    } finally {
      await own.close({ linger: 0 });
    }
  });
});

type Operation = {
  readonly requestBody: {
    readonly content: Record<string, { readonly schema: object; readonly example: unknown }>;
  };
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>;
};
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, { readonly post: Operation; readonly get: Operation }>;
  readonly components: object;
};

describe('/openapi.json', () => {
  /** Whether a value is what a schema of the document says. */
  function conforms(document: Document, schema: object, value: unknown): string[] {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    const validate = ajv.compile({ ...schema, components: document.components });
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  }

  it('describes the columns, categories and classes of the model', async () => {
    const { body } = await server.get('/openapi.json');
    const text = JSON.stringify(body);
    for (const word of [...Object.keys(PENGUIN), ...SPECIES, 'Torgersen']) expect(text).toContain(word);
    expect((body as Document).openapi).toBe('3.1.0');
  });

  it.each(['/predict', '/v1/models/penguins/versions/2:predict', '/v1/models/flippers/versions/1:predict'])(
    'has an example for POST %s that works, and says what comes back',
    async (path) => {
      const document = (await server.get('/openapi.json')).body as Document;
      const { requestBody, responses } = (document.paths[path] as { post: Operation }).post;
      const media = requestBody.content['application/json'] as { schema: object; example: unknown };
      expect(conforms(document, media.schema, media.example)).toEqual([]);
      const answer = await server.post(path, media.example);
      expect(answer.status).toBe(200);
      const schemaOf = (status: string): object =>
        (responses[status]?.content['application/json'] as { schema: object }).schema;
      expect(conforms(document, schemaOf('200'), answer.body)).toEqual([]);
      const wrong = await server.post(path, { nothing: true });
      expect(conforms(document, schemaOf(String(wrong.status)), wrong.body)).toEqual([]);
      expect(conforms(document, media.schema, { records: [{ island: 7 }] })).not.toEqual([]);
    },
  );
});

describe('everything else', () => {
  it.each([
    ['GET', '/predict', 405, 'POST'],
    ['POST', '/healthz', 405, 'GET, HEAD'],
    ['DELETE', '/predict', 405, 'POST'],
  ])('%s %s is %i and says what is allowed', async (method, path, status, allow) => {
    const answer = await server.get(path, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.body).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
  });

  it('is 404 in JSON', async () => {
    const answer = await server.get('/nothing?x=1');
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({
      error: { code: 'NOT_FOUND', message: 'There is nothing at /nothing.' },
    });
  });

  it('answers HEAD as GET, without a body', async () => {
    const answer = await server.get('/healthz', { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});
