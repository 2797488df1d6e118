import type { SignatureInput } from '../core/bundle.js';
import type { JsonObject } from '../core/json.js';
import type { ColumnModel } from './served-model.js';

export type Schema = JsonObject;

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

export function recordSchema(model: ColumnModel): Schema {
  return {
    type: 'object',
    required: model.inputs.map(({ name }) => name),
    properties: Object.fromEntries(model.inputs.map((input) => [input.name, cellSchema(input)])),
    examples: [model.example],
  };
}

export function columnsSchema(model: ColumnModel): Schema {
  const list = (input: SignatureInput): Schema => ({ type: 'array', items: cellSchema(input) });
  return {
    type: 'object',
    required: model.inputs.map(({ name }) => name),
    properties: Object.fromEntries(model.inputs.map((input) => [input.name, list(input)])),
  };
}

/** A number that is null where the model's answer is not finite. */
export const SCORE: Schema = { type: ['number', 'null'] };

export function body(schema: Schema, example?: JsonObject): JsonObject {
  const media = example === undefined ? { schema } : { schema, example };
  return { required: true, content: { 'application/json': media } };
}

export function answers(schema: Schema, error: string, statuses: readonly string[]): JsonObject {
  const failed: JsonObject = {
    description: 'What is wrong, in words.',
    content: { 'application/json': { schema: errorSchema(error) } },
  };
  return {
    '200': {
      description: 'The answers, in the order of the rows.',
      content: { 'application/json': { schema } },
    },
    ...Object.fromEntries(statuses.map((status) => [status, failed])),
  };
}

export const FAILURES = ['400', '404', '406', '413', '415', '500', '503', '504'];

/** The schema of an error, by its name among the document's components. */
export function errorSchema(error: string): Schema {
  return { $ref: `#/components/schemas/${error}` };
}

export function oneOf(schemas: readonly Schema[]): Schema {
  const [only] = schemas;
  return schemas.length === 1 && only !== undefined ? only : { anyOf: schemas };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}
