import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { serve, type ServeResult } from '../../../src/steps/serve.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';

let url: string;
let versions: PenguinVersions;
let end: () => Promise<void>;

beforeEach(async () => {
  const folder = await temporaryFolder();
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
    done = serve({ port: 0, models: ['penguins'], watch: false, onReady: resolve }, context).catch(reject);
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
      { name: 'gulls', version: '1', state: 'UNAVAILABLE', reason: '' },
      { name: 'gulls', version: '2', state: 'UNAVAILABLE', reason: '' },
      { name: 'penguins', version: '1', state: 'UNAVAILABLE', reason: '' },
    ]);
    expect((await post('/v2/repository/index', '{"ready": true}')).body).toHaveLength(1);
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
    expect((await ask('penguins')).status).toBe(200);
    expect((await post('/v2/repository/models/gulls/unload')).status).toBe(404);
  });

  it('says why it cannot load', async () => {
    expect((await post('/v2/repository/models/puffins/load')).status).toBe(404);
    const broken = await post('/v2/repository/models/gulls/versions/1/load');
    expect(broken.status).toBe(409);
    expect(JSON.stringify(broken.body)).toContain('network.onnx');
    expect((await post('/v2/repository/models/gulls/load', '[]')).status).toBe(400);
  });
});
