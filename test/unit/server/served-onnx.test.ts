import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32 } from '../../../src/core/tensor.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { toOnnx } from '../../../src/graph/onnx/index.js';
import { SYMBOLIC_BATCH } from '../../../src/graph/symbolic.js';
import type { TensorModel } from '../../../src/server/served-model.js';
import { openServedOnnx } from '../../../src/steps/serve/served-onnx.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { type GrpcTestServer, startGrpc } from '../../helpers/grpc.js';
import { startServer, type TestServer } from '../../helpers/server.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let rows: TensorModel;
let whole: TensorModel;
let server: TestServer<TensorModel>;
let grpcServer: GrpcTestServer;

/** x @ w for w of the shape given: 1, 2, 3 … */
function network(batch: number): Uint8Array {
  const builder = new GraphBuilder();
  const x = builder.input('x', [batch, 3]);
  const w = builder.constant(float32([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)));
  builder.output('y', builder.op('BatchMatMul', [x, w], { transposeA: false, transposeB: false }));
  return toOnnx(builder.build());
}

async function open(name: string, batch: number): Promise<TensorModel> {
  const path = join(folder.path, `${name}.onnx`);
  await writeFile(path, network(batch));
  return openServedOnnx({ path, name, version: null, labels: [] }, {});
}

beforeAll(async () => {
  folder = await temporaryFolder();
  rows = await open('rows', SYMBOLIC_BATCH);
  whole = await open('whole', 2);
  server = await startServer([rows, whole]);
  grpcServer = await startGrpc([rows, whole]);
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await grpcServer.close();
  await rows.dispose();
  await whole.dispose();
  await folder.dispose();
  expect([...server.errors, ...grpcServer.errors]).toEqual([]);
});

const X = [
  [1, 0, 0],
  [0.5, 1, -1],
];
const Y = [
  [1, 2],
  [-1.5, -1],
];

describe('an ONNX file from elsewhere', () => {
  it('has its tensors for a signature', async () => {
    expect([rows.batchable, whole.batchable]).toEqual([true, false]);
    expect((await server.get('/v2/models/rows')).body).toMatchObject({
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect((await server.get('/v1/models/whole/metadata')).text).toContain('"dtype":"DT_FLOAT"');
  });

  it('is described by the OpenAPI document, with examples that are answered', async () => {
    const document = (await server.get('/openapi.json')).body as {
      paths: Record<string, { post?: { requestBody?: { content: Record<string, { example?: unknown }> } } }>;
    };
    for (const name of ['rows', 'whole']) {
      const { requestBody } = document.paths[`/v1/models/${name}:predict`]?.post ?? {};
      const example = requestBody?.content['application/json']?.example;
      expect((await server.post(`/v1/models/${name}:predict`, example)).status).toBe(200);
    }
    const predict = document.paths['/predict']?.post?.requestBody?.content['application/json']?.example;
    expect((await server.post('/predict', predict)).status).toBe(200);
  });

  it.each(['rows', 'whole'])('answers alike in every protocol: %s', async (name) => {
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [2, 3], data: X }];
    expect((await server.post(`/v2/models/${name}/infer`, { inputs })).body).toMatchObject({
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 2], data: Y.flat() }],
    });
    expect((await server.post(`/v1/models/${name}:predict`, { instances: X })).body).toEqual({
      predictions: Y,
    });
    expect((await server.post(`/v1/models/${name}:predict`, { inputs: { x: X } })).body).toEqual({
      outputs: Y,
    });
    expect(
      await grpcServer.call('tensorflow.serving.PredictionService/Predict', {
        model_spec: { name },
        inputs: { x: { dtype: 1, tensor_shape: { dim: [{ size: 2 }, { size: 3 }] }, float_val: X.flat() } },
      }),
    ).toMatchObject({ outputs: { y: { dtype: 'DT_FLOAT', float_val: Y.flat() } } });
    const columns = await server.post('/predict', { model: name, columns: { x: X } });
    expect(columns.body).toEqual({
      predictions: name === 'rows' ? Y.map((y) => ({ y })) : [{ y: Y }],
      model: { name, version: null },
    });
  });

  it('takes records by their first axis, or one with the whole tensor', async () => {
    const records = X.map((x) => ({ x }));
    expect((await server.post('/predict', { records })).body).toMatchObject({
      predictions: Y.map((y) => ({ y })),
    });
    expect((await server.post('/predict', { model: 'whole', records: [{ x: X }] })).body).toMatchObject({
      predictions: [{ y: Y }],
    });
    const several = await server.post('/predict', { model: 'whole', records });
    expect([several.status, several.text]).toEqual([
      400,
      expect.stringContaining('whole tensors') as unknown,
    ]);
  });

  it('takes a body that is nothing but its input', async () => {
    const response = await fetch(`${server.url}/v2/models/rows/infer`, {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': '0' },
      body: new Uint8Array(Float32Array.from(X.flat()).buffer),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    const values = new Float32Array(new Uint8Array(bytes.subarray(length)).buffer);
    expect(Array.from(values)).toEqual(Y.flat());
  });

  it('answers the rows of several requests together, each its own', async () => {
    const asked = Array.from({ length: 40 }, (_, i) => [[i, 0, 0]]);
    const answers = await Promise.all(
      asked.map((instances) => server.post('/v1/models/rows:predict', { instances })),
    );
    expect(answers.map(({ body }) => body)).toEqual(
      asked.map((_, i) => ({ predictions: [[i === 0 ? 0 : i, 2 * i]] })),
    );
  });

  it.each<[string, string, unknown, string]>([
    [
      'another type',
      '/v2/models/rows/infer',
      { inputs: [{ name: 'x', datatype: 'INT32', shape: [1, 3], data: [1, 2, 3] }] },
      'takes FP32',
    ],
    [
      'another shape',
      '/v2/models/whole/infer',
      { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] },
      '[2,3]',
    ],
    [
      'another name',
      '/v2/models/rows/infer',
      { inputs: [{ name: 'z', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] },
      "no input 'z'",
    ],
    ['nothing', '/v2/models/rows/infer', { inputs: [] }, "'x' is missing"],
    ['ragged lists', '/v1/models/rows:predict', { instances: [[1, 2, 3], [1]] }, 'nested data'],
    ['texts', '/v1/models/rows:predict', { instances: [['a', 'b', 'c']] }, 'no FP32'],
    ['classification', '/v1/models/rows:classify', { examples: [{}] }, 'takes tensors'],
  ])('refuses %s', async (_, path, body, words) => {
    const answer = await server.post(path, body);
    expect(answer.text).toContain(words);
    expect([400, 501]).toContain(answer.status);
  });

  it('is refused when it is none, or gives what no client can get', async () => {
    const path = join(folder.path, 'broken.onnx');
    await writeFile(path, 'no network');
    const source = { name: 'broken', version: null, labels: [] };
    await expect(openServedOnnx({ ...source, path }, {})).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    const missing = join(folder.path, 'missing.onnx');
    await expect(openServedOnnx({ ...source, path: missing }, {})).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    });
  });
});
