import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { createKey } from '../../../src/steps/keys.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';
import { openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';
import { startServing } from '../../helpers/serving.js';

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
    readonly content: Readonly<Record<string, { readonly example?: unknown }>>;
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
      for (const [type, { example }] of Object.entries(operations.post?.requestBody?.content ?? {})) {
        if (example === undefined) continue;
        const answer = await server.post(path, example, { headers: { 'Content-Type': type } });
        expect([path, type, answer.status, answer.text]).toEqual([
          path,
          type,
          200,
          expect.anything() as unknown,
        ]);
        asked++;
      }
    }
    expect(asked).toBe(20);
    for (const path of [
      '/v1/models/penguins:predict',
      '/v1/models/penguins:classify',
      '/v1/models/penguins/labels/champion:predict',
      '/v2/models/penguins/infer',
    ]) {
      expect(Object.keys(paths)).toContain(path);
    }
    for (const [path, operations] of Object.entries(paths)) {
      if (operations.get !== undefined) expect([path, (await server.get(path)).status]).toEqual([path, 200]);
    }
  });

  it('has the keys, the repository and the traffic of a server that has them', async () => {
    const folder = await temporaryFolder();
    const workspace = join(folder.path, '.aimaas');
    await new PenguinVersions(workspace).publish('penguins');
    const context = { workspace, reporter: silentReporter, signal: new AbortController().signal };
    const { key } = await createKey({ name: 'acme', scopes: ['predict', 'manage'] }, context);
    const serving = await startServing(workspace, { models: ['penguins'] });
    const answer = await fetch(`${serving.ready.url}/openapi.json`, { headers: { 'X-API-Key': key } });
    const whole = (await answer.json()) as Record<string, unknown>;
    await serving.close();
    await folder.dispose();
    const { valid, errors } = await new Validator().validate(structuredClone(whole));
    expect([errors ?? [], valid]).toEqual([[], true]);
    expect(whole).toMatchObject({ security: [{ bearer: [] }, { header: [] }] });
    const paths = whole['paths'] as Record<string, Record<string, Operation & { security?: unknown }>>;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/manage/traffic', '/v2/repository/models/{model}/load']),
    );
    expect(Object.keys(paths['/predict']?.post?.responses ?? {})).toEqual(
      expect.arrayContaining(['401', '403', '429']),
    );
    expect(paths['/healthz']?.get?.security).toEqual([]);
  });
});
