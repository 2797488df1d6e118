import * as grpc from '@grpc/grpc-js';
import { readFile } from 'node:fs/promises';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessControl } from '../../../src/server/access/access.js';
import { KeyRing } from '../../../src/server/access/key-ring.js';
import { loadSchema } from '../../../src/server/grpc/schema.js';
import type { RequestEntry } from '../../../src/server/logging/request-log.js';
import { readTls } from '../../../src/server/tls.js';
import { type GrpcTestServer, startGrpc } from '../../helpers/grpc.js';
import { TestKeys } from '../../helpers/keys.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels } from '../../helpers/server.js';
import { tlsFile } from '../../helpers/tls.js';

const SERVER = { cert: tlsFile('server.pem'), key: tlsFile('server.key') };
const V2 = 'inference.GRPCInferenceService';

let opened: Awaited<ReturnType<typeof openPenguinModels>>;
beforeAll(async () => {
  opened = await openPenguinModels();
});
afterAll(() => opened.dispose());

/** A client of the test authority, with the certificate of that name if any. */
async function secure(name?: string): Promise<grpc.ChannelCredentials> {
  const authority = await readFile(tlsFile('authority.pem'));
  if (name === undefined) return grpc.credentials.createSsl(authority);
  const [key, cert] = await Promise.all(
    ['key', 'pem'].map((ending) => readFile(tlsFile(`${name}.${ending}`))),
  );
  return grpc.credentials.createSsl(authority, key, cert);
}

async function withServer(
  options: Parameters<typeof startGrpc>[1],
  test: (server: GrpcTestServer) => Promise<void>,
): Promise<void> {
  const server = await startGrpc(opened.models, options);
  try {
    await test(server);
  } finally {
    await server.close();
  }
}

/** What a client of these credentials gets: a status, or that it is let in. */
async function knock(server: GrpcTestServer, credentials: grpc.ChannelCredentials): Promise<string> {
  const client = new grpc.Client(`127.0.0.1:${server.port}`, credentials);
  return new Promise((resolve) => {
    client.waitForReady(Date.now() + 1500, (error) => {
      client.close();
      resolve(error === undefined ? 'let in' : 'refused');
    });
  });
}

const inputs = Object.entries(PENGUIN).map(([name, value]) =>
  typeof value === 'number'
    ? { name, datatype: 'FP64', shape: [1], contents: { fp64_contents: [value] } }
    : { name, datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from(String(value))] } },
);
const ask = { model_name: 'penguins', inputs };

describe('gRPC with a certificate', () => {
  it('answers who knows the authority, and nobody in the clear', async () => {
    await withServer({ tls: await readTls(SERVER), credentials: await secure() }, async (server) => {
      expect(await server.call(`${V2}/ModelInfer`, ask)).toMatchObject({ model_name: 'penguins' });
      expect(await knock(server, grpc.credentials.createInsecure())).toBe('refused');
    });
  });

  it('lets in only clients of its authority, where one is named', async () => {
    const tls = await readTls({ ...SERVER, clientCa: tlsFile('authority.pem') });
    await withServer({ tls, credentials: await secure('client') }, async (server) => {
      expect(await server.call(`${V2}/ModelInfer`, ask)).toMatchObject({ model_name: 'penguins' });
      for (const name of [undefined, 'stranger']) {
        const credentials = await secure(name);
        const client = new grpc.Client(`127.0.0.1:${server.port}`, credentials);
        const code = await new Promise((resolve) => {
          client.makeUnaryRequest(
            `/${V2}/ServerLive`,
            () => Buffer.alloc(0),
            (bytes: Buffer) => bytes,
            {},
            { deadline: Date.now() + 5000 },
            (error) => resolve(error?.code ?? grpc.status.OK),
          );
        });
        client.close();
        expect([name, code]).toEqual([name, grpc.status.UNAVAILABLE]);
      }
    });
  });

  it('takes a renewed certificate without a restart', async () => {
    await withServer({ tls: await readTls(SERVER) }, async (server) => {
      const authority = await readFile(tlsFile('authority.pem'));
      const subject = async (): Promise<string> => {
        let name = '';
        const credentials = grpc.credentials.createSsl(authority, null, null, {
          checkServerIdentity: (_, { subject: { CN } }) => {
            name = String(CN);
            return undefined;
          },
        });
        expect(await knock(server, credentials)).toBe('let in');
        return name;
      };
      expect(await subject()).toBe('server');
      server.renewTls(await readTls({ cert: tlsFile('renewed.pem'), key: tlsFile('renewed.key') }));
      expect(await subject()).toBe('renewed');
    });
  });
});

describe('gRPC where keys are demanded', () => {
  let keys: TestKeys;
  let ring: KeyRing;
  let server: GrpcTestServer;
  let token: string;
  const entries: RequestEntry[] = [];

  beforeAll(async () => {
    keys = new TestKeys();
    token = keys.add({ models: ['penguins'] });
    ring = await KeyRing.open(keys, 'auto', (error) => {
      throw error;
    });
    server = await startGrpc(opened.models, {
      access: new AccessControl({ keys: ring }),
      onRequest: (entry) => entries.push(entry),
    });
  });
  afterAll(async () => {
    ring.close();
    await server.close();
  });

  /** Methods that tell nothing of the models, so that probes and tools need no key. */
  const OPEN = [
    `${V2}/ServerLive`,
    `${V2}/ServerReady`,
    `${V2}/ServerMetadata`,
    'grpc.health.v1.Health/Check',
    'grpc.health.v1.Health/Watch',
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  ];
  const { root, files } = loadSchema();
  const all = files.flatMap(({ package: name }) => {
    const members = root.lookup(name);
    if (!(members instanceof protobuf.Namespace)) return [];
    const services = members.nestedArray.filter((member) => member instanceof protobuf.Service);
    return services.flatMap((service) =>
      service.methodsArray.map((method) => `${name}.${service.name}/${method.name}`),
    );
  });

  it('answers no method without one but those that tell nothing of the models', async () => {
    expect(all).toEqual(expect.arrayContaining([...OPEN, `${V2}/ModelStreamInfer`]));
    for (const metadata of [{}, { authorization: 'Bearer wrong' }]) {
      for (const method of all.filter((name) => !OPEN.includes(name))) {
        if (method.endsWith('/ModelStreamInfer')) {
          const [answer] = await server.stream(method, [ask], { metadata });
          expect(answer).toMatchObject({ error_message: expect.stringContaining('API key') as string });
          expect(answer).not.toHaveProperty('infer_response.outputs');
        } else {
          const error = await server.call(method, {}, { metadata }).catch((thrown: unknown) => thrown);
          expect([method, error]).toMatchObject([method, { code: grpc.status.UNAUTHENTICATED }]);
        }
      }
    }
  });

  it('answers the open ones', async () => {
    for (const name of ['ServerLive', 'ServerReady', 'ServerMetadata'])
      await server.call(`${V2}/${name}`, {});
    expect(await server.call('grpc.health.v1.Health/Check', {})).toEqual({ status: 'SERVING' });
  });

  it('takes a key as authorization or x-api-key, for its models and scopes only', async () => {
    for (const metadata of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }]) {
      expect(await server.call(`${V2}/ModelInfer`, ask, { metadata })).toMatchObject({
        model_name: 'penguins',
      });
      const answers = await server.stream(`${V2}/ModelStreamInfer`, [ask, ask], { metadata });
      expect(answers).toHaveLength(2);
      for (const answer of answers) expect(answer).toHaveProperty('infer_response.outputs');
    }
    const metadata = { authorization: `Bearer ${token}` };
    for (const [method, request] of [
      [`${V2}/ModelInfer`, { ...ask, model_name: 'flippers' }],
      [`${V2}/ModelMetadata`, { name: 'flippers' }],
      [`${V2}/RepositoryModelUnload`, { model_name: 'penguins' }],
      [`${V2}/RepositoryModelLoad`, { model_name: 'penguins' }],
      ['tensorflow.serving.ModelService/HandleReloadConfigRequest', { config: { model_config_list: {} } }],
    ] as const) {
      const error = await server.call(method, request, { metadata }).catch((thrown: unknown) => thrown);
      expect([method, error]).toMatchObject([method, { code: grpc.status.PERMISSION_DENIED }]);
    }
  });

  it('tells the access log of every call, refused ones too, without the key', async () => {
    entries.length = 0;
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await server.call(`${V2}/ModelInfer`, ask, {
      metadata: {
        authorization: `Bearer ${token}`,
        'x-request-id': 'mine',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
    });
    await server.stream(`${V2}/ModelStreamInfer`, [ask, ask], { metadata: { 'x-api-key': token } });
    await server.call(`${V2}/ModelInfer`, ask).catch(() => undefined);
    await server.call(`${V2}/ServerLive`, {});
    const id = token.split('_').find((part) => entries.some(({ key }) => key === part));
    const answered = { status: 200, error: null, rows: 1, model: 'penguins', version: 2, key: id };
    expect(id).toBeDefined();
    expect(entries).toMatchObject([
      { ...answered, route: `/${V2}/ModelInfer`, trace: { requestId: 'mine', traceId, sampled: true } },
      { ...answered, route: `/${V2}/ModelStreamInfer` },
      { ...answered, route: `/${V2}/ModelStreamInfer` },
      { status: 401, error: 'UNAUTHENTICATED', rows: 0, model: null, key: null },
      { status: 200, route: `/${V2}/ServerLive`, rows: 0, model: null, key: null },
    ]);
    for (const entry of entries) expect(entry).toMatchObject({ protocol: 'grpc', remote: '127.0.0.1' });
    expect(JSON.stringify(entries)).not.toContain(token);
  });
});
