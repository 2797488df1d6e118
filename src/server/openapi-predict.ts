import type { Json, JsonObject } from '../core/json.js';
import {
  body,
  list,
  oneOf,
  answers,
  columnsSchema,
  FAILURES,
  recordSchema,
  type Schema,
  SCORE,
} from './openapi-parts.js';
import type { ColumnModel, ServedModel, TensorModel } from './served-model.js';

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

const CHOSEN = { model: { type: 'string', description: 'A name, name/version or name@alias.' } };

function requestOf(model: ServedModel): Schema {
  const [record, columns] =
    model.kind === 'columns'
      ? [recordSchema(model), columnsSchema(model)]
      : [tensorRecord(model), tensorRecord(model)];
  return {
    oneOf: [
      { type: 'object', required: ['records'], properties: { records: list(record), ...CHOSEN } },
      { type: 'object', required: ['columns'], properties: { columns, ...CHOSEN } },
    ],
  };
}

/** A value of each input: of one row, or of all where the model's first axis is not rows. */
function tensorRecord({ inputTensors }: TensorModel): Schema {
  const value = ({ datatype, shape }: (typeof inputTensors)[number]): Schema => ({
    description: `${datatype}[${shape.join(',')}], nested lists.`,
  });
  return {
    type: 'object',
    required: inputTensors.map(({ name }) => name),
    properties: Object.fromEntries(inputTensors.map((spec) => [spec.name, value(spec)])),
  };
}

function responseOf(model: ServedModel): Schema {
  return {
    type: 'object',
    required: ['predictions', 'model'],
    properties: {
      predictions: list(model.kind === 'columns' ? predictionSchema(model) : { type: 'object' }),
      model: {
        type: 'object',
        required: ['name', 'version'],
        properties: { name: { const: model.name }, version: { type: ['integer', 'null'] } },
      },
    },
  };
}

/** A row as CSV with a header, for models of columns. */
function csvExample({ example }: ServedModel): string {
  const cell = (value: Json): string => {
    const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [Object.keys(example), Object.values(example)].map((cells) =>
    cells.map((each) => cell(each)).join(','),
  );
  return `${lines.join('\n')}\n`;
}

/** POST /predict, once for all models: the schemas of several are alternatives. */
export function predictOperation(models: readonly ServedModel[]): JsonObject {
  const [first] = models;
  const text: Schema = { type: 'string' };
  const tables: JsonObject = {
    'application/x-ndjson': {
      schema: text,
      ...(first === undefined ? {} : { example: `${JSON.stringify(first.example)}\n` }),
    },
    'text/csv': { schema: text, ...(first?.kind === 'columns' ? { example: csvExample(first) } : {}) },
  };
  const json = body(oneOf(models.map(requestOf)), { records: [first?.example ?? {}] });
  const responses = answers(oneOf(models.map(responseOf)), 'Error', FAILURES);
  const { content, ...ok } = responses['200'] as { content: JsonObject };
  return {
    summary: 'Predict for some rows',
    description:
      'Rows by Content-Type: JSON, JSON Lines of records, or CSV with a header. Answers by Accept in any of them.',
    operationId: 'predict',
    parameters: PREDICT_PARAMETERS,
    requestBody: { ...json, content: { ...(json['content'] as JsonObject), ...tables } },
    responses: {
      ...responses,
      '200': {
        ...ok,
        content: { ...content, 'application/x-ndjson': { schema: text }, 'text/csv': { schema: text } },
      },
    },
  };
}
