import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let dispose: () => Promise<void>;
let document: Record<string, unknown>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  server = await startServer(opened.models);
  dispose = opened.dispose;
  document = (await server.get('/openapi.json')).body as typeof document;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
});

interface Operation {
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly example?: unknown } };
  };
  readonly responses: Record<string, unknown>;
}

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(document);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('has every operation once, and examples that are answered', async () => {
    const paths = document.paths as Record<string, Record<string, Operation>>;
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map((each) => (each as { operationId?: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    let asked = 0;
    for (const [path, operations] of Object.entries(paths)) {
      const example = operations.post?.requestBody?.content['application/json'].example;
      if (example === undefined) continue;
      const answer = await server.post(path, example);
      expect([path, answer.status, answer.text]).toEqual([path, 200, expect.anything() as unknown]);
      asked++;
    }
    expect(asked).toBe(7);
    for (const [path, operations] of Object.entries(paths)) {
      if (operations.get !== undefined) expect([path, (await server.get(path)).status]).toEqual([path, 200]);
    }
  });
});
