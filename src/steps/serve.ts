import type { StepContext } from '../core/step.js';
import { createApp } from '../server/app.js';
import { listen } from '../server/listen.js';
import type { ServedModel } from '../server/served-model.js';
import { announce } from './serve/announce.js';
import { openModels } from './serve/open-models.js';
import type { ServeOptions, ServeResult } from './serve/options.js';

export type { ServeOptions, ServeResult } from './serve/options.js';

const SERVE_DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  maxBatchRows: 1024,
  maxQueueRows: 65_536,
  maxBodyBytes: 16 * 1024 * 1024,
} as const;

/** Milliseconds a request may wait for its turn. */
const MAX_WAIT = 30_000;

/**
 * Serves models over HTTP until the context's signal fires; then answers what has arrived, closes, and resolves.
 * @throws AimaasError USAGE when it cannot listen at the address, ARTIFACT_* when a model cannot be opened.
 */
export async function serve(options: ServeOptions, context: StepContext): Promise<ServeResult> {
  const host = options.host ?? SERVE_DEFAULTS.host;
  const opened = await openModels(options.models ?? [], options, context);
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
    await Promise.all(opened.map(({ model }) => model.dispose()));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
