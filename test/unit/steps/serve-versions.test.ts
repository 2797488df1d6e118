import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServeOptions } from '../../../src/steps/serve/serve.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';
import { ask, load, startServing, until } from '../../helpers/serving.js';

let workspace: string;
let versions: PenguinVersions;
let dispose: () => Promise<void>;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  const folder = await temporaryFolder();
  workspace = join(folder.path, '.aimaas');
  versions = new PenguinVersions(workspace);
  dispose = () => folder.dispose();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await dispose();
});

async function start(options: ServeOptions) {
  const server = await startServing(workspace, options);
  cleanups.push(() => server.close());
  return server;
}

describe('versions while serving', () => {
  it('moves with an alias and back again without failing a request', async () => {
    await versions.publish('penguins');
    await versions.publish('penguins');
    await versions.alias('penguins', 'champion', 1);
    const { ready, lines } = await start({ models: ['penguins@champion'] });
    expect(ready.models).toMatchObject([{ name: 'penguins', version: 1, aliases: ['champion'] }]);
    const clients = load(ready.port, 8);
    await until(() => (clients.seen.get('version 1') ?? 0) > 20);
    await versions.alias('penguins', 'champion', 2);
    await until(() => (clients.seen.get('version 2') ?? 0) > 20);
    expect(await ask(ready.url, 'penguins@champion')).toBe(2);
    expect(await ask(ready.url, 'penguins/1')).toBe('NOT_FOUND');
    await versions.alias('penguins', 'champion', 1);
    const before = clients.seen.get('version 1') ?? 0;
    await until(() => (clients.seen.get('version 1') ?? 0) > before + 20);
    await clients.stop();
    expect([...clients.seen.keys()].sort()).toEqual(['version 1', 'version 2']);
    expect(lines.join('\n')).toContain('penguins/2 answers now in place of penguins/1');
    expect(lines.join('\n')).toContain('penguins/1 answers now in place of penguins/2');
  });

  it('follows the newest version of a name, and leaves alone what is pinned', async () => {
    await versions.publish('penguins');
    const [following, pinned, unwatched] = await Promise.all([
      start({ models: ['penguins'] }),
      start({ models: ['penguins/1'] }),
      start({ models: ['penguins'], watch: false }),
    ]);
    await versions.publish('penguins');
    await until(async () => (await ask(following.ready.url)) === 2);
    await sleep(1500);
    expect(await ask(pinned.ready.url)).toBe(1);
    expect(await ask(unwatched.ready.url)).toBe(1);
  });

  it('keeps what serves when the new version cannot be loaded, and says so', async () => {
    await versions.publish('penguins');
    await versions.publish('penguins', { broken: true });
    await versions.publish('penguins');
    await versions.alias('penguins', 'champion', 1);
    const { ready, lines } = await start({ models: ['penguins@champion'] });
    await versions.alias('penguins', 'champion', 2);
    await until(() => lines.some((line) => line.startsWith('warning: penguins/2 could not be loaded')));
    expect(lines.join('\n')).toContain('penguins/1 goes on answering');
    expect(await ask(ready.url)).toBe(1);
    const readiness = await fetch(`${ready.url}/readyz`);
    expect(readiness.status).toBe(200);
    expect(await readiness.json()).toMatchObject({
      status: 'ready',
      models: [{ name: 'penguins', version: 1, ready: true }],
      problems: [{ reference: 'penguins@champion', wanted: { version: 2 }, serving: { version: 1 } }],
    });
    const states = await fetch(`${ready.url}/v1/models/penguins`);
    expect(await states.json()).toEqual({
      model_version_status: [
        { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
        {
          version: '2',
          state: 'END',
          status: { error_code: 'UNAVAILABLE', error_message: expect.stringContaining('network') as unknown },
        },
      ],
    });
    const metrics = await (await fetch(`${ready.url}/metrics`)).text();
    expect(metrics).toContain('aimaas_model_loads_total{model="penguins",version="2",result="failed"} 1');
    await sleep(2200);
    expect(lines.filter((line) => line.includes('could not be loaded'))).toHaveLength(1);
    await versions.alias('penguins', 'champion', 3);
    await until(async () => (await ask(ready.url)) === 3);
    expect(await (await fetch(`${ready.url}/readyz`)).json()).not.toHaveProperty('problems');
  });
});
