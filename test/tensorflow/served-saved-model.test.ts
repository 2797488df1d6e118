import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startedHost } from '../../src/engines/tensorflow/hosts.js';
import { readRecord } from '../../src/engines/tensorflow/installation.js';
import type { TensorModel } from '../../src/server/served-model.js';
import { resolveTarget } from '../../src/steps/serve/references.js';
import { openServedSavedModel } from '../../src/steps/serve/served-saved-model.js';
import { temporaryFolder } from '../helpers/cli.js';
import { type GrpcTestServer, startGrpc } from '../helpers/grpc.js';
import { startServer, type TestServer } from '../helpers/server.js';

/** Needs TensorFlow: scripts/ci/tensorflow.sh installs it and runs these. */
const INSTALLED = process.env['AIMAAS_TEST_ENGINE'] === 'tensorflow' && readRecord()?.python != null;
const SCRIPT = fileURLToPath(new URL('make_models.py', import.meta.url));

/** Of every type that clients can send. */
const TYPES = {
  text: ['BYTES', ['red', 'grün']],
  pixels: ['UINT8', [0, 1, 2, 255]],
  wide: ['FP64', [0.1, -7]],
  half: ['FP16', [1.5, -2]],
  whole: ['INT64', [41, -2]],
  count: ['UINT32', [4294967290, 0]],
  flag: ['BOOL', [true, false]],
} as const;

const ANSWERS = {
  brain: [0.100097656, -7],
  count: [4294967291, 1],
  flag: [false, true],
  half: [3, -4],
  pixels: [255, 254, 253, 0],
  short: [0, -1, -2, -255],
  small: [0, 1, 2, -1],
  text: ['RED', 'GRüN'],
  whole: [42, -1],
  wide: [0.1 * 0.1, -7 * 0.1],
  wider: [0, 257, 514, 65535],
  word: [0, -1],
};

describe.runIf(INSTALLED)('a SavedModel from elsewhere', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let models: TensorModel[];
  let server: TestServer<TensorModel>;
  let grpc: GrpcTestServer;
  let expected: { readonly rows: number[][]; readonly dense: number[][] };

  async function open(name: string): Promise<TensorModel> {
    const target = await resolveTarget({ workspace: folder.path }, join(folder.path, name));
    return openServedSavedModel({ ...target, path: target.folder }, {});
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    const python = readRecord()?.python ?? 'python3';
    const { stdout } = await promisify(execFile)(python, [SCRIPT, folder.path]);
    expected = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as typeof expected;
    models = await Promise.all(['dense', 'types', 'whole'].map(open));
    server = await startServer(models);
    grpc = await startGrpc(models);
  }, 180_000);
  afterAll(async () => {
    await server.close({ linger: 0 });
    await grpc.close();
    for (const model of models) await model.dispose();
    (await startedHost({ threads: 1 })).host.kill();
    await folder.dispose();
    expect([...server.errors, ...grpc.errors]).toEqual([]);
  });

  function expectDense(answer: unknown): void {
    const values = answer as number[][];
    expect(values).toHaveLength(expected.dense.length);
    values.forEach((row, i) =>
      row.forEach((value, j) => expect(value).toBeCloseTo(expected.dense[i]?.[j] ?? NaN, 5)),
    );
  }

  it('has its signature, its version, and rows where the first axis is free', async () => {
    expect(models.map(({ batchable }) => batchable)).toEqual([true, true, false]);
    expect((await server.get('/v2/models/dense')).body).toEqual({
      name: 'dense',
      versions: ['3'],
      platform: 'tensorflow_savedmodel',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'output_0', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect((await server.get('/v1/models/dense/metadata')).text).toContain('"dtype":"DT_FLOAT"');
    expect((await server.get('/v2/models/whole')).body).toMatchObject({
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1] }],
    });
  });

  it("gives Python's answers in every protocol", async () => {
    const { rows } = expected;
    const flat = (values: unknown): number[][] => {
      const list = values as number[];
      return rows.map((_, i) => list.slice(2 * i, 2 * i + 2));
    };
    const v1 = await server.post('/v1/models/dense/versions/3:predict', { instances: rows });
    expectDense((v1.body as { predictions: unknown }).predictions);
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [3, 3], data: rows }];
    const v2 = await server.post('/v2/models/dense/infer', { inputs });
    expectDense(flat((v2.body as { outputs: { data: unknown }[] }).outputs[0]?.data));
    const records = rows.map((x) => ({ x }));
    const own = await server.post('/predict', { records, model: 'dense' });
    expectDense(
      (own.body as { predictions: { output_0: unknown }[] }).predictions.map((row) => row.output_0),
    );
    const shape = { dim: [{ size: 3 }, { size: 3 }] };
    const called = (await grpc.call('tensorflow.serving.PredictionService/Predict', {
      model_spec: { name: 'dense' },
      inputs: { x: { dtype: 1, tensor_shape: shape, float_val: rows.flat() } },
    })) as { outputs: { output_0: { float_val: number[] } } };
    expectDense(flat(called.outputs.output_0.float_val));
    const infer = (await grpc.call('inference.GRPCInferenceService/ModelInfer', {
      model_name: 'dense',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [3, 3], contents: { fp32_contents: rows.flat() } }],
    })) as { outputs: { contents: { fp32_contents: number[] } }[] };
    expectDense(flat(infer.outputs[0]?.contents.fp32_contents));
  });

  it('answers the rows of several requests together, each its own', async () => {
    const { rows, dense } = expected;
    const asked = Array.from({ length: 30 }, (_, i) => i % rows.length);
    const answers = await Promise.all(
      asked.map((i) => server.post('/v1/models/dense:predict', { instances: [rows[i]] })),
    );
    answers.forEach(({ body }, i) => {
      const [row = []] = (body as { predictions: number[][] }).predictions;
      row.forEach((value, j) => expect(value).toBeCloseTo(dense[asked[i] ?? 0]?.[j] ?? NaN, 5));
    });
  });

  it('takes and gives every type', async () => {
    const inputs = Object.entries(TYPES).map(([name, [datatype, data]]) => ({
      name,
      datatype,
      shape: name === 'pixels' ? [2, 2] : [2],
      data,
    }));
    const outputs = Object.keys(ANSWERS).map((name) => ({ name }));
    const answer = await server.post('/v2/models/types/infer', { inputs, outputs });
    const given = (answer.body as { outputs: { name: string; data: unknown }[] }).outputs;
    expect(Object.fromEntries(given.map(({ name, data }) => [name, data]))).toEqual(ANSWERS);
    const instances = [0, 1].map((row) =>
      Object.fromEntries(
        Object.entries(TYPES).map(([name, [, data]]) => [
          name,
          name === 'pixels' ? data.slice(2 * row, 2 * row + 2) : data[row],
        ]),
      ),
    );
    const { predictions } = (await server.post('/v1/models/types:predict', { instances })).body as {
      predictions: Record<string, unknown>[];
    };
    // Not UTF-8, so it comes as base64.
    expect(predictions[0]).toMatchObject({ text: 'RED', word: 0, raw_bytes: { b64: 'cmVk/w==' } });
  });

  it('goes on when the process with TensorFlow in it has died', async () => {
    const { host } = await startedHost({ threads: 1 });
    host.kill();
    const { body } = await server.post('/v1/models/dense:predict', { instances: expected.rows });
    expectDense((body as { predictions: unknown }).predictions);
    expect((await server.get('/v2/models/types/ready')).status).toBe(200);
  });

  it('says what is wrong with tensors it cannot take, and with a folder without its variables', async () => {
    const wrong = await server.post('/v1/models/dense:predict', { instances: [[1, 2]] });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('[-1,3]') as unknown]);
    await cp(join(folder.path, 'dense', '3'), join(folder.path, 'part'), { recursive: true });
    await rm(join(folder.path, 'part', 'variables'), { recursive: true });
    await expect(open('part')).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      hint: expect.stringContaining('variables/') as unknown,
    });
  });
});
