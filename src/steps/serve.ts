import type { JsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { createApp } from '../server/app.js';
import { listen } from '../server/listen.js';
import type { ServedModel } from '../server/served-model.js';
import { AimaasError } from '../core/errors.js';
import { ModelRegistry } from '../workspace/registry.js';
import { Workspace } from '../workspace/workspace.js';
import { resolveModel } from './resolve-model.js';
import { openServedModel } from './served-model.js';

export interface ServeOptions {
  /** MODEL arguments; the first answers requests that name no model. Default: the newest model. */
  readonly models?: readonly string[] | undefined;
  /** Address to listen at. Default 127.0.0.1: this machine only. */
  readonly host?: string | undefined;
  /** Default 8080; 0 for any free port. */
  readonly port?: number | undefined;
  /** Threads inside an operation of a network. */
  readonly threads?: number | undefined;
  /** Most rows given to the engine at once. */
  readonly maxBatchRows?: number | undefined;
  /** Most rows that may wait for the engine. */
  readonly maxQueueRows?: number | undefined;
  /** Largest request body in bytes. */
  readonly maxBodyBytes?: number | undefined;
  /** Called once the server answers. */
  readonly onReady?: ((ready: ServeResult) => void) | undefined;
}

const SERVE_DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  maxBatchRows: 1024,
  maxQueueRows: 65_536,
  maxBodyBytes: 16 * 1024 * 1024,
} as const;

/** Milliseconds a request may wait for its turn. */
const MAX_WAIT = 30_000;

export type ServeResult = {
  readonly schemaVersion: 1;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** A model's version is null if it was never exported. */
  readonly models: readonly {
    readonly name: string;
    readonly version: number | null;
    readonly aliases: readonly string[];
    readonly folder: string;
  }[];
  /** A body for POST /predict that the first model can answer. */
  readonly example: JsonObject;
};

interface Opened {
  readonly folder: string;
  readonly model: ServedModel;
}

/**
 * Serves models over HTTP until the context's signal fires; then answers what has arrived, closes, and resolves.
 * @throws AimaasError USAGE when it cannot listen at the address, ARTIFACT_* when a model cannot be opened.
 */
export async function serve(options: ServeOptions, context: StepContext): Promise<ServeResult> {
  const host = options.host ?? SERVE_DEFAULTS.host;
  const opened = await openModels(options, context);
  try {
    const app = createApp({
      models: opened.map(({ model }) => model) as [ServedModel, ...ServedModel[]],
      maxBatchRows: options.maxBatchRows ?? SERVE_DEFAULTS.maxBatchRows,
      maxQueueRows: options.maxQueueRows ?? SERVE_DEFAULTS.maxQueueRows,
      maxBodyBytes: options.maxBodyBytes ?? SERVE_DEFAULTS.maxBodyBytes,
      maxWait: MAX_WAIT,
      onError: (error) => context.reporter.warn(`A request failed: ${describe(error)}`),
    });
    const server = await listen(app, { host, port: options.port ?? SERVE_DEFAULTS.port });
    const ready: ServeResult = {
      schemaVersion: 1,
      url: server.url,
      host,
      port: server.port,
      pid: process.pid,
      models: opened.map(({ folder, model: { name, version, labels } }) => ({
        name,
        version,
        aliases: labels,
        folder,
      })),
      example: { records: [opened[0].model.example] },
    };
    announce(ready, context);
    options.onReady?.(ready);
    await aborted(context.signal);
    context.reporter.debug('Finishing the requests that have arrived …');
    await server.close();
    return ready;
  } finally {
    await Promise.all(opened.map(({ model }) => model.predictor.dispose()));
  }
}

async function openModels(options: ServeOptions, context: StepContext): Promise<[Opened, ...Opened[]]> {
  const wanted = options.models ?? [];
  const [first, ...others] = wanted.length === 0 ? [undefined] : wanted;
  const opened: [Opened, ...Opened[]] = [await openModel(first, options, context)];
  for (const name of others) {
    const next = await openModel(name, options, context);
    const { name: modelName, version } = next.model;
    const twin = opened.find(({ model }) => model.name === modelName && model.version === version);
    if (twin === undefined) opened.push(next);
    else if (twin.folder === next.folder) await next.model.predictor.dispose();
    else throw sameName(modelName, version, twin.folder, next.folder);
  }
  return opened;
}

function sameName(name: string, version: number | null, one: string, other: string): AimaasError {
  const what = version === null ? name : `${name}/${version}`;
  return new AimaasError('USAGE', `${one} and ${other} are both called ${what}, so no client could choose.`, {
    hint: 'Export one under another name: aimaas export --run RUN --name NAME',
  });
}

async function openModel(
  wanted: string | undefined,
  options: ServeOptions,
  context: StepContext,
): Promise<Opened> {
  const { folder, name, version } = await resolveModel(context, wanted);
  const labels = version === null ? [] : await labelsOf(context, folder, name, version);
  return { folder, model: await openServedModel({ folder, name, version, labels }, options) };
}

/** Aliases of the registry that point at a version; none for a bundle that lies elsewhere. */
async function labelsOf(
  { workspace }: StepContext,
  folder: string,
  name: string,
  version: number,
): Promise<string[]> {
  const registry = new ModelRegistry(new Workspace(workspace));
  if (registry.folder(name, version) !== folder) return [];
  const aliases = Object.entries(await registry.aliases(name));
  return aliases.filter(([, target]) => target === version).map(([alias]) => alias);
}

function announce({ url, host, models, example }: ServeResult, { reporter }: StepContext): void {
  const names = models.map(({ name, version }) => (version === null ? name : `${name}/${version}`));
  // A quote in a value would end the shell's string.
  const body = JSON.stringify(example).replaceAll("'", String.raw`'\''`);
  reporter.info(
    `Serving ${names.join(', ')} at ${url} (Ctrl-C stops it). Try: curl ${url}/predict -H 'Content-Type: application/json' -d '${body}'`,
  );
  if (!isLoopback(host)) {
    reporter.warn(
      `Everyone who can reach ${host} can use the models: there is no access control.`,
      'Leave out --host to serve this machine only.',
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
