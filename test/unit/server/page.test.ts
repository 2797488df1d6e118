import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let models: Awaited<ReturnType<typeof openPenguinModels>>;
let server: TestServer;

beforeAll(async () => {
  models = await openPenguinModels();
  server = await startServer(models.models);
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await models.dispose();
});

describe('the page at /', () => {
  it('needs nothing from elsewhere, and its policy allows its own script and style only', async () => {
    const { status, headers, text } = await server.get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/(?:src|href)=["'](?!data:)/);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'/);
    for (const tag of ['script', 'style']) {
      const [, content = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text) ?? [];
      const hash = createHash('sha256').update(content).digest('base64');
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    // A style attribute would be refused by the policy.
    expect(text).not.toMatch(/\sstyle=/);
    expect(() => new Script(/<script>([^]*)<\/script>/.exec(text)?.[1] ?? '!')).not.toThrow();
  });

  it('lists every model version with what its form needs', async () => {
    const { body } = await server.get('/page/models');
    expect(body).toMatchObject({
      models: [
        { reference: 'penguins/2', labels: ['champion'], task: 'multiclass' },
        { reference: 'penguins/1' },
        { reference: 'flippers', task: 'regression' },
      ],
    });
    const [{ inputs, example }] = (body as { models: [{ inputs: { name: string }[]; example: object }] })
      .models;
    expect(Object.keys(example).sort()).toEqual(inputs.map(({ name }) => name).sort());
    expect(inputs[0]).toMatchObject({ name: 'island', dtype: 'string', range: null });
  });

  it.each(['penguins/2', 'penguins/1', 'flippers'])('explains an answer of %s', async (model) => {
    const { status, body } = await server.post('/page/explain', { model, record: PENGUIN });
    expect(status).toBe(200);
    const { prediction, probabilities, effects } = body as {
      prediction: string | number;
      probabilities?: Record<string, number>;
      effects: { column: string; typical: unknown; effect: number }[];
    };
    const plain = await server.post('/predict', { model, records: [PENGUIN] });
    expect((plain.body as { predictions: unknown[] }).predictions).toEqual([
      probabilities === undefined ? { prediction } : { prediction, probabilities },
    ]);
    expect(effects.map(({ column }) => column).sort()).toEqual(Object.keys(PENGUIN).sort());
    // Each is what /predict says of the row with that one value replaced.
    const answerOf = async (record: object): Promise<number> => {
      const { body: answered } = await server.post('/predict', { model, records: [record] });
      const [found] = (
        answered as { predictions: { prediction: number; probabilities?: Record<string, number> }[] }
      ).predictions;
      return found?.probabilities?.[String(prediction)] ?? found?.prediction ?? NaN;
    };
    const given = await answerOf(PENGUIN);
    for (const { column, typical, effect } of effects) {
      expect(effect).toBeCloseTo(given - (await answerOf({ ...PENGUIN, [column]: typical })), 5);
    }
    const sizes = effects.map(({ effect }) => Math.abs(effect));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it.each([
    [{ model: 'penguins/2', record: { ...PENGUIN, bill_length_mm: 'long' } }, 400, 'bill_length_mm'],
    [{ model: 'penguins/2', record: {} }, 400, 'island'],
    [{ model: 'penguins/9', record: PENGUIN }, 404, undefined],
    [{ model: 'penguins/2' }, 400, undefined],
    [[], 400, undefined],
  ])('says what is wrong: %j', async (request, status, column) => {
    const answer = await server.post('/page/explain', request);
    expect(answer.status).toBe(status);
    const { error } = answer.body as { error: { message: string; details?: { column: string } } };
    expect(error.message).not.toBe('');
    if (column !== undefined) expect(error.details?.column).toBe(column);
  });
});
