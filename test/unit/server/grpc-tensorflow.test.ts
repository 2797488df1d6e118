import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { loadSchema } from '../../../src/server/grpc/schema.js';
import { type GrpcTestServer, type Received, startGrpc } from '../../helpers/grpc.js';
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

const PREDICTION = 'tensorflow.serving.PredictionService';
const MODEL = 'tensorflow.serving.ModelService';
const ROWS = [PENGUIN, { ...PENGUIN, island: 'Biscoe', 'body mass, g': 5700, male: false }];

const SHAPE = { dim: [{ size: 2 }] };
const INPUTS = {
  island: { dtype: 7, tensor_shape: SHAPE, string_val: ROWS.map(({ island }) => Buffer.from(island)) },
  // One value for all elements, as TensorFlow writes constants.
  bill_length_mm: { dtype: 2, tensor_shape: SHAPE, double_val: [44.5] },
  'body mass, g': {
    dtype: 9,
    tensor_shape: SHAPE,
    tensor_content: Buffer.from(BigInt64Array.of(4100n, 5700n).buffer),
  },
  male: { dtype: 10, tensor_shape: SHAPE, bool_val: [true, false] },
  observed: { dtype: 7, tensor_shape: SHAPE, string_val: [Buffer.from('1970-11-01')] },
};

async function direct(index = 0): Promise<{ prediction: unknown; probabilities: number[] }[]> {
  const model = models[index] as ColumnModel;
  const answers = await model.predictor.predict(model.toTable(ROWS));
  return answers.map(({ prediction, probabilities }) => ({
    prediction,
    probabilities: SPECIES.map((name) => Math.fround(probabilities?.[name] ?? NaN)),
  }));
}

function predict(change: object = {}): Promise<Received> {
  const request = { model_spec: { name: 'penguins' }, inputs: INPUTS, ...change };
  return server.call(`${PREDICTION}/Predict`, request);
}

interface Outputs {
  readonly label: { readonly string_val: readonly Uint8Array[] };
  readonly probabilities: { readonly float_val: readonly number[] };
}

/** Rows as tf.Examples: one column of every kind of list, and one without a value. */
const EXAMPLES = ROWS.map(({ island, bill_length_mm, 'body mass, g': mass, male }) => ({
  features: {
    feature: {
      island: { bytes_list: { value: [Buffer.from(island)] } },
      bill_length_mm: { float_list: { value: [bill_length_mm] } },
      'body mass, g': { int64_list: { value: [mass] } },
      male: { int64_list: { value: [male ? 1 : 0] } },
    },
  },
}));
const CONTEXT = {
  features: { feature: { observed: { bytes_list: { value: [Buffer.from('1970-11-01')] } } } },
};
const INPUT = { example_list_with_context: { examples: EXAMPLES, context: CONTEXT } };

describe('PredictionService', () => {
  it('predicts with the numbers of every other protocol', async () => {
    const answer = await predict();
    expect(answer).toMatchObject({
      model_spec: { name: 'penguins', version: { value: '2' }, signature_name: 'serving_default' },
      outputs: {
        label: { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: '2' }] } },
        probabilities: { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '2' }, { size: '3' }] } },
      },
    });
    const { label, probabilities } = answer.outputs as Outputs;
    const expected = await direct();
    expect(label.string_val.map((value) => Buffer.from(value).toString())).toEqual(
      expected.map(({ prediction }) => prediction),
    );
    expect(probabilities.float_val).toEqual(expected.flatMap((row) => row.probabilities));
  });

  it('knows versions, labels and output filters', async () => {
    const spec = (version: object): object => ({ model_spec: { name: 'penguins', ...version } });
    expect(await predict(spec({ version: { value: 1 } }))).toMatchObject({
      model_spec: { version: { value: '1' } },
    });
    expect(await predict(spec({ version_label: 'champion' }))).toMatchObject({
      model_spec: { version: { value: '2' } },
    });
    const { outputs } = await predict({ output_filter: ['label'] });
    expect(Object.keys(outputs as object)).toEqual(['label']);
  });

  it('classifies, regresses, and does both at once', async () => {
    const classified = await server.call(`${PREDICTION}/Classify`, {
      model_spec: { name: 'penguins' },
      input: INPUT,
    });
    const expected = await direct();
    const classifications = expected.map(({ probabilities }) => ({
      classes: SPECIES.map((label, i) => ({ label, score: probabilities[i] })),
    }));
    expect(classified).toMatchObject({ result: { classifications } });
    const input = {
      example_list: {
        examples: EXAMPLES.map((example) => ({
          features: { feature: { ...example.features.feature, ...CONTEXT.features.feature } },
        })),
      },
    };
    const regressed = await server.call(`${PREDICTION}/Regress`, { model_spec: { name: 'flippers' }, input });
    const values = (await direct(2)).map(({ prediction }) => ({ value: Math.fround(prediction as number) }));
    expect(regressed).toMatchObject({ result: { regressions: values } });
    const both = await server.call(`${PREDICTION}/MultiInference`, {
      tasks: [
        { model_spec: { name: 'penguins' }, method_name: 'tensorflow/serving/classify' },
        { model_spec: { name: 'flippers' }, method_name: 'tensorflow/serving/regress' },
      ],
      input: INPUT,
    });
    expect(both).toMatchObject({
      results: [
        { classification_result: { classifications } },
        { regression_result: { regressions: values } },
      ],
    });
  });

  it('tells its signature', async () => {
    const request = { model_spec: { name: 'penguins' }, metadata_field: ['signature_def'] };
    const { metadata } = await server.call(`${PREDICTION}/GetModelMetadata`, request);
    const { type_url, value } = (metadata as { signature_def: { type_url: string; value: Uint8Array } })
      .signature_def;
    expect(type_url).toBe('type.googleapis.com/tensorflow.serving.SignatureDefMap');
    const type = loadSchema().root.lookupType('tensorflow.serving.SignatureDefMap');
    expect(type.toObject(type.decode(value), { longs: String, enums: String })).toMatchObject({
      signature_def: {
        serving_default: {
          inputs: { island: { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: '-1' }] } } },
          outputs: {
            probabilities: { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '-1' }, { size: '3' }] } },
          },
          method_name: 'tensorflow/serving/predict',
        },
      },
    });
  });

  const without = { ...INPUTS } as Partial<typeof INPUTS>;
  delete without.island;

  it.each<[string, object, number, string]>([
    ['no model', { model_spec: null }, grpc.status.INVALID_ARGUMENT, 'Missing ModelSpec'],
    ['a model without a name', { model_spec: {} }, grpc.status.INVALID_ARGUMENT, 'no name'],
    [
      'an unknown model',
      { model_spec: { name: 'x' } },
      grpc.status.NOT_FOUND,
      'Servable not found for request: Latest(x)',
    ],
    [
      'an unknown version',
      { model_spec: { name: 'penguins', version: { value: 9 } } },
      grpc.status.NOT_FOUND,
      'Specific(penguins, 9)',
    ],
    [
      'an unknown label',
      { model_spec: { name: 'penguins', version_label: 'x' } },
      grpc.status.INVALID_ARGUMENT,
      'Unrecognized servable version label: x',
    ],
    [
      'an unknown signature',
      { model_spec: { name: 'penguins', signature_name: 'x' } },
      grpc.status.INVALID_ARGUMENT,
      '"x" not found',
    ],
    [
      'an unknown output',
      { output_filter: ['x'] },
      grpc.status.INVALID_ARGUMENT,
      'not found in signature: x',
    ],
    ['a missing input', { inputs: without }, grpc.status.INVALID_ARGUMENT, "'island' is missing"],
    [
      'a type it cannot take',
      { inputs: { ...INPUTS, male: { dtype: 8 } } },
      grpc.status.INVALID_ARGUMENT,
      'dtype 8',
    ],
    [
      'no known shape',
      { inputs: { ...INPUTS, male: { dtype: 10, tensor_shape: { unknown_rank: true } } } },
      grpc.status.INVALID_ARGUMENT,
      'no known shape',
    ],
    [
      'one value for a billion',
      {
        inputs: { ...INPUTS, male: { dtype: 10, tensor_shape: { dim: [{ size: 1e9 }] }, bool_val: [true] } },
      },
      grpc.status.INVALID_ARGUMENT,
      'spreads 1 values',
    ],
    [
      'content of another size',
      { inputs: { ...INPUTS, male: { dtype: 10, tensor_shape: SHAPE, tensor_content: Buffer.alloc(3) } } },
      grpc.status.INVALID_ARGUMENT,
      '3 bytes',
    ],
  ])('refuses %s', async (_, change, code, words) => {
    await expect(predict(change)).rejects.toMatchObject({
      code,
      details: expect.stringContaining(words) as unknown,
    });
  });

  it.each<[string, object, string]>([
    ['no input', {}, 'Input is empty'],
    [
      'a feature of two values',
      {
        input: {
          example_list: {
            examples: [{ features: { feature: { island: { float_list: { value: [1, 2] } } } } }],
          },
        },
      },
      "2 values for 'island'",
    ],
    [
      'bytes that are no text',
      {
        input: {
          example_list: {
            examples: [
              { features: { feature: { island: { bytes_list: { value: [Buffer.from([255])] } } } } },
            ],
          },
        },
      },
      'not UTF-8',
    ],
    ['a missing feature', { input: { example_list: { examples: EXAMPLES } } }, 'observed'],
  ])('refuses to classify %s', async (_, change, words) => {
    const request = { model_spec: { name: 'penguins' }, ...change };
    await expect(server.call(`${PREDICTION}/Classify`, request)).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      details: expect.stringContaining(words) as unknown,
    });
  });
});

describe('ModelService', () => {
  it('tells the state of versions', async () => {
    const status = (model_spec: object): Promise<Received> =>
      server.call(`${MODEL}/GetModelStatus`, { model_spec });
    expect(await status({ name: 'penguins' })).toMatchObject({
      model_version_status: [
        { version: '2', state: 'AVAILABLE' },
        { version: '1', state: 'AVAILABLE' },
      ],
    });
    expect(await status({ name: 'penguins', version_label: 'champion' })).toMatchObject({
      model_version_status: [{ version: '2' }],
    });
    await expect(status({ name: 'x' })).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  });

  it('says truthfully that models cannot be changed without a repository', async () => {
    const config = { model_config_list: { config: [{ name: 'penguins' }] } };
    await expect(server.call(`${MODEL}/HandleReloadConfigRequest`, { config })).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
  });
});
