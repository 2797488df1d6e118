import * as grpc from '@grpc/grpc-js';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSchema } from '../../../src/server/grpc/schema.js';
import type { RequestEntry } from '../../../src/server/logging/request-log.js';
import { type GrpcTestServer, startGrpc } from '../../helpers/grpc.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels } from '../../helpers/server.js';
import { until } from '../../helpers/serving.js';

const V2 = 'inference.GRPCInferenceService';

const inputs = Object.entries(PENGUIN).map(([name, value]) =>
  typeof value === 'number'
    ? { name, datatype: 'FP64', shape: [1], contents: { fp64_contents: [value] } }
    : { name, datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from(String(value))] } },
);
const small = { model_name: 'penguins', inputs };
/** The same, of nearly a million bytes. */
const large = { ...small, parameters: { padding: { string_param: 'x'.repeat(900_000) } } };

let dispose: () => Promise<void>;
let server: GrpcTestServer;
const log: RequestEntry[] = [];

beforeAll(async () => {
  const opened = await openPenguinModels();
  dispose = opened.dispose;
  server = await startGrpc(opened.models, {
    maxBodyBytes: 1_000_000,
    maxMessageBytes: 1_000_000,
    maxHeldBytes: 2_500_000,
    onRequest: (entry) => log.push(entry),
  });
});
afterAll(async () => {
  await server.close();
  await dispose();
});

type Unfinished = { destroy(): void };

/** A call whose message does not come to its end. */
function beginLarge(port: number): Unfinished {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${V2}/ModelInfer`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.resume();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(900_000, 1);
  stream.write(Buffer.concat([prefix, Buffer.alloc(850_000, 'x')]));
  return session;
}

/** The status of a call with a large message: its code, and what it says. */
async function askLarge(): Promise<{ code: grpc.status; details: string; metadata?: grpc.Metadata }> {
  return server.call(`${V2}/ModelInfer`, large).then(
    () => ({ code: grpc.status.OK, details: '' }),
    (error: unknown) => error as grpc.ServiceError,
  );
}

/** The status of such a call where messages travel compressed. */
function askPacked(client: grpc.Client): Promise<grpc.status> {
  const type = loadSchema().root.lookupType('inference.ModelInferRequest');
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      `/${V2}/ModelInfer`,
      (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish()),
      (bytes: Buffer) => bytes,
      large,
      (error) => resolve(error === null ? grpc.status.OK : error.code),
    );
  });
}

describe('gRPC messages in flight', () => {
  it('are let go when they are answered', async () => {
    for (let i = 0; i < 8; i++) expect((await askLarge()).code).toBe(grpc.status.OK);
    const answers = await server.stream(`${V2}/ModelStreamInfer`, Array<object>(8).fill(large));
    expect(answers).toHaveLength(8);
    for (const answer of answers)
      expect(answer).toMatchObject({ infer_response: { model_name: 'penguins' } });
  });

  it('are refused when as much is held as may be, small ones never', async () => {
    const unfinished: Unfinished[] = [];
    let refused = await askLarge();
    await until(async () => {
      // Some are refused themselves, while others grow.
      unfinished.push(beginLarge(server.port));
      refused = await askLarge();
      return refused.code === grpc.status.UNAVAILABLE;
    });
    expect(refused.details).toContain('has its hands full of large requests. Try again later');
    expect(refused.metadata?.get('retry-after')).toEqual(['1']);
    const line = { route: `/${V2}/ModelInfer`, status: 503, error: 'OVERLOADED', remote: '127.0.0.1' };
    expect(log).toContainEqual(expect.objectContaining(line));
    for (let i = 0; i < 20; i++) {
      expect(await server.call(`${V2}/ModelInfer`, small)).toMatchObject({ model_name: 'penguins' });
    }
    for (const session of unfinished) session.destroy();
    await until(async () => (await askLarge()).code === grpc.status.OK);
    expect(server.errors).toEqual([]);
  });

  it('are counted as large as they are when decompressed', async () => {
    const packing = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure(), {
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
    });
    const packed = (): Promise<grpc.status> => askPacked(packing);
    const unfinished: Unfinished[] = [];
    await until(async () => {
      unfinished.push(beginLarge(server.port));
      return (await packed()) === grpc.status.UNAVAILABLE;
    });
    for (const session of unfinished) session.destroy();
    await until(async () => (await packed()) === grpc.status.OK);
    packing.close();
  });
});

it('a client that reads nothing any more does not keep the server from closing', async () => {
  const own = await startGrpc([], { maxHeldBytes: 100_000 });
  const session = connect(`http://127.0.0.1:${own.port}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ':path': `/${V2}/ModelInfer`,
    ':method': 'POST',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => undefined);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(900_000, 1);
  stream.write(Buffer.concat([prefix, Buffer.alloc(850_000, 'x')]));
  // Refused, and the answer never read.
  await new Promise((resolve) => stream.once('response', resolve));
  await own.close();
  session.destroy();
});
