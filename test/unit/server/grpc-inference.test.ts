import * as grpc from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { bytesOf } from '../../../src/server/tensors/binary.js';
import type { Tensor } from '../../../src/server/tensors/tensor.js';
import { type GrpcTestServer, startGrpc } from '../../helpers/grpc.js';
import { PENGUIN, SPECIES } from '../../helpers/penguins.js';
import { openPenguinModels } from '../../helpers/server.js';

let models: readonly [ColumnModel, ColumnModel, ColumnModel];
let server: GrpcTestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  ({ models, dispose } = await openPenguinModels());
  server = await startGrpc(models);
});
afterAll(async () => {
  await server.close();
  await dispose();
  expect(server.errors).toEqual([]);
});

const SERVICE = 'inference.GRPCInferenceService';
const ROWS = [PENGUIN, { ...PENGUIN, island: 'Biscoe', 'body mass, g': 5700, male: false }];

const INPUTS = [
  {
    name: 'island',
    datatype: 'BYTES',
    shape: [2],
    contents: { bytes_contents: [Buffer.from('Dream'), Buffer.from('Biscoe')] },
  },
  { name: 'bill_length_mm', datatype: 'FP64', shape: [2], contents: { fp64_contents: [44.5, 44.5] } },
  { name: 'body mass, g', datatype: 'INT64', shape: [2], contents: { int64_contents: [4100, 5700] } },
  { name: 'male', datatype: 'BOOL', shape: [2], contents: { bool_contents: [true, false] } },
  {
    name: 'observed',
    datatype: 'BYTES',
    shape: [2],
    contents: { bytes_contents: [Buffer.from('1970-11-01'), Buffer.from('1970-11-01')] },
  },
];

const RAW: readonly Tensor[] = [
  { datatype: 'BYTES', shape: [2], values: ['Dream', 'Biscoe'] },
  { datatype: 'FP64', shape: [2], values: Float64Array.of(44.5, 44.5) },
  { datatype: 'INT64', shape: [2], values: BigInt64Array.of(4100n, 5700n) },
  { datatype: 'BOOL', shape: [2], values: Uint8Array.of(1, 0) },
  { datatype: 'BYTES', shape: [2], values: ['1970-11-01', '1970-11-01'] },
];

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly string[];
  readonly contents?: {
    readonly fp32_contents?: readonly number[];
    readonly bytes_contents?: readonly Uint8Array[];
  };
}

interface Inferred {
  readonly model_version: string;
  readonly outputs: readonly Output[];
  readonly raw_output_contents?: readonly Uint8Array[];
}

async function expected(index = 0): Promise<{ labels: unknown[]; probabilities: number[] }> {
  const answers = await (models[index] as ColumnModel).predictor.predict(
    (models[index] as ColumnModel).toTable(ROWS),
  );
  return {
    labels: answers.map(({ prediction }) => prediction),
    probabilities: answers.flatMap(({ probabilities }) =>
      SPECIES.map((name) => Math.fround(probabilities?.[name] ?? NaN)),
    ),
  };
}

function infer(request: object = {}): Promise<Inferred> {
  return server.call(`${SERVICE}/ModelInfer`, {
    model_name: 'penguins',
    inputs: INPUTS,
    ...request,
  }) as unknown as Promise<Inferred>;
}

function texts(values: readonly Uint8Array[] = []): string[] {
  return values.map((value) => Buffer.from(value).toString());
}

describe('a message that is none of its type', () => {
  const send = (method: string): Promise<grpc.ServiceError> =>
    new Promise((resolve, reject) => {
      // A field that says it is longer than the message.
      const bytes = Buffer.from([0x0a, 0x7f, 0x01]);
      const same = (value: Buffer): Buffer => value;
      const done = (error: grpc.ServiceError | null): void =>
        error === null ? reject(new Error('It was answered.')) : resolve(error);
      if (!method.endsWith('Watch')) {
        server.client.makeUnaryRequest(`/${method}`, same, same, bytes, done);
        return;
      }
      const stream = server.client.makeServerStreamRequest(`/${method}`, same, same, bytes);
      stream.on('data', () => undefined);
      stream.on('error', done);
    });

  it.each([`${SERVICE}/ModelInfer`, 'grpc.health.v1.Health/Check', 'grpc.health.v1.Health/Watch'])(
    'is the mistake of the client: %s',
    async (method) => {
      const { code, details } = await send(method);
      expect([code, details]).toEqual([
        grpc.status.INVALID_ARGUMENT,
        expect.stringContaining('cannot be decoded') as unknown,
      ]);
      expect(server.errors).toEqual([]);
    },
  );
});

describe('inference.GRPCInferenceService', () => {
  it('tells what the server and its models are', async () => {
    expect(await server.call(`${SERVICE}/ServerLive`, {})).toEqual({ live: true });
    expect(await server.call(`${SERVICE}/ServerReady`, {})).toEqual({ ready: true });
    expect(await server.call(`${SERVICE}/ModelReady`, { name: 'penguins', version: '1' })).toEqual({
      ready: true,
    });
    expect(await server.call(`${SERVICE}/ServerMetadata`, {})).toMatchObject({ name: 'aimaas' });
    expect(await server.call(`${SERVICE}/ModelMetadata`, { name: 'penguins' })).toMatchObject({
      name: 'penguins',
      versions: ['2', '1'],
      inputs: [
        { name: 'island', datatype: 'BYTES', shape: ['-1'] },
        { name: 'bill_length_mm', datatype: 'FP64', shape: ['-1'] },
        {},
        {},
        {},
      ],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: ['-1'] },
        { name: 'probabilities', datatype: 'FP32', shape: ['-1', '3'] },
      ],
    });
    expect(await server.call(`${SERVICE}/RepositoryIndex`, {})).toMatchObject({
      models: [
        { name: 'penguins', version: '2', state: 'READY' },
        { name: 'penguins', version: '1' },
        { name: 'flippers', version: '1' },
      ],
    });
  });

  it('answers typed contents with typed contents', async () => {
    const answer = await infer({ id: 'seven' });
    const { labels, probabilities } = await expected();
    expect(answer).toMatchObject({ model_name: 'penguins', model_version: '2', id: 'seven' });
    expect(answer.outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
      ['label', 'BYTES', ['2']],
      ['probabilities', 'FP32', ['2', '3']],
    ]);
    expect(texts(answer.outputs[0]?.contents?.bytes_contents)).toEqual(labels);
    expect(answer.outputs[1]?.contents?.fp32_contents).toEqual(probabilities);
  });

  it('answers raw contents with raw contents', async () => {
    const inputs = INPUTS.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
    const answer = await infer({ inputs, raw_input_contents: RAW.map(bytesOf), model_version: '1' });
    const { labels, probabilities } = await expected(1);
    expect(answer.model_version).toBe('1');
    const [label, numbers] = answer.raw_output_contents ?? [];
    expect(Buffer.from(label ?? []).toString()).toContain(String(labels[0]));
    expect(Buffer.from(numbers ?? []).equals(Buffer.from(Float32Array.from(probabilities).buffer))).toBe(
      true,
    );
    expect(answer.outputs.every(({ contents }) => contents === undefined)).toBe(true);
  });

  it('gives the outputs asked for, and ranks classes', async () => {
    const answer = await infer({
      outputs: [{ name: 'probabilities', parameters: { classification: { int64_param: 1 } } }],
    });
    const [ranked] = answer.outputs;
    expect(answer.outputs).toHaveLength(1);
    expect(ranked).toMatchObject({ datatype: 'BYTES', shape: ['2', '1'] });
    const { labels } = await expected();
    expect(texts(ranked?.contents?.bytes_contents).map((text) => text.split(':')[2])).toEqual(labels);
  });

  it('answers a stream in order, and tells errors in it', async () => {
    const request = (id: string, change: object = {}): object => ({
      model_name: 'penguins',
      id,
      inputs: INPUTS,
      ...change,
    });
    const answers = await server.stream(`${SERVICE}/ModelStreamInfer`, [
      request('a'),
      request('b', { model_name: 'puffins' }),
      request('c'),
    ]);
    expect(answers).toMatchObject([
      { infer_response: { id: 'a', model_name: 'penguins' } },
      { infer_response: { id: 'b' }, error_message: expect.stringContaining('puffins') as unknown },
      { infer_response: { id: 'c', model_name: 'penguins' } },
    ]);
  });

  it.each<[string, object, number, string]>([
    ['an unknown model', { model_name: 'pinguins' }, grpc.status.NOT_FOUND, 'Did you mean "penguins"?'],
    ['an unknown version', { model_version: '9' }, grpc.status.NOT_FOUND, 'Versions served: 2, 1.'],
    ['no version', { model_version: 'x' }, grpc.status.INVALID_ARGUMENT, 'no version number'],
    ['no inputs', { inputs: [] }, grpc.status.INVALID_ARGUMENT, 'needs 5 inputs'],
    [
      'an unknown type',
      { inputs: [{ ...INPUTS[0], datatype: 'X' }] },
      grpc.status.INVALID_ARGUMENT,
      'datatype "X"',
    ],
    [
      'too few elements',
      { inputs: [{ ...INPUTS[0], shape: [3] }] },
      grpc.status.INVALID_ARGUMENT,
      'has 2 elements',
    ],
    [
      'a shape that is none',
      { inputs: [{ ...INPUTS[0], shape: [-1] }] },
      grpc.status.INVALID_ARGUMENT,
      'sizes',
    ],
    [
      'an element that does not fit',
      { inputs: [{ name: 'x', datatype: 'UINT8', shape: [1], contents: { uint_contents: [256] } }] },
      grpc.status.INVALID_ARGUMENT,
      '256',
    ],
    [
      'FP16 in contents',
      { inputs: [{ name: 'x', datatype: 'FP16', shape: [1] }] },
      grpc.status.INVALID_ARGUMENT,
      'raw_input_contents',
    ],
    [
      'raw contents for some',
      { raw_input_contents: [Buffer.alloc(1)] },
      grpc.status.INVALID_ARGUMENT,
      '1 raw_input_contents for 5',
    ],
    ['an unknown output', { outputs: [{ name: 'y' }] }, grpc.status.INVALID_ARGUMENT, "no output 'y'"],
  ])('refuses %s', async (_, change, code, words) => {
    await expect(infer(change)).rejects.toMatchObject({
      code,
      details: expect.stringContaining(words) as unknown,
    });
  });

  it('says truthfully that models cannot be changed without a repository', async () => {
    await expect(server.call(`${SERVICE}/RepositoryModelLoad`, { model_name: 'x' })).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
  });
});

describe('calls', () => {
  it('refuses messages beyond the limit', async () => {
    const own = await startGrpc(models, { maxMessageBytes: 1000 });
    try {
      await expect(
        own.call(`${SERVICE}/ModelInfer`, { model_name: 'penguins', id: 'x'.repeat(2000) }),
      ).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    } finally {
      await own.close();
    }
  });

  it('does no work for calls that are cancelled or past their deadline', async () => {
    const [real] = models;
    const rows: number[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: ColumnModel = {
      ...real,
      async run(inputs) {
        rows.push(inputs.features?.shape[0] ?? NaN);
        await held;
        return real.run(inputs);
      },
    };
    const own = await startGrpc([slow]);
    try {
      const request = { model_name: 'penguins', inputs: INPUTS };
      const first = own.call(`${SERVICE}/ModelInfer`, request);
      while (rows.length === 0) await sleep(5);
      const late = own.call(`${SERVICE}/ModelInfer`, request, { deadline: 50 });
      await expect(late).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
      const timed = own.call(`${SERVICE}/ModelInfer`, {
        ...request,
        parameters: { timeout: { int64_param: 1000 } },
      });
      const refused = expect(timed).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
      await sleep(50);
      release();
      expect(await first).toMatchObject({ model_name: 'penguins' });
      await refused;
      expect(rows).toEqual([2]);
    } finally {
      release();
      await own.close();
    }
  });

  it('answers what has arrived before it closes, and ends open streams', async () => {
    const [real] = models;
    const slow: ColumnModel = {
      ...real,
      async run(inputs) {
        await sleep(200);
        return real.run(inputs);
      },
    };
    const own = await startGrpc([slow]);
    const ended: string[] = [];
    const watch = own.client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      (value: Buffer) => value,
      (value: Buffer) => value,
      Buffer.alloc(0),
    );
    const statuses: string[] = [];
    watch.on('data', (bytes: Buffer) => statuses.push(bytes.toString('hex')));
    watch.on('error', () => ended.push('error'));
    watch.on('end', () => ended.push('end'));
    const answer = own.call(`${SERVICE}/ModelInfer`, { model_name: 'penguins', inputs: INPUTS });
    await sleep(100);
    const closing = own.close();
    expect(await answer).toMatchObject({ model_name: 'penguins' });
    await closing;
    expect(ended).toContain('end');
    expect(statuses[0]).toBe('0801');
  });

  it('hides failures of its own, and counts calls', async () => {
    const [real] = models;
    const own = await startGrpc([{ ...real, run: () => Promise.reject(new Error('secret')) }]);
    try {
      const call = own.call(`${SERVICE}/ModelInfer`, { model_name: 'penguins', inputs: INPUTS });
      await expect(call).rejects.toMatchObject({ code: grpc.status.INTERNAL });
      await expect(call).rejects.not.toMatchObject({ details: expect.stringContaining('secret') as unknown });
      expect(own.errors).toHaveLength(1);
      expect(await own.call(`${SERVICE}/ServerReady`, {})).not.toMatchObject({ ready: true });
      expect(await own.app.metrics.text()).toContain(
        'grpc_server_handled_total{grpc_service="inference.GRPCInferenceService",grpc_method="ModelInfer",grpc_code="INTERNAL"} 1',
      );
    } finally {
      await own.close();
    }
  });
});

describe('grpc.health.v1.Health', () => {
  it('knows the services', async () => {
    for (const service of ['', SERVICE, 'tensorflow.serving.PredictionService']) {
      expect(await server.call('grpc.health.v1.Health/Check', { service })).toEqual({ status: 'SERVING' });
    }
    await expect(server.call('grpc.health.v1.Health/Check', { service: 'x' })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
  });
});

describe.each(['v1', 'v1alpha'])('grpc.reflection.%s', (version) => {
  it('tells services and their files', async () => {
    const method = `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const [services, file, symbol, missing] = await server.stream(method, [
      { list_services: '' },
      { file_by_filename: 'open_inference_grpc.proto' },
      { file_containing_symbol: 'tensorflow.serving.PredictionService.Predict' },
      { file_containing_symbol: 'no.such.thing' },
    ]);
    const { list_services_response: listed } = services as {
      list_services_response: { service: { name: string }[] };
    };
    expect(listed.service.map(({ name }) => name)).toEqual([
      SERVICE,
      'tensorflow.serving.PredictionService',
      'tensorflow.serving.ModelService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    const bytesOfFiles = (answer: unknown): Uint8Array[] =>
      (answer as { file_descriptor_response: { file_descriptor_proto: Uint8Array[] } })
        .file_descriptor_response.file_descriptor_proto;
    expect(bytesOfFiles(file)).toHaveLength(1);
    expect(bytesOfFiles(symbol)).toHaveLength(3);
    expect(Buffer.from(bytesOfFiles(file)[0] ?? []).toString('latin1')).toContain('ModelInferRequest');
    expect(missing).toMatchObject({ error_response: { error_code: grpc.status.NOT_FOUND } });
  });
});
