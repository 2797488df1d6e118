import * as grpc from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import { type AppOptions, createApp } from '../../src/server/app.js';
import { loadSchema } from '../../src/server/grpc/schema.js';
import { listenGrpc } from '../../src/server/grpc/server.js';
import type { TlsMaterial } from '../../src/server/tls.js';
import type { ServedModel } from '../../src/server/served-model.js';

/** A message as its receiver sees it: 64-bit integers as texts, enums by name. */
export type Received = Record<string, unknown>;

export interface GrpcTestServer {
  readonly port: number;
  readonly errors: unknown[];
  readonly app: ReturnType<typeof createApp>;
  /** Calls a method such as inference.GRPCInferenceService/ModelInfer. Rejects with grpc.ServiceError. */
  call(method: string, request: object, options?: CallOptions): Promise<Received>;
  /** Sends messages on a stream and gives what came back until its end. */
  stream(method: string, requests: readonly object[], options?: CallOptions): Promise<Received[]>;
  renewTls(material: TlsMaterial): void;
  /** A client that the test closes. */
  readonly client: grpc.Client;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadline?: number;
}

const { root } = loadSchema();

function typesOf(method: string): { path: string; request: protobuf.Type; response: protobuf.Type } {
  const [service = '', name = ''] = method.split('/');
  const described = root.lookupService(service).methods[name];
  const request = described?.resolvedRequestType;
  const response = described?.resolvedResponseType;
  if (!request || !response) throw new Error(`There is no ${method}.`);
  return { path: `/${method}`, request, response };
}

function received(type: protobuf.Type, message: object): Received {
  return type.toObject(message as protobuf.Message, { longs: String, enums: String, defaults: false });
}

function metadataOf(texts: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, text] of Object.entries(texts)) metadata.set(key, text);
  return metadata;
}

/** A gRPC server on a free port, and a client by the same library that other people use. */
export async function startGrpc(
  models: readonly ServedModel[],
  options: Partial<AppOptions> & {
    readonly maxMessageBytes?: number;
    readonly tls?: TlsMaterial;
    readonly credentials?: grpc.ChannelCredentials;
  } = {},
): Promise<GrpcTestServer> {
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  const app = createApp({
    models,
    maxBatchRows: 64,
    maxQueueRows: 10_000,
    maxBodyBytes: 1024 * 1024,
    maxWait: 30_000,
    onError,
    ...options,
  });
  const { maxMessageBytes = 1024 * 1024, tls, onRequest } = options;
  const { credentials = grpc.credentials.createInsecure() } = options;
  const server = await listenGrpc(app, {
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes,
    tls,
    onRequest,
    onError,
  });
  const client = new grpc.Client(`127.0.0.1:${server.port}`, credentials);
  const encode = (type: protobuf.Type) => (value: object) =>
    Buffer.from(type.encode(type.fromObject(value)).finish());

  return {
    port: server.port,
    errors,
    app,
    client,
    call(method, value, { metadata = {}, deadline } = {}) {
      const { path, request, response } = typesOf(method);
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          encode(request),
          (bytes: Buffer) => received(response, response.decode(bytes)),
          value,
          metadataOf(metadata),
          { deadline: Date.now() + (deadline ?? 10_000) },
          (error, answer) => (error === null ? resolve(answer as Received) : reject(error)),
        );
      });
    },
    renewTls: (material) => server.renewTls(material),
    stream(method, requests, { metadata = {} } = {}) {
      const { path, request, response } = typesOf(method);
      const answers: Received[] = [];
      return new Promise((resolve, reject) => {
        const stream = client.makeBidiStreamRequest(
          path,
          encode(request),
          (bytes: Buffer) => received(response, response.decode(bytes)),
          metadataOf(metadata),
          { deadline: Date.now() + 10_000 },
        );
        stream.on('data', (answer: Received) => answers.push(answer));
        stream.on('error', reject);
        stream.on('end', () => resolve(answers));
        for (const each of requests) stream.write(each);
        stream.end();
      });
    },
    async close() {
      client.close();
      app.drain();
      await server.close({ limit: 2000 });
    },
  };
}
