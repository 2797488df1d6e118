import type { JsonObject } from '../core/json.js';
import { answers, body, errorSchema, list, type Schema } from './openapi-parts.js';

const NAME = { name: 'model', in: 'path', required: true, schema: { type: 'string', minLength: 1 } };
const VERSION = {
  name: 'version',
  in: 'path',
  required: true,
  schema: { type: 'integer', minimum: 0, maximum: 999_999 },
};

/** Loading and unloading by the Open Inference Protocol's model repository. */
export function repositoryPaths(): JsonObject {
  const operation = (
    change: 'load' | 'unload',
    parameters: readonly JsonObject[],
    id: string,
  ): JsonObject => ({
    post: {
      summary: change === 'load' ? 'Serve a model from now on' : 'Serve a model no more',
      description:
        change === 'load'
          ? 'Without a version, the newest, and newer ones as they appear.'
          : 'What it was given is answered.',
      operationId: id,
      parameters,
      requestBody: { required: false, content: { 'application/json': { schema: { type: 'object' } } } },
      responses: answers({ type: 'object' }, 'InferenceError', [
        '400',
        '404',
        '409',
        '413',
        '415',
        '500',
        '501',
      ]),
    },
  });
  const stem = '/v2/repository/models/{model}';
  return Object.fromEntries(
    (['load', 'unload'] as const).flatMap((change) => [
      [`${stem}/${change}`, operation(change, [NAME], `repository_${change}`)],
      [
        `${stem}/versions/{version}/${change}`,
        operation(change, [NAME, VERSION], `repository_${change}_version`),
      ],
    ]),
  );
}

const RULE: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    canary: {
      type: ['object', 'null'],
      required: ['reference', 'weight'],
      properties: {
        reference: { type: 'string' },
        weight: { type: 'number', minimum: 0, maximum: 1 },
        header: {
          type: ['string', 'null'],
          description: 'Requests with the same value of it get the same version.',
        },
      },
    },
    shadow: { type: ['string', 'null'] },
  },
};

/** How requests are split among versions. */
export function trafficPath(): JsonObject {
  const rules: Schema = {
    type: 'object',
    required: ['rules'],
    properties: { rules: list({ type: 'object' }) },
  };
  return {
    '/manage/traffic': {
      get: {
        summary: 'How requests are split among versions, and what came of it',
        operationId: 'traffic',
        responses: answers(rules, 'Error', ['500']),
      },
      post: {
        summary: 'Split requests among versions of a model; null ends a canary or shadow',
        operationId: 'change_traffic',
        requestBody: body(RULE),
        responses: answers(rules, 'Error', ['400', '404', '409', '413', '415', '500']),
      },
    },
  };
}

/** Paths that are answered without a key. */
const OPEN = new Set(['/healthz', '/readyz', '/v2', '/v2/health/live', '/v2/health/ready']);

const REFUSALS = {
  '401': 'No key, or none that is valid.',
  '403': 'The key is not for this.',
  '429': 'The key has used its share for now; Retry-After says for how long.',
} as const;

export const SECURITY_SCHEMES: JsonObject = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key that aimaas keys create made.' },
  header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
};

/** The paths with what a server answers that demands keys. */
export function withKeys(paths: JsonObject): JsonObject {
  const refusal = (path: string, description: string): JsonObject => {
    const error = path.startsWith('/v1/')
      ? 'TensorFlowServingError'
      : path.startsWith('/v2')
        ? 'InferenceError'
        : 'Error';
    return { description, content: { 'application/json': { schema: errorSchema(error) } } };
  };
  const guarded = (path: string, operation: JsonObject): JsonObject => {
    if (OPEN.has(path)) return { ...operation, security: [] };
    const refusals = Object.entries(REFUSALS).map(
      ([status, words]) => [status, refusal(path, words)] as const,
    );
    return {
      ...operation,
      responses: { ...(operation['responses'] as JsonObject), ...Object.fromEntries(refusals) },
    };
  };
  return Object.fromEntries(
    Object.entries(paths as Readonly<Record<string, Readonly<Record<string, JsonObject>>>>).map(
      ([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [method, guarded(path, operation)]),
        ),
      ],
    ),
  );
}
