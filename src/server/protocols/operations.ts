import type { ServerMetrics } from '../metrics.js';
import type { ModelSet, Serving } from '../model-set.js';
import { openApiDocument } from '../openapi.js';
import { json, type Protocol, type Reply } from '../route.js';
import { failure } from './records.js';

export interface OperationsOptions {
  readonly models: ModelSet;
  readonly metrics: ServerMetrics;
  readonly draining: () => boolean;
}

/**
 * What those who run the server ask it: GET /healthz (the process answers), /readyz (predictions will be answered),
 * /metrics (Prometheus) and /openapi.json.
 */
export function operationsProtocol({ models, metrics, draining }: OperationsOptions): Protocol {
  async function ready(): Promise<Reply> {
    const states = await Promise.all(models.all.map(stateOf));
    const state = draining() ? 'draining' : states.every((model) => model.ready) ? 'ready' : 'failing';
    return json({ status: state, models: states }, state === 'ready' ? 200 : 503);
  }

  async function exposition(): Promise<Reply> {
    return { status: 200, type: metrics.contentType, body: await metrics.text() };
  }

  return {
    failure,
    routes: [
      { name: '/healthz', method: 'GET', path: '/healthz', handle: () => json({ status: 'ok' }) },
      { name: '/readyz', method: 'GET', path: '/readyz', handle: ready },
      { name: '/metrics', method: 'GET', path: '/metrics', handle: exposition },
      {
        name: '/openapi.json',
        method: 'GET',
        path: '/openapi.json',
        handle: () => json(openApiDocument(models)),
      },
    ],
  };
}

/** A model whose engine failed last is asked for its example again, so that one that recovered is ready again. */
async function stateOf({ model, batcher }: Serving): Promise<{
  name: string;
  version: number | null;
  labels: readonly string[];
  ready: boolean;
}> {
  if (batcher.failure !== undefined)
    await batcher.run(model.exampleTensors, 1, { abandoned: () => false }).catch(() => undefined);
  const { name, version, labels } = model;
  return { name, version, labels, ready: batcher.failure === undefined };
}
