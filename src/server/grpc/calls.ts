import * as grpc from '@grpc/grpc-js';
import type { IncomingHttpHeaders } from 'node:http';
import type protobuf from 'protobufjs';
import { type Access, openAccess } from '../access/access.js';
import type { App } from '../app.js';
import type { RequestEntry } from '../logging/request-log.js';
import { requestIdOf, traceOf } from '../logging/trace.js';
import { type RequestError, toRequestError } from '../request-error.js';
import type { Exchange, GrpcCall, GrpcService, Message, Unary, Watch } from './call.js';
import type { OnRefused } from './held-messages.js';
import { methodDefinition, Undecodable } from './messages.js';
import { addressOf, deadlineOf, headersOf, metadataOf } from './metadata.js';
import { errorStatus, type StatusName, statusOf } from './status.js';

export interface CallOptions {
  /** Is told of every call that was answered, of streams of every message. */
  readonly onRequest?: ((entry: RequestEntry) => void) | undefined;
  readonly onError: (error: unknown) => void;
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

/** Makes grpc-js call the services: finds out who calls, counts, and turns what they throw into statuses. */
export class Calls {
  private readonly app: App;
  private readonly onError: CallOptions['onError'];
  private readonly onRequest: CallOptions['onRequest'];
  private readonly streams = new Set<() => void>();

  constructor(app: App, { onError, onRequest }: CallOptions) {
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
      const status = errorStatus(error, access?.headers);
      return { error: { ...status, name: code, message: status.details }, text: status.details };
    } finally {
      const seconds = (performance.now() - started) / 1000;
      this.app.metrics.call(service, name, code, seconds);
      this.log(call, { ...about, headers, seconds, failure, access });
    }
  }

  /** A call that was refused before there was a message to answer. */
  readonly refused: OnRefused = (call, path, failure) => {
    const [, service = '', name = ''] = path.split('/');
    const headers = headersOf(call.metadata);
    this.app.metrics.call(service, name, statusOf(failure), 0);
    this.log(call, { route: path, requestId: requestIdOf(headers), headers, seconds: 0, failure });
  };

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
