import type { JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { type App, createApp } from '../../server/app.js';
import { type Member, topic } from '../../server/cluster/bus.js';
import { joinFleet, repositoryOf, trafficControlOf } from '../../server/cluster/remote.js';
import { ALL_METRICS, READ_METRICS, READ_TRAFFIC } from '../../server/cluster/topics.js';
import { type ConnectionSource, listen, type RunningServer } from '../../server/listen.js';
import type { RunningGrpcServer } from '../../server/grpc/server.js';
import { LiveModels } from '../../server/live-models.js';
import type { Target } from '../../server/plan.js';
import type { ServedModel } from '../../server/served-model.js';
import { openServedModel } from './served-model.js';
import { isSavedModel } from './saved-model-folder.js';
import { isOnnxFile, openServedOnnx } from './served-onnx.js';
import type { Accounts } from './access.js';
import { Monitoring } from './monitoring.js';
import { SERVE_DEFAULTS, type ServeOptions } from './options.js';
import { openProtection } from './protection.js';
import { openRequestLog } from './request-log.js';
import { keepRequestsYoung } from './young-generation.js';

/** What the one who starts the server is to know of those who answer. */
export type AboutAnswering = {
  /** A row that the first model can answer for. */
  readonly example: JsonObject;
  /** Whether requests need an API key. */
  readonly keys: boolean;
  readonly warnings: readonly (readonly [message: string, hint: string])[];
};

/** Coordinator to members. */
export const DESCRIBE = topic<null, AboutAnswering>('answering.describe');

/** What answers requests: in the command's own process, or in each of its workers. */
export interface Answering {
  readonly app: App;
  /** Takes connections: from a port of its own, or from where they are handed over. */
  listen(from?: ConnectionSource): Promise<RunningServer>;
  /** The same for gRPC; undefined where it is not asked for. */
  listenGrpc(from?: ConnectionSource): Promise<RunningGrpcServer | undefined>;
  /** Frees the models, once it takes no connections any more. */
  close(): Promise<void>;
}

/**
 * Makes ready for what the coordinator will say is to be served.
 * @throws AimaasError USAGE when a certificate is wrong, or when everybody would be let in without being told to;
 * ARTIFACT_CORRUPT when the keys cannot be read.
 */
export async function openAnswering(
  options: ServeOptions,
  context: StepContext,
  member: Member,
  accounts: Accounts,
): Promise<Answering> {
  keepRequestsYoung();
  const host = options.host ?? SERVE_DEFAULTS.host;
  const monitoring = new Monitoring(options, context);
  const protection = await openProtection(host, options, accounts, context);
  const requestLog = await openRequestLog(options, context.reporter);
  const onError = (error: unknown): void => context.reporter.warn(`A request failed: ${describe(error)}`);
  const app = createApp({
    repository: repositoryOf(member),
    trafficControl: trafficControlOf(member),
    exposition: () => member.ask(ALL_METRICS, null),
    maxBatchRows: options.maxBatchRows ?? SERVE_DEFAULTS.maxBatchRows,
    maxQueueRows: options.maxQueueRows ?? SERVE_DEFAULTS.maxQueueRows,
    maxBodyBytes: options.maxBodyBytes ?? SERVE_DEFAULTS.maxBodyBytes,
    maxWait: SERVE_DEFAULTS.maxWait,
    access: protection.access,
    browsers: protection.browsers,
    onRequest: requestLog?.entry,
    onError,
  });
  if (monitoring.log !== undefined) app.metrics.watchLog(monitoring.log);
  const live = new LiveModels({
    models: app.models,
    open: (target) => openTarget(target, options, monitoring),
    serve: (model) => app.serve(model),
    direct: (plan, servings) => app.traffic.direct(plan, servings),
    onError,
  });
  joinFleet(member, live);
  member.answer(DESCRIBE, () => ({
    example: app.models.first?.model.example ?? {},
    keys: protection.access.demanded,
    warnings: protection.warnings,
  }));
  member.answer(READ_TRAFFIC, () => app.traffic.counts);
  member.answer(READ_METRICS, () => app.metrics.json());
  return {
    app,
    async listen(from) {
      monitoring.checkMask(app.models.all.map(({ model }) => model));
      const { tls } = protection;
      const server = await listen(app, { host, port: options.port ?? SERVE_DEFAULTS.port, tls, from });
      protection.renew(server);
      return server;
    },
    async listenGrpc(from) {
      if (options.grpcPort === undefined) return undefined;
      // Its libraries are loaded only where they are needed.
      const { listenGrpc } = await import('../../server/grpc/server.js');
      const maxMessageBytes = options.maxBodyBytes ?? SERVE_DEFAULTS.maxBodyBytes;
      const { tls } = protection;
      const server = await listenGrpc(app, {
        host,
        port: options.grpcPort,
        maxMessageBytes,
        tls,
        from,
        onRequest: requestLog?.entry,
        onError,
      });
      protection.renew(server);
      return server;
    },
    async close() {
      protection.close();
      await requestLog?.close();
      await live.close();
      await monitoring.close();
    },
  };
}

async function openTarget(
  target: Target,
  options: ServeOptions,
  monitoring: Monitoring,
): Promise<ServedModel> {
  if (isOnnxFile(target.folder)) return openServedOnnx({ ...target, path: target.folder }, options);
  if (await isSavedModel(target.folder)) {
    // What runs it is loaded only where it is needed.
    const { openServedSavedModel } = await import('./served-saved-model.js');
    return openServedSavedModel({ ...target, path: target.folder }, options);
  }
  return monitoring.watch(await openServedModel(target, options), target.folder);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
