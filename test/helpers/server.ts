import { join } from 'node:path';
import { type AppOptions, createApp } from '../../src/server/app.js';
import { listen, type ListenOptions, type RunningServer } from '../../src/server/listen.js';
import type { ColumnModel, ServedModel } from '../../src/server/served-model.js';
import { openServedModel } from '../../src/steps/serve/served-model.js';
import { temporaryFolder } from './cli.js';
import { writePenguinModel } from './penguins.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body. */
  readonly body: unknown;
}

export interface TestServer<T extends ServedModel = ColumnModel> extends RunningServer {
  readonly models: readonly T[];
  /** Failures that the server called its own. */
  readonly errors: unknown[];
  /** How many requests have reached the server. */
  received(): number;
  get(path: string, init?: RequestInit): Promise<Answer>;
  /** Posts JSON, or a text as it is. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Answer>;
}

export interface TestServerOptions extends Partial<Omit<AppOptions, 'models'>> {
  readonly timeouts?: ListenOptions['timeouts'];
  readonly tls?: ListenOptions['tls'];
}

/** The models that test servers serve, opened from files. */
export async function openPenguinModels(): Promise<{
  readonly models: readonly [ColumnModel, ColumnModel, ColumnModel];
  readonly dispose: () => Promise<void>;
}> {
  const folder = await temporaryFolder();
  const open = async (
    name: string,
    version: number | null,
    labels: readonly string[],
    ...model: readonly ['multiclass' | 'regression', number]
  ): Promise<ColumnModel> => {
    const path = join(folder.path, `${name}-${String(version)}`);
    await writePenguinModel(path, ...model);
    return openServedModel({ folder: path, name, version, labels }, {});
  };
  const models = [
    await open('penguins', 2, ['champion'], 'multiclass', 1),
    await open('penguins', 1, [], 'multiclass', 2),
    await open('flippers', null, [], 'regression', 3),
  ] as const;
  return {
    models,
    dispose: async () => {
      await Promise.all(models.map((model) => model.dispose()));
      await folder.dispose();
    },
  };
}

/** A server on a free port of this machine, and a client for it. */
export async function startServer<T extends ServedModel = ColumnModel>(
  models: readonly T[],
  options: TestServerOptions = {},
): Promise<TestServer<T>> {
  const errors: unknown[] = [];
  const app = createApp({
    maxBatchRows: 64,
    maxQueueRows: 10_000,
    maxBodyBytes: 1024 * 1024,
    maxWait: 30_000,
    onError: (error) => errors.push(error),
    ...options,
    models,
  });
  let received = 0;
  const counted = {
    ...app,
    handle: (...exchange: Parameters<typeof app.handle>) => {
      received++;
      app.handle(...exchange);
    },
  };
  const running = await listen(counted, {
    host: '127.0.0.1',
    port: 0,
    timeouts: options.timeouts,
    tls: options.tls,
  });
  const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(running.url + path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
    };
  };
  return {
    ...running,
    models,
    errors,
    received: () => received,
    get: send,
    post: (path, body, init) =>
      send(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
        ...init,
      }),
  };
}
