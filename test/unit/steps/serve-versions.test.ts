import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reporter, silentReporter } from '../../../src/core/reporter.js';
import { serve, type ServeOptions, type ServeResult } from '../../../src/steps/serve.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';

const BODY = JSON.stringify({ records: [PENGUIN] });

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

/** The real step, in this process, with what it said. */
async function start(options: ServeOptions) {
  const lines: string[] = [];
  const reporter: Reporter = {
    ...silentReporter,
    info: (message) => lines.push(message),
    warn: (message) => lines.push(`warning: ${message}`),
  };
  const stop = new AbortController();
  let done: Promise<unknown> = Promise.resolve();
  const ready = await new Promise<ServeResult>((resolve, reject) => {
    done = serve(
      { port: 0, ...options, onReady: resolve },
      { workspace, reporter, signal: stop.signal },
    ).catch(reject);
  });
  cleanups.push(() => {
    stop.abort();
    return done;
  });
  return { ready, lines };
}

interface Answered {
  readonly model: { readonly name: string; readonly version: number };
}

async function ask(url: string, model?: string): Promise<number | string> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    body: JSON.stringify({ records: [PENGUIN], model }),
  });
  const body = (await response.json()) as Answered & { error?: { code: string } };
  return body.error?.code ?? body.model.version;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen within 15 seconds.');
    await sleep(20);
  }
}

/** Clients that ask one after the other on connections they keep, and what they were answered. */
function load(port: number, clients: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const seen = new Map<string, number>();
  let running = true;
  const once = (): Promise<string> =>
    new Promise((resolve) => {
      const call = request({ port, agent, path: '/predict', method: 'POST' }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve(
            response.statusCode === 200 ? `version ${(JSON.parse(text) as Answered).model.version}` : text,
          ),
        );
      });
      call.on('error', (error) => resolve(error.message));
      call.end(BODY);
    });
  const client = async (): Promise<void> => {
    while (running) {
      const outcome = await once();
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    seen,
    async stop(): Promise<void> {
      running = false;
      await done;
      agent.destroy();
    },
  };
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
    const metrics = await (await fetch(`${ready.url}/metrics`)).text();
    expect(metrics).toContain('aimaas_model_loads_total{model="penguins",version="2",result="failed"} 1');
    await sleep(2200);
    expect(lines.filter((line) => line.includes('could not be loaded'))).toHaveLength(1);
    await versions.alias('penguins', 'champion', 3);
    await until(async () => (await ask(ready.url)) === 3);
    expect(await (await fetch(`${ready.url}/readyz`)).json()).not.toHaveProperty('problems');
  });
});
