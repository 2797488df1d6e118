import type { JsonObject } from '../core/json.js';
import { VERSION } from '../core/version.js';
import type { ModelSet } from './model-set.js';
import { INFERENCE_SCHEMAS, inferencePaths, inferenceServerPaths } from './openapi-inference.js';
import { repositoryPaths, SECURITY_SCHEMES, trafficPath, withKeys } from './openapi-manage.js';
import { predictOperation } from './openapi-predict.js';
import { tensorflowPaths } from './openapi-tensorflow.js';

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

export interface OpenApiOptions {
  readonly models: ModelSet;
  /** Whose models may be told of. */
  readonly visible: (name: string) => boolean;
  /** Whether requests need a key. */
  readonly keys: boolean;
  /** Whether models can be loaded and unloaded. */
  readonly repository: boolean;
  /** Whether requests can be split among versions. */
  readonly traffic: boolean;
}

/**
 * OpenAPI 3.1 of exactly the models that are served and that may be told of: their columns, categories and classes, or
 * their tensors, by name; and of what else the server answers.
 */
export function openApiDocument({ models, visible, keys, repository, traffic }: OpenApiOptions): JsonObject {
  const served = models.all.flatMap(({ model }) => (visible(model.name) ? [model] : []));
  const text = { 'text/plain': { schema: { type: 'string' } } };
  const ofModels = served.flatMap((model, index) => {
    const isDefault = models.named(model.name)?.model === model;
    return [
      ...Object.entries(tensorflowPaths(model, isDefault, index)),
      ...Object.entries(inferencePaths(model, isDefault, index)),
    ];
  });
  const paths: JsonObject = {
    ...(served.length === 0 ? {} : { '/predict': { post: predictOperation(served) } }),
    ...Object.fromEntries(ofModels),
    ...inferenceServerPaths(),
    ...(repository ? repositoryPaths() : {}),
    ...(traffic ? trafficPath() : {}),
    '/healthz': probe('Does the process answer?', 'healthz', ['200']),
    '/readyz': probe('Will predictions be answered?', 'readyz', ['200', '503']),
    '/metrics': {
      get: {
        summary: 'Metrics for Prometheus',
        operationId: 'metrics',
        responses: { '200': { description: 'Text exposition format.', content: text } },
      },
    },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: `aimaas: ${models.names.filter(visible).join(', ')}`,
      version: VERSION,
      description:
        'Predictions of the models served here. Rows are given by raw column name, or by input tensor for models from elsewhere.',
    },
    ...(keys ? { security: [{ bearer: [] }, { header: [] }] } : {}),
    paths: keys ? withKeys(paths) : paths,
    components: {
      ...(keys ? { securitySchemes: SECURITY_SCHEMES } : {}),
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
