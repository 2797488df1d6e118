import type { JsonObject } from '../core/json.js';
import { versionNumber } from './model-set.js';
import type { ServedModel } from './served-model.js';
import { DATATYPES, type Datatype } from './tensors/datatype.js';
import type { TensorSpec } from './tensors/tensor.js';

const TENSOR: JsonObject = {
  type: 'object',
  required: ['name', 'datatype', 'shape'],
  properties: {
    name: { type: 'string' },
    datatype: { type: 'string', enum: Object.keys(DATATYPES) },
    shape: { type: 'array', items: { type: 'integer' } },
    parameters: { type: 'object' },
    data: {
      type: 'array',
      description: 'Row-major, flat or nested; left out where the bytes follow the JSON.',
    },
  },
};

/** What the Open Inference Protocol's operations are described with. */
export const INFERENCE_SCHEMAS: JsonObject = {
  InferenceError: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
  InferenceTensor: TENSOR,
  InferenceResponse: {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      id: { type: 'string' },
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      outputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
    },
  },
};

function jsonAnswer(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}

function failures(...statuses: readonly number[]): JsonObject {
  const schema = { $ref: '#/components/schemas/InferenceError' };
  return Object.fromEntries(
    statuses.map((status) => [String(status), jsonAnswer('What is wrong, in words.', schema)]),
  );
}

function operation(summary: string, operationId: string, responses: JsonObject): JsonObject {
  return { summary, operationId, responses };
}

function exampleData(datatype: Datatype): readonly (string | number | boolean)[] {
  return [datatype === 'BYTES' ? 'text' : datatype === 'BOOL' ? true : 1];
}

function inputExample({ name, datatype, shape }: TensorSpec): JsonObject {
  const sizes = shape.map((size) => (size === -1 ? 1 : size));
  const length = sizes.reduce((product, size) => product * size, 1);
  const [element = 1] = exampleData(datatype);
  return {
    name,
    datatype,
    shape: sizes,
    data: Array.from({ length: Math.min(length, 4096) }, () => element),
  };
}

/** A row that the model can answer for, as its input tensors. */
function example(model: ServedModel): JsonObject {
  if (model.kind === 'tensors') return { inputs: model.inputTensors.map(inputExample) };
  const inputs = model.inputTensors.map(({ name, datatype }) => ({
    name,
    datatype,
    shape: [1],
    data: [model.example[name] ?? (datatype === 'BOOL' ? false : null)],
  }));
  return { inputs };
}

/** The paths of the Open Inference Protocol for one model version, and for the default version by the name alone. */
export function inferencePaths(model: ServedModel, isDefault: boolean, id: number): JsonObject {
  const stem = `/v2/models/${encodeURIComponent(model.name)}`;
  return {
    ...pathsAt(model, `${stem}/versions/${versionNumber(model)}`, String(id)),
    ...(isDefault ? pathsAt(model, stem, `${id}_default`) : {}),
  };
}

function pathsAt(model: ServedModel, stem: string, id: string): JsonObject {
  const tensors = model.inputTensors.map(
    ({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(',')}]`,
  );
  const schema: JsonObject = {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: 'string' },
      inputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
      outputs: {
        type: 'array',
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
      parameters: { type: 'object' },
    },
  };
  const answer = { $ref: '#/components/schemas/InferenceResponse' };
  return {
    [`${stem}/infer`]: {
      post: {
        ...operation(`Infer with ${model.name} by the Open Inference Protocol`, `infer_${id}`, {
          '200': jsonAnswer('The outputs.', answer),
          ...failures(400, 404, 413, 415, 500, 503, 504),
        }),
        description: `Inputs: ${tensors.join(', ')}.`,
        requestBody: { required: true, content: { 'application/json': { schema, example: example(model) } } },
      },
    },
    [stem]: {
      get: operation(`Tensors of ${model.name}`, `inference_metadata_${id}`, {
        '200': jsonAnswer('Its name, versions and tensors.', {
          type: 'object',
          required: ['name', 'inputs', 'outputs'],
        }),
        ...failures(404),
      }),
    },
    [`${stem}/ready`]: {
      get: operation(`Will ${model.name} answer?`, `inference_ready_${id}`, {
        '200': jsonAnswer('Yes.', { type: 'object', required: ['ready'] }),
        '503': jsonAnswer('No.', { type: 'object' }),
        ...failures(404),
      }),
    },
  };
}

/** The paths of the Open Inference Protocol that concern the server as a whole. */
export function inferenceServerPaths(): JsonObject {
  const ready = { type: 'object', required: ['ready'] };
  return {
    '/v2': {
      get: operation('What the server is', 'inference_server', {
        '200': jsonAnswer('Name, version and extensions.', { type: 'object', required: ['name', 'version'] }),
      }),
    },
    '/v2/health/live': {
      get: operation('Does the server live?', 'inference_live', {
        '200': jsonAnswer('Yes.', { type: 'object', required: ['live'] }),
      }),
    },
    '/v2/health/ready': {
      get: operation('Will all models answer?', 'inference_server_ready', {
        '200': jsonAnswer('Yes.', ready),
        '503': jsonAnswer('No.', ready),
      }),
    },
    '/v2/repository/index': {
      post: operation('Models that are served or could be', 'repository_index', {
        '200': jsonAnswer('Model versions and their states.', { type: 'array' }),
        ...failures(400),
      }),
    },
  };
}
