import type { SignatureInput } from '../core/bundle.js';
import type { JsonObject } from '../core/json.js';
import { VERSION } from '../core/version.js';
import { type ModelSet, versionNumber } from './model-set.js';
import { INFERENCE_SCHEMAS, inferencePaths, inferenceServerPaths } from './openapi-inference.js';
import { TENSORFLOW_TYPES } from './tensors/tensorflow-types.js';
import type { ColumnModel } from './served-model.js';

type Schema = JsonObject;

/** JSON Schema of one cell. null is a missing value; an unseen category is allowed and counts as "other". */
function cellSchema({ dtype, kind, categories }: SignatureInput): Schema {
  const description = `A ${kind}; null if missing.`;
  switch (dtype) {
    case 'number':
      return { type: ['number', 'null'], description };
    case 'boolean':
      return { type: ['boolean', 'null'], description };
    case 'date':
      return { type: ['string', 'null'], description: `${description} ISO 8601.` };
    case 'string':
      return categories === null
        ? { type: ['string', 'null'], description }
        : {
            type: ['string', 'null'],
            description: `${description} Values not listed count as never seen.`,
            examples: [...categories],
          };
  }
}

function recordSchema(model: ColumnModel): Schema {
  return {
    type: 'object',
    required: model.inputs.map(({ name }) => name),
    properties: Object.fromEntries(model.inputs.map((input) => [input.name, cellSchema(input)])),
    examples: [model.example],
  };
}

function columnsSchema(model: ColumnModel): Schema {
  const list = (input: SignatureInput): Schema => ({ type: 'array', items: cellSchema(input) });
  return {
    type: 'object',
    required: model.inputs.map(({ name }) => name),
    properties: Object.fromEntries(model.inputs.map((input) => [input.name, list(input)])),
  };
}

/** A number that is null where the model's answer is not finite. */
const SCORE: Schema = { type: ['number', 'null'] };

function predictionSchema({ predictor: { task, classes } }: ColumnModel): Schema {
  if (task === 'regression') {
    return { type: 'object', required: ['prediction'], properties: { prediction: SCORE } };
  }
  return {
    type: 'object',
    properties: {
      prediction: { enum: [...classes, null] },
      probabilities: {
        type: 'object',
        properties: Object.fromEntries(classes.map((name) => [name, SCORE])),
      },
    },
  };
}

/** The row answer of TensorFlow Serving's predict. */
function tensorSchema({ predictor: { task, classes } }: ColumnModel): Schema {
  if (task === 'regression') return SCORE;
  return {
    type: 'object',
    required: ['label', 'probabilities'],
    properties: {
      label: { type: 'string', enum: [...classes] },
      probabilities: { type: 'array', items: SCORE, description: `In the order ${classes.join(', ')}.` },
    },
  };
}

function body(schema: Schema, example?: JsonObject): JsonObject {
  const media = example === undefined ? { schema } : { schema, example };
  return { required: true, content: { 'application/json': media } };
}

function answers(schema: Schema, error: string, statuses: readonly string[]): JsonObject {
  const failed: JsonObject = {
    description: 'What is wrong, in words.',
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${error}` } } },
  };
  return {
    '200': {
      description: 'The answers, in the order of the rows.',
      content: { 'application/json': { schema } },
    },
    ...Object.fromEntries(statuses.map((status) => [status, failed])),
  };
}

const FAILURES = ['400', '404', '406', '413', '415', '500', '503', '504'];

function list(items: Schema): Schema {
  return { type: 'array', items };
}

function queryParameter(name: string, schema: Schema, description: string): JsonObject {
  return { name, in: 'query', required: false, schema, description };
}

const PREDICT_PARAMETERS = [
  queryParameter('model', { type: 'string' }, 'A name, name/version or name@alias.'),
  queryParameter('top', { type: 'integer', minimum: 1 }, 'How many of the most probable classes are told.'),
  queryParameter(
    'threshold',
    { type: 'number', minimum: 0, maximum: 1 },
    'Of two classes, the probability from which on the second is the answer; of more, below it there is none.',
  ),
  queryParameter('fields', { type: 'string' }, 'prediction, probabilities, or both with a comma.'),
] as const;

/** POST /predict, once for all models: the schemas of several are alternatives. */
function predictOperation(models: readonly ColumnModel[]): JsonObject {
  const requests = models.map((model) => {
    const chosen = { model: { type: 'string', description: 'A name, name/version or name@alias.' } };
    const forms: readonly Schema[] = [
      {
        type: 'object',
        required: ['records'],
        properties: { records: list(recordSchema(model)), ...chosen },
      },
      { type: 'object', required: ['columns'], properties: { columns: columnsSchema(model), ...chosen } },
    ];
    return { oneOf: forms };
  });
  const responses = models.map((model) => ({
    type: 'object',
    required: ['predictions', 'model'],
    properties: {
      predictions: list(predictionSchema(model)),
      model: {
        type: 'object',
        required: ['name', 'version'],
        properties: { name: { const: model.name }, version: { type: ['integer', 'null'] } },
      },
    },
  }));
  const example = { records: [models[0]?.example ?? {}] };
  return {
    summary: 'Predict for some rows',
    description:
      'Rows may also be JSON Lines (application/x-ndjson) or CSV (text/csv) by Content-Type, and so may the answers by Accept.',
    operationId: 'predict',
    parameters: PREDICT_PARAMETERS,
    requestBody: body(oneOf(requests), example),
    responses: answers(oneOf(responses), 'Error', FAILURES),
  };
}

function oneOf(schemas: readonly Schema[]): Schema {
  const [only] = schemas;
  return schemas.length === 1 && only !== undefined ? only : { anyOf: schemas };
}

/** The paths of TensorFlow Serving's REST API for one model version. */
function tensorflowPaths(model: ColumnModel, id: number): JsonObject {
  const stem = `/v1/models/${encodeURIComponent(model.name)}/versions/${versionNumber(model)}`;
  const instances = list(recordSchema(model));
  const inputs = columnsSchema(model);
  const signature_name = { type: 'string', const: 'serving_default' };
  const rows: Schema = {
    type: 'object',
    required: ['predictions'],
    properties: { predictions: list(tensorSchema(model)) },
  };
  return {
    [`${stem}:predict`]: {
      post: {
        summary: `Predict with ${model.name} as TensorFlow Serving does`,
        description: `Inputs: ${model.inputTensors.map(({ name, datatype }) => `${name} (${TENSORFLOW_TYPES[datatype].name})`).join(', ')}. With "inputs" the answer is {"outputs": …}, by column.`,
        operationId: `tensorflow_serving_predict_${id}`,
        requestBody: body(
          {
            oneOf: [
              { type: 'object', required: ['instances'], properties: { instances, signature_name } },
              { type: 'object', required: ['inputs'], properties: { inputs, signature_name } },
            ],
          },
          { instances: [model.example] },
        ),
        responses: answers(
          { anyOf: [rows, { type: 'object', required: ['outputs'] }] },
          'TensorFlowServingError',
          FAILURES,
        ),
      },
    },
    [stem]: {
      get: {
        summary: `State of ${model.name}`,
        operationId: `tensorflow_serving_status_${id}`,
        responses: answers({ type: 'object', required: ['model_version_status'] }, 'TensorFlowServingError', [
          '404',
        ]),
      },
    },
    [`${stem}/metadata`]: {
      get: {
        summary: `Signature of ${model.name}`,
        operationId: `tensorflow_serving_metadata_${id}`,
        responses: answers(
          { type: 'object', required: ['model_spec', 'metadata'] },
          'TensorFlowServingError',
          ['404'],
        ),
      },
    },
  };
}

function probe(summary: string, id: string, statuses: readonly string[]): JsonObject {
  const responses = Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: status === '200' ? 'Yes.' : 'No.',
        content: { 'application/json': { schema: { type: 'object', required: ['status'] } } },
      },
    ]),
  );
  return { get: { summary, operationId: id, responses } };
}

/**
 * OpenAPI 3.1 of exactly the models that are served and that `visible` lets through: their columns, categories and
 * classes by name.
 */
export function openApiDocument(models: ModelSet, visible: (name: string) => boolean): JsonObject {
  const served = models.all.flatMap(({ model }) =>
    model.kind === 'columns' && visible(model.name) ? [model] : [],
  );
  const text = { 'text/plain': { schema: { type: 'string' } } };
  return {
    openapi: '3.1.0',
    info: {
      title: `aimaas: ${models.names.filter(visible).join(', ')}`,
      version: VERSION,
      description: 'Predictions of the models served here. Rows are given by raw column name.',
    },
    paths: {
      '/predict': { post: predictOperation(served) },
      ...Object.fromEntries(served.flatMap((model, index) => Object.entries(tensorflowPaths(model, index)))),
      ...Object.fromEntries(
        models.all
          .filter(({ model }) => visible(model.name))
          .flatMap(({ model }, index) => Object.entries(inferencePaths(model, index))),
      ),
      ...inferenceServerPaths(),
      '/healthz': probe('Does the process answer?', 'healthz', ['200']),
      '/readyz': probe('Will predictions be answered?', 'readyz', ['200', '503']),
      '/metrics': {
        get: {
          summary: 'Metrics for Prometheus',
          operationId: 'metrics',
          responses: { '200': { description: 'Text exposition format.', content: text } },
        },
      },
    },
    components: {
      schemas: {
        ...INFERENCE_SCHEMAS,
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: {
                code: { type: 'string' },
                message: { type: 'string' },
                hint: { type: 'string' },
                details: { description: 'For a bad value: its row (from 0) and column.' },
              },
            },
          },
        },
        TensorFlowServingError: {
          type: 'object',
          required: ['error'],
          properties: { error: { type: 'string' } },
        },
      },
    },
  };
}
