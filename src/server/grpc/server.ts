import * as grpc from '@grpc/grpc-js';
import { AimaasError } from '../../core/errors.js';
import type { App } from '../app.js';
import type { RepositoryView } from '../protocols/inference/repository.js';
import type { ConnectionSource } from '../listen.js';
import type { TlsMaterial } from '../tls.js';
import type { GrpcService } from './call.js';
import { type CallOptions, Calls } from './calls.js';
import { RenewableCredentials } from './credentials.js';
import { healthService } from './health-service.js';
import { heldMessages } from './held-messages.js';
import { inferenceService } from './inference-service.js';
import { reflectionServices } from './reflection-service.js';
import { loadSchema, type Schema } from './schema.js';
import { modelService, predictionService } from './tensorflow-service.js';

export interface GrpcOptions extends CallOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Largest message that is taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Without it calls come in the clear. */
  readonly tls?: TlsMaterial | undefined;
  /** Where connections come from, if this process does not listen itself. */
  readonly from?: ConnectionSource | undefined;
}

export interface RunningGrpcServer {
  readonly port: number;
  /** New connections get this certificate from now on. */
  renewTls(material: TlsMaterial): void;
  /**
   * Takes no new calls, answers those that have arrived, then closes; what is not finished after `limit` milliseconds is
   * cut off.
   */
  close(options?: { readonly limit?: number }): Promise<void>;
}

/**
 * Serves the app's models over gRPC: the Open Inference Protocol, TensorFlow Serving, health and reflection. The same
 * access control, batching and limits as over HTTP.
 * @throws AimaasError USAGE when the address is taken or not this machine's.
 */
export async function listenGrpc(app: App, options: GrpcOptions): Promise<RunningGrpcServer> {
  const calls = new Calls(app, options);
  const server = new grpc.Server({
    interceptors: [heldMessages(app.held, calls.refused)],
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    // As long as load balancers keep a connection on which nothing happens.
    'grpc.keepalive_time_ms': 60_000,
  });
  const schema = loadSchema();
  for (const service of servicesOf(app, schema))
    calls.add(server, schema.root.lookupService(service.name), service);
  const secure = options.tls === undefined ? undefined : new RenewableCredentials(options.tls);
  const port = await bind(server, options, secure ?? grpc.ServerCredentials.createInsecure());

  async function close({ limit = 30_000 } = {}): Promise<void> {
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    calls.endStreams();
    let timer: NodeJS.Timeout | undefined;
    // A client that reads nothing any more does not see that its connection was ended, so it is not waited for.
    const cutOff = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, limit);
    });
    await Promise.race([closed, cutOff]);
    clearTimeout(timer);
  }

  return { port, renewTls: (material) => secure?.renew(material), close };
}

function servicesOf(app: App, schema: Schema): GrpcService[] {
  const view: RepositoryView = { models: app.models, repository: app.repository, draining: app.draining };
  const speaking = [inferenceService(view), predictionService(app.models, schema.root), modelService(view)];
  const names = speaking.map(({ name }) => name);
  const ready = (): boolean =>
    !app.draining() &&
    app.models.all.length > 0 &&
    app.models.all.every(({ batcher }) => batcher.failure === undefined);
  const health = healthService({ services: names, ready });
  return [...speaking, health, ...reflectionServices(schema, [...names, health.name])];
}

function bind(
  server: grpc.Server,
  { host, port, from }: GrpcOptions,
  credentials: grpc.ServerCredentials,
): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  if (from !== undefined) {
    const injector = server.createConnectionInjector(credentials);
    from.take((socket) => injector.injectConnection(socket));
    return Promise.resolve(from.port);
  }
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) {
        resolve(bound);
        return;
      }
      reject(
        new AimaasError('USAGE', `gRPC cannot listen at ${address}: ${error.message}`, {
          hint: 'Choose another port with --grpc-port N, or any free one with --grpc-port 0.',
          cause: error,
        }),
      );
    });
  });
}
