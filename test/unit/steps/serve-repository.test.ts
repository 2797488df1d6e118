import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { toOnnx } from '../../../src/graph/onnx/index.js';
import { silentReporter } from '../../../src/core/reporter.js';
import { serve, type ServeResult } from '../../../src/steps/serve/serve.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';

/** A model file that lies beside the workspace. */
async function writeOnnx(path: string): Promise<void> {
  const builder = new GraphBuilder();
  const x = builder.input('x', [2]);
  builder.output('y', builder.op('Neg', [x], {}));
  await writeFile(path, toOnnx(builder.build()));
}

let url: string;
let cwd: string;
let versions: PenguinVersions;
let end: () => Promise<void>;

beforeEach(async () => {
  const folder = await temporaryFolder();
  cwd = folder.path;
  await writeOnnx(join(cwd, 'waves.onnx'));
  await mkdir(join(cwd, 'folder.onnx'));
  const workspace = join(folder.path, '.aimaas');
  versions = new PenguinVersions(workspace);
  await versions.publish('penguins');
  await versions.publish('penguins');
  await versions.publish('gulls', { broken: true });
  await versions.publish('gulls');
  const stop = new AbortController();
  let done: Promise<unknown> = Promise.resolve();
  const ready = await new Promise<ServeResult>((resolve, reject) => {
    const context = { workspace, reporter: silentReporter, signal: stop.signal };
    done = serve(
      { port: 0, models: ['penguins', join(cwd, 'waves.onnx')], watch: false, onReady: resolve },
      context,
    ).catch(reject);
  });
  url = ready.url;
  end = async () => {
    stop.abort();
    await done;
    await folder.dispose();
  };
});
afterEach(() => end());

async function post(path: string, body = ''): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + path, { method: 'POST', body });
  return { status: response.status, body: await response.json() };
}

describe('the model repository', () => {
  it('lists what is served and what could be', async () => {
    expect((await post('/v2/repository/index')).body).toEqual([
      { name: 'penguins', version: '2', state: 'READY', reason: '' },
      { name: 'waves', version: '1', state: 'READY', reason: '' },
      { name: 'gulls', version: '1', state: 'UNAVAILABLE', reason: '' },
      { name: 'gulls', version: '2', state: 'UNAVAILABLE', reason: '' },
      { name: 'penguins', version: '1', state: 'UNAVAILABLE', reason: '' },
    ]);
    expect((await post('/v2/repository/index', '{"ready": true}')).body).toHaveLength(2);
  });

  it('loads and unloads models and versions while others answer', async () => {
    const ask = (model: string): Promise<{ status: number }> =>
      post('/predict', JSON.stringify({ model, records: [PENGUIN] }));
    expect((await ask('gulls')).status).toBe(404);
    expect((await post('/v2/repository/models/gulls/load')).status).toBe(200);
    expect(await ask('gulls')).toMatchObject({ status: 200, body: { model: { version: 2 } } });
    expect((await post('/v2/repository/models/penguins/versions/1/load')).status).toBe(200);
    expect((await fetch(`${url}/v2/models/penguins/versions/1/ready`)).status).toBe(200);
    expect((await post('/v2/repository/models/gulls/unload')).status).toBe(200);
    expect((await ask('gulls')).status).toBe(404);
    const gone = await fetch(`${url}/v2/models/gulls/versions/2`);
    expect(await gone.json()).toEqual({
      error: 'Model "gulls" version 2 is not served here. Known: penguins, waves.',
    });
    expect((await ask('penguins')).status).toBe(200);
    expect((await post('/v2/repository/models/gulls/unload')).status).toBe(404);
  });

  it('says why it cannot load', async () => {
    expect((await post('/v2/repository/models/puffins/load')).status).toBe(404);
    const broken = await post('/v2/repository/models/gulls/versions/1/load');
    expect(broken.status).toBe(409);
    expect(JSON.stringify(broken.body)).toContain('network.onnx');
    expect(JSON.stringify(broken.body)).not.toContain(cwd);
    expect((await post('/v2/repository/models/gulls/load', '[]')).status).toBe(400);
  });

  it('opens no path and no run for a client, and does not say which there are', async () => {
    const names = [
      join(cwd, 'waves.onnx'),
      join(cwd, 'missing.onnx'),
      join(cwd, 'folder.onnx'),
      join(cwd, '.aimaas', 'models', 'penguins', '1'),
      'penguins/../../../waves.onnx',
      './penguins',
      '/etc/passwd',
      '0123abcd',
      'penguins/1/',
      '',
      '..',
    ];
    for (const name of names.filter((each) => each.length > 2)) {
      const { status, body } = await post(`/v2/repository/models/${encodeURIComponent(name)}/load`);
      expect([name, status]).toEqual([name, 404]);
      expect(body).toEqual({ error: `There is no model ${JSON.stringify(name)} to load.` });
    }
    for (const reference of names) {
      const rule = { name: 'penguins', shadow: reference };
      const { status, body } = await post('/manage/traffic', JSON.stringify(rule));
      expect([reference, status]).toEqual([reference, 404]);
      expect(body).toMatchObject({
        error: { message: `There is no model ${JSON.stringify(reference)} to load.` },
      });
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).not.toMatch(/aimaas_model_loads_total\{/);
  });

  it('loads again what it was started with, by its name', async () => {
    const ready = async (): Promise<number> => (await fetch(`${url}/v2/models/waves/ready`)).status;
    expect((await post('/v2/repository/models/waves/unload')).status).toBe(200);
    expect(await ready()).toBe(404);
    expect((await post('/v2/repository/models/waves/load')).status).toBe(200);
    expect(await ready()).toBe(200);
  });
});
