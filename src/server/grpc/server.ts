import * as grpc from '@grpc/grpc-js';
import type { IncomingHttpHeaders } from 'node:http';
import type protobuf from 'protobufjs';
import { AimaasError } from '../../core/errors.js';
import { type Access, openAccess } from '../access/access.js';
import type { App } from '../app.js';
import type { RequestEntry } from '../logging/request-log.js';
import type { RepositoryView } from '../protocols/inference/repository.js';
import type { ConnectionSource } from '../listen.js';
import { requestIdOf, traceOf } from '../logging/trace.js';
import { badRequest, type RequestError, toRequestError } from '../request-error.js';
import type { TlsMaterial } from '../tls.js';
import type { Exchange, GrpcCall, GrpcService, Message, Unary, Watch } from './call.js';
import { RenewableCredentials } from './credentials.js';
import { healthService } from './health-service.js';
import { inferenceService } from './inference-service.js';
import { reflectionServices } from './reflection-service.js';
import { loadSchema, type Schema } from './schema.js';
import { type StatusName, statusOf } from './status.js';
import { modelService, predictionService } from './tensorflow-service.js';

export interface GrpcOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Largest message that is taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Without it calls come in the clear. */
  readonly tls?: TlsMaterial | undefined;
  /** Where connections come from, if this process does not listen itself. */
  readonly from?: ConnectionSource | undefined;
  /** Is told of every call that was answered, of streams of every message. */
  readonly onRequest?: ((entry: RequestEntry) => void) | undefined;
  readonly onError: (error: unknown) => void;
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

/** What a line of the log is made of. */
interface Logged {
  readonly route: string;
  readonly requestId: string;
  readonly headers: IncomingHttpHeaders;
  readonly seconds: number;
  readonly failure?: RequestError | undefined;
  readonly access?: Access | undefined;
}

type ServerCall = grpc.ServerUnaryCall<Message, Message> | grpc.ServerDuplexStream<Message, Message>;

/**
 * Serves the app's models over gRPC: the Open Inference Protocol, TensorFlow Serving, health and reflection. The same
 * access control, batching and limits as over HTTP.
 * @throws AimaasError USAGE when the address is taken or not this machine's.
 */
export async function listenGrpc(app: App, options: GrpcOptions): Promise<RunningGrpcServer> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    // As long as load balancers keep a connection on which nothing happens.
    'grpc.keepalive_time_ms': 60_000,
  });
  const schema = loadSchema();
  const calls = new Calls(app, options);
  for (const service of servicesOf(app, schema))
    calls.add(server, schema.root.lookupService(service.name), service);
  const secure = options.tls === undefined ? undefined : new RenewableCredentials(options.tls);
  const port = await bind(server, options, secure ?? grpc.ServerCredentials.createInsecure());

  async function close({ limit = 30_000 } = {}): Promise<void> {
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    calls.endStreams();
    const timer = setTimeout(() => server.forceShutdown(), limit);
    await closed;
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

/** Makes grpc-js call the services: finds out who calls, counts, and turns what they throw into statuses. */
class Calls {
  private readonly app: App;
  private readonly onError: GrpcOptions['onError'];
  private readonly onRequest: GrpcOptions['onRequest'];
  private readonly streams = new Set<() => void>();

  constructor(app: App, { onError, onRequest }: Pick<GrpcOptions, 'onError' | 'onRequest'>) {
    this.app = app;
    this.onError = onError;
    this.onRequest = onRequest;
  }

  add(server: grpc.Server, description: protobuf.Service, service: GrpcService): void {
    const definition: Record<string, grpc.MethodDefinition<Message, Message>> = {};
    const handlers: grpc.UntypedServiceImplementation = {};
    for (const described of description.methodsArray) {
      const { name } = described;
      const method = service.methods[name];
      const { resolvedRequestType: request, resolvedResponseType: response } = described;
      if (method === undefined || request === null || response === null) {
        throw new Error(`${service.name} has no ${name}.`);
      }
      definition[name] = methodDefinition(`/${service.name}/${name}`, described, request, response);
      handlers[name] = this.handler(service.name, name, method);
    }
    server.addService(definition, handlers);
  }

  /** Ends the streams that clients keep open, once what has arrived on them is answered. */
  endStreams(): void {
    for (const end of this.streams) end();
  }

  private handler(service: string, name: string, method: Unary | Exchange | Watch): grpc.UntypedHandleCall {
    switch (method.kind) {
      case 'unary':
        return (call: grpc.ServerUnaryCall<Message, Message>, callback: grpc.sendUnaryData<Message>) => {
          void this.answer(service, name, method, call, call.request).then((answer) => {
            if ('error' in answer) callback(answer.error);
            else callback(null, answer.message, answer.trailer);
          });
        };
      case 'exchange':
        return (stream: grpc.ServerDuplexStream<Message, Message>) => {
          this.exchange(service, name, method, stream);
        };
      case 'watch':
        return (stream: grpc.ServerWritableStream<Message, Message>) => {
          this.watch(service, name, method, stream);
        };
    }
  }

  /** One message in, one message or error out. Never rejects. */
  private async answer(
    service: string,
    name: string,
    method: Unary | Exchange,
    call: ServerCall,
    request: Message,
  ): Promise<
    { message: Message; trailer: grpc.Metadata } | { error: grpc.ServerErrorResponse; text: string }
  > {
    const started = performance.now();
    const headers = headersOf(call.metadata);
    const about = { route: `/${service}/${name}`, requestId: requestIdOf(headers) };
    let access: Access | undefined;
    let code: StatusName = 'OK';
    let failure: RequestError | undefined;
    try {
      const entered = method.open === true ? openAccess() : this.app.access.enter(headers);
      access = entered instanceof Promise ? await entered : entered;
      if (request instanceof Undecodable) throw request.error;
      const asking: GrpcCall = {
        access,
        headers,
        abandoned: () => call.cancelled,
        deadline: deadlineOf(call.getDeadline()),
      };
      const message = await (method.handle(request as never, asking) as Promise<Message>);
      if (this.app.access.demanded && method.open !== true && !access.wasAsked) {
        throw new Error(`${about.route} answered without asking who may have the answer.`);
      }
      access.settle({ ok: true, ...about, error: null });
      return { message, trailer: metadataOf(access.headers) };
    } catch (thrown) {
      const error = toRequestError(thrown);
      failure = error;
      if (error.status === 500) this.onError(thrown);
      code = statusOf(error);
      access?.settle({ ok: false, ...about, error: error.code });
      const { hint } = error;
      const text = hint === undefined ? error.message : `${error.message} ${hint}`;
      const metadata = metadataOf({ ...access?.headers, ...error.headers });
      return {
        error: { name: code, message: text, code: grpc.status[code], details: text, metadata },
        text,
      };
    } finally {
      const seconds = (performance.now() - started) / 1000;
      this.app.metrics.call(service, name, code, seconds);
      this.log(call, { ...about, headers, seconds, failure, access });
    }
  }

  /** Tells the log of requests; a status is that of HTTP which means the same. */
  private log(call: Pick<ServerCall, 'getPeer'>, logged: Logged): void {
    const { route, requestId, headers, seconds, failure, access } = logged;
    this.onRequest?.({
      time: new Date(Date.now() - seconds * 1000),
      trace: traceOf(headers, requestId),
      remote: addressOf(call.getPeer()),
      protocol: 'grpc',
      method: 'POST',
      route,
      path: route,
      status: failure?.status ?? 200,
      error: failure?.code ?? null,
      seconds,
      rows: access?.rows ?? 0,
      model: access?.model?.name ?? null,
      version: access?.model?.version ?? null,
      key: access?.key?.id ?? null,
    });
  }

  private exchange(
    service: string,
    name: string,
    method: Exchange,
    stream: grpc.ServerDuplexStream<Message, Message>,
  ): void {
    let last: Promise<void> = Promise.resolve();
    const end = (): void => {
      this.streams.delete(end);
      void last.then(() => stream.end());
    };
    this.streams.add(end);
    stream.on('data', (request: Message) => {
      // One after the other, so that answers are in order and a fast sender is not ahead of its answers by much.
      stream.pause();
      last = this.answer(service, name, method, stream, request).then((answer) => {
        if (!('error' in answer)) stream.write(answer.message);
        else if (method.failure !== undefined) stream.write(method.failure(request as never, answer.text));
        else stream.emit('error', answer.error);
        stream.resume();
      });
    });
    stream.on('end', end);
    stream.on('error', () => this.streams.delete(end));
    stream.on('cancelled', () => this.streams.delete(end));
  }

  private watch(
    service: string,
    name: string,
    method: Watch,
    stream: grpc.ServerWritableStream<Message, Message>,
  ): void {
    const { request } = stream;
    if (request instanceof Undecodable) {
      stream.emit('error', { code: grpc.status.INVALID_ARGUMENT, details: request.error.message });
      return;
    }
    const started = performance.now();
    const headers = headersOf(stream.metadata);
    const ended = new AbortController();
    const end = (): void => {
      if (!this.streams.delete(end)) return;
      ended.abort();
      stream.end();
      const seconds = (performance.now() - started) / 1000;
      this.log(stream, { route: `/${service}/${name}`, requestId: requestIdOf(headers), headers, seconds });
    };
    this.streams.add(end);
    stream.on('cancelled', end);
    stream.on('error', end);
    method.handle(request as never, (message) => stream.write(message), ended.signal);
  }
}

function methodDefinition(
  path: string,
  { requestStream, responseStream }: protobuf.Method,
  request: protobuf.Type,
  response: protobuf.Type,
): grpc.MethodDefinition<Message, Message> {
  return {
    path,
    requestStream: requestStream === true,
    responseStream: responseStream === true,
    requestSerialize: (value) => Buffer.from(request.encode(value).finish()),
    requestDeserialize: (bytes) => decoded(request, bytes),
    responseSerialize: (value) => Buffer.from(response.encode(value).finish()),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** A message that is none of its type. It is told as the client's mistake; grpc-js would say that the server failed. */
class Undecodable {
  readonly error: RequestError;

  constructor(type: protobuf.Type, why: unknown) {
    const reason = why instanceof Error ? why.message : String(why);
    this.error = badRequest(`The message cannot be decoded as ${type.name}: ${reason}.`);
  }
}

function decoded(type: protobuf.Type, bytes: Uint8Array): Message {
  try {
    return type.decode(bytes);
  } catch (error) {
    return new Undecodable(type, error);
  }
}

/** An address without its port: 127.0.0.1:5000, ::1:5000. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}

function headersOf(metadata: grpc.Metadata): IncomingHttpHeaders {
  const texts = Object.entries(metadata.getMap()).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as IncomingHttpHeaders;
}

function metadataOf(headers: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key.toLowerCase(), value);
  return metadata;
}

/** A call's deadline on the clock of performance.now(). */
function deadlineOf(deadline: Date | number): number | undefined {
  const time = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(time) ? performance.now() + (time - Date.now()) : undefined;
}
