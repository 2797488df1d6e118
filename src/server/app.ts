import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, AccessControl, openAccess } from './access/access.js';
import { Batcher } from './batcher.js';
import { type BrowserOptions, Browsers } from './browsers.js';
import { Bodies } from './body.js';
import { HeldBytes } from './held-bytes.js';
import { HttpCall, pathOf } from './http-call.js';
import type { RequestEntry } from './logging/request-log.js';
import { requestIdOf, traceOf } from './logging/trace.js';
import { ServerMetrics } from './metrics.js';
import { ModelSet, type Serving } from './model-set.js';
import { inferenceProtocol } from './protocols/inference/inference.js';
import { pageProtocol } from './page/protocol.js';
import { operationsProtocol } from './protocols/operations.js';
import { recordsProtocol } from './protocols/records.js';
import { tensorflowServingProtocol } from './protocols/tensorflow-serving.js';
import type { ModelRepository } from './repository.js';
import type { TrafficControl } from './traffic/rule.js';
import { Traffic } from './traffic/traffic.js';
import { trafficProtocol } from './protocols/traffic.js';
import { toRequestError } from './request-error.js';
import type { Reply } from './route.js';
import { Router } from './router.js';
import { Scheduler } from './scheduler.js';
import type { ServedModel } from './served-model.js';

export interface AppOptions {
  /** What is served from the beginning; the first answers requests that name no model. */
  readonly models?: readonly ServedModel[];
  /** Tells and changes what is served; without it, what is given is served. */
  readonly repository?: ModelRepository | undefined;
  readonly maxBatchRows: number;
  readonly maxQueueRows: number;
  readonly maxBodyBytes: number;
  /** Bytes of bodies held at once, of all requests. Default: eight of the largest. */
  readonly maxHeldBytes?: number | undefined;
  /** Milliseconds a request may wait for its turn. */
  readonly maxWait: number;
  /** Tells and changes how requests are split among versions; without it, nothing splits them. */
  readonly trafficControl?: TrafficControl | undefined;
  /** The metrics as text, where other processes have some too; without it, those of this one. */
  readonly exposition?: (() => Promise<string>) | undefined;
  /** Who may use it. Without it, everyone. */
  readonly access?: AccessControl | undefined;
  /** What pages in browsers may do with it. */
  readonly browsers?: BrowserOptions | undefined;
  /** Is told of every request that was answered. */
  readonly onRequest?: ((entry: RequestEntry) => void) | undefined;
  /** Is told of failures that are the server's own. */
  readonly onError: (error: unknown) => void;
}

/** Everything the server does with a request, apart from listening for it. */
export interface App {
  readonly models: ModelSet;
  readonly access: AccessControl;
  /** The bodies of requests that it holds, whatever protocol they came by. */
  readonly held: HeldBytes;
  /** Puts a batcher in front of a model, for `models`. */
  serve(model: ServedModel): Serving;
  readonly metrics: ServerMetrics;
  readonly repository: ModelRepository | undefined;
  /** Whether it is stopping. */
  readonly draining: () => boolean;
  readonly traffic: Traffic;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** From now on the server is not ready. */
  drain(): void;
  /** From now on every answer asks its client to close the connection. */
  dismiss(): void;
  /** Resolves when no request waits for an engine. */
  idle(): Promise<void>;
}

/** What metrics call a request that is no route. */
const UNKNOWN_ROUTE = 'unknown';

const UNKNOWN_METHOD = 'other';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createApp(options: AppOptions): App {
  const metrics = new ServerMetrics();
  const scheduler = new Scheduler();
  const held = new HeldBytes(options);
  const bodies = new Bodies(options.maxBodyBytes, held);
  const { access: control = new AccessControl() } = options;
  const browsers = new Browsers(options.browsers ?? {});
  const serve = (model: ServedModel): Serving => ({
    model,
    batcher: new Batcher(model, { ...options, scheduler, observer: metrics.observerOf(model) }),
  });
  const traffic = new Traffic((model) => ({
    model,
    batcher: new Batcher(model, {
      ...options,
      scheduler,
      background: true,
      observer: { batch: () => undefined },
    }),
  }));
  metrics.watchTraffic(traffic);
  const models = new ModelSet((options.models ?? []).map(serve));
  let draining = false;
  let dismissing = false;
  metrics.watch(models, () => draining);
  const view = { models, repository: options.repository, draining: () => draining };
  const router = new Router([
    recordsProtocol(models),
    pageProtocol(models),
    tensorflowServingProtocol(view),
    inferenceProtocol(view),
    ...(options.trafficControl === undefined ? [] : [trafficProtocol(options.trafficControl)]),
    operationsProtocol({
      models,
      metrics,
      exposition: options.exposition ?? (() => metrics.text()),
      repository: options.repository,
      hasTraffic: options.trafficControl !== undefined,
      draining: () => draining,
      hidesModels: () => control.demanded,
    }),
  ]);

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    reply: Reply,
    access: Access | undefined,
  ): void {
    if (response.destroyed || response.headersSent) return;
    // All at once: headers that were set before would make Node check and merge them one by one.
    const headers: Record<string, string | number> = {
      'X-Request-Id': requestId,
      'Content-Type': reply.type ?? 'application/json',
      'Content-Length': Buffer.byteLength(reply.body),
      ...browsers.headers,
      ...browsers.corsHeaders(request.headers),
      ...access?.headers,
      ...reply.headers,
    };
    if (dismissing) headers.Connection = 'close';
    response.writeHead(reply.status, headers);
    response.end(reply.body);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const requestId = requestIdOf(request.headers);
    const method = request.method ?? '';
    const path = pathOf(request.url ?? '/');
    const preflight = browsers.preflight(method, request.headers, models);
    if (preflight !== undefined) return send(request, response, requestId, preflight, undefined);
    const match = router.find(method, path);
    const route = match?.route.name ?? UNKNOWN_ROUTE;
    const isOpen = match?.route.open === true;
    let access: Access | undefined;
    let failed: string | null = null;
    let reply: Reply;
    try {
      browsers.check(method, request.headers);
      const entered = isOpen ? openAccess() : control.enter(request.headers);
      access = entered instanceof Promise ? await entered : entered;
      if (match === undefined) throw router.explain(method, path);
      const call = new HttpCall(request, response, match, { method, path, access, started, bodies });
      reply = await match.route.handle(call);
      if (control.demanded && !isOpen && !access.wasAsked) {
        throw new Error(`${route} answered without asking who may have the answer.`);
      }
    } catch (thrown) {
      const error = toRequestError(thrown);
      if (error.status === 500) options.onError(thrown);
      failed = error.code;
      metrics.error(route, error.code);
      const said = (match?.protocol ?? router.protocolOf(path)).failure(error);
      reply = { ...said, headers: { ...error.headers, ...said.headers } };
    }
    access?.settle({ ok: reply.status < 400, route, requestId, error: failed });
    send(request, response, requestId, reply, access);
    const known = METHODS.has(method) ? method : UNKNOWN_METHOD;
    const seconds = (performance.now() - started) / 1000;
    metrics.request(known, route, reply.status, seconds);
    options.onRequest?.({
      time: new Date(Date.now() - seconds * 1000),
      trace: traceOf(request.headers, requestId),
      remote: request.socket.remoteAddress ?? '',
      protocol: 'http',
      method: known,
      route,
      path,
      status: reply.status,
      error: failed,
      seconds,
      rows: access?.rows ?? 0,
      model: access?.model?.name ?? null,
      version: access?.model?.version ?? null,
      key: access?.key?.id ?? null,
    });
  }

  return {
    models,
    access: control,
    held,
    serve,
    metrics,
    repository: options.repository,
    draining: () => draining,
    traffic,
    handle(request, response) {
      answer(request, response).catch((error: unknown) => {
        options.onError(error);
        response.destroy();
      });
    },
    drain() {
      draining = true;
    },
    dismiss() {
      dismissing = true;
    },
    async idle() {
      await scheduler.idle();
    },
  };
}
