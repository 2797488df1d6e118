import type { JsonObject } from '../core/json.js';
import { versionNumber } from './model-set.js';
import {
  answers,
  body,
  columnsSchema,
  FAILURES,
  list,
  recordSchema,
  type Schema,
  SCORE,
} from './openapi-parts.js';
import type { ColumnModel, ServedModel } from './served-model.js';
import { TENSORFLOW_TYPES } from './tensors/tensorflow-types.js';

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

const ERROR = 'TensorFlowServingError';
const SIGNATURE = { signature_name: { type: 'string', const: 'serving_default' } };

/** The ways to name a model version: by number and label, and for the default version by its name alone. */
function stemsOf(model: ServedModel, isDefault: boolean): string[] {
  const stem = `/v1/models/${encodeURIComponent(model.name)}`;
  return [
    `${stem}/versions/${versionNumber(model)}`,
    ...model.labels.map((label) => `${stem}/labels/${encodeURIComponent(label)}`),
    ...(isDefault ? [stem] : []),
  ];
}

/** The paths of TensorFlow Serving's REST API for one model version. */
export function tensorflowPaths(model: ServedModel, isDefault: boolean, id: number): JsonObject {
  const stems = stemsOf(model, isDefault);
  return Object.fromEntries(stems.flatMap((stem, i) => Object.entries(pathsAt(model, stem, `${id}_${i}`))));
}

function pathsAt(model: ServedModel, stem: string, id: string): JsonObject {
  return {
    [`${stem}:predict`]: { post: predictOperation(model, id) },
    ...(model.kind === 'columns' ? examplesPath(model, stem, id) : {}),
    [stem]: {
      get: {
        summary: `State of ${model.name}`,
        operationId: `tensorflow_serving_status_${id}`,
        responses: answers(STATUS, ERROR, ['400', '404']),
      },
    },
    [`${stem}/metadata`]: {
      get: {
        summary: `Signature of ${model.name}`,
        operationId: `tensorflow_serving_metadata_${id}`,
        responses: answers({ type: 'object', required: ['model_spec', 'metadata'] }, ERROR, ['400', '404']),
      },
    },
  };
}

const STATUS: Schema = {
  type: 'object',
  required: ['model_version_status'],
  properties: {
    model_version_status: list({
      type: 'object',
      required: ['version', 'state', 'status'],
      properties: {
        version: { type: 'string' },
        state: { enum: ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] },
        status: {
          type: 'object',
          required: ['error_code', 'error_message'],
          properties: { error_code: { type: 'string' }, error_message: { type: 'string' } },
        },
      },
    }),
  },
};

function predictOperation(model: ServedModel, id: string): JsonObject {
  const [instances, inputs, row] =
    model.kind === 'columns'
      ? [list(recordSchema(model)), columnsSchema(model), tensorSchema(model)]
      : [{ type: 'array', minItems: 1 }, {}, {}];
  const types = model.inputTensors.map(
    ({ name, datatype }) => `${name} (${TENSORFLOW_TYPES[datatype].name})`,
  );
  const rows = { type: 'object', required: ['predictions'], properties: { predictions: list(row) } };
  return {
    summary: `Predict with ${model.name} as TensorFlow Serving does`,
    description: `Inputs: ${types.join(', ')}. With "inputs" the answer is {"outputs": …}, by column.`,
    operationId: `tensorflow_serving_predict_${id}`,
    requestBody: body(
      {
        oneOf: [
          { type: 'object', required: ['instances'], properties: { instances, ...SIGNATURE } },
          { type: 'object', required: ['inputs'], properties: { inputs, ...SIGNATURE } },
        ],
      },
      predictExample(model),
    ),
    responses: answers({ anyOf: [rows, { type: 'object', required: ['outputs'] }] }, ERROR, FAILURES),
  };
}

/** Of a model of tensors by rows, an instance; of one of whole tensors, all of them. */
function predictExample(model: ServedModel): JsonObject | undefined {
  if (model.exampleTensors === undefined) return undefined;
  if (model.kind === 'columns' || model.batchable) return { instances: [model.example] };
  return { inputs: model.example };
}

function examplesPath(model: ColumnModel, stem: string, id: string): JsonObject {
  const isRegression = model.predictor.task === 'regression';
  const method = isRegression ? 'regress' : 'classify';
  const pair: Schema = {
    type: 'array',
    items: { type: ['string', 'number', 'null'] },
    description: 'A class and its score.',
    minItems: 2,
    maxItems: 2,
  };
  const result: Schema = isRegression ? SCORE : list(pair);
  const { type, properties, examples = [] } = recordSchema(model);
  return {
    [`${stem}:${method}`]: {
      post: {
        summary: `${isRegression ? 'Values' : 'Classes with their scores'} of ${model.name} as TensorFlow Serving gives them`,
        operationId: `tensorflow_serving_${method}_${id}`,
        requestBody: body(
          {
            type: 'object',
            required: ['examples'],
            properties: {
              examples: {
                type: 'array',
                minItems: 1,
                items: { type: type ?? 'object', properties: properties ?? {}, examples },
              },
              context: { type: 'object', description: 'Columns that all examples share.' },
              ...SIGNATURE,
            },
          },
          { examples: [model.example] },
        ),
        responses: answers(
          { type: 'object', required: ['results'], properties: { results: list(result) } },
          ERROR,
          FAILURES,
        ),
      },
    },
  };
}
