import type { StepContext } from '../core/step.js';
import { type App, createApp } from '../server/app.js';
import { listen, type RunningServer } from '../server/listen.js';
import { LiveModels } from '../server/live-models.js';
import { ModelController } from '../server/model-controller.js';
import { announce } from './serve/announce.js';
import { Monitoring } from './serve/monitoring.js';
import type { ServeOptions, ServeResult } from './serve/options.js';
import { openProtection, type Protection } from './serve/protection.js';
import { givenReferences, registryVersions, resolveTarget } from './serve/references.js';
import { versionEvents } from './serve/version-events.js';
import { watch } from './serve/watch.js';
import { openServedModel } from './served-model.js';

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
 * @throws AimaasError USAGE when it cannot listen at the address, or would let in everybody without being told to;
 * ARTIFACT_* when a model cannot be opened.
 */
export async function serve(options: ServeOptions, context: StepContext): Promise<ServeResult> {
  const host = options.host ?? SERVE_DEFAULTS.host;
  const protection = await openProtection(host, options, context);
  try {
    return await serveProtected(host, protection, options, context);
  } finally {
    protection.close();
  }
}

async function serveProtected(
  host: string,
  protection: Protection,
  options: ServeOptions,
  context: StepContext,
): Promise<ServeResult> {
  const onError = (error: unknown): void => context.reporter.warn(`A request failed: ${describe(error)}`);
  const monitoring = new Monitoring(options, context);
  const controller = new ModelController({
    resolve: (reference) => resolveTarget(context, reference),
    versions: () => registryVersions(context),
    fleet: { load: (target) => live.load(target), show: (plan) => live.show(plan) },
    events: versionEvents(context.reporter, () => app.metrics),
  });
  const app = createApp({
    repository: controller,
    maxBatchRows: options.maxBatchRows ?? SERVE_DEFAULTS.maxBatchRows,
    maxQueueRows: options.maxQueueRows ?? SERVE_DEFAULTS.maxQueueRows,
    maxBodyBytes: options.maxBodyBytes ?? SERVE_DEFAULTS.maxBodyBytes,
    maxWait: MAX_WAIT,
    access: protection.access,
    browsers: protection.browsers,
    onError,
  });
  if (monitoring.log !== undefined) app.metrics.watchLog(monitoring.log);
  const live = new LiveModels({
    models: app.models,
    open: async (target) => monitoring.watch(await openServedModel(target, options), target.folder),
    serve: (model) => app.serve(model),
    onError,
  });
  try {
    await controller.start(await givenReferences(context, options.models ?? []));
    monitoring.checkMask(app.models.all.map(({ model }) => model));
    const { tls } = protection;
    const server = await listen(app, { host, port: options.port ?? SERVE_DEFAULTS.port, tls });
    const ready = readyResult(server, host, app, controller);
    announce(ready, context);
    protection.watchOver(server);
    options.onReady?.(ready);
    const watching =
      options.watch === false ? undefined : watch(() => controller.reconcile(), context.signal);
    await aborted(context.signal);
    context.reporter.debug('Finishing the requests that have arrived …');
    await watching;
    await server.close();
    return ready;
  } finally {
    await live.close();
    await monitoring.close();
  }
}

function readyResult(
  { url, port }: RunningServer,
  host: string,
  app: App,
  { targets }: ModelController,
): ServeResult {
  return {
    schemaVersion: 1,
    url,
    host,
    port,
    pid: process.pid,
    keys: app.access.demanded,
    models: targets.map(({ name, version, labels, folder }) => ({ name, version, aliases: labels, folder })),
    example: { records: [app.models.first?.model.example ?? {}] },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
