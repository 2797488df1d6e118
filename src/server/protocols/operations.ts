import { openAccess } from '../access/access.js';
import type { ServerMetrics } from '../metrics.js';
import type { ModelSet, Serving } from '../model-set.js';
import type { ModelRepository } from '../repository.js';
import { openApiDocument } from '../openapi.js';
import { type Call, json, type Protocol, type Reply } from '../route.js';
import { failure } from './records.js';

export interface OperationsOptions {
  readonly models: ModelSet;
  readonly metrics: ServerMetrics;
  readonly exposition: () => Promise<string>;
  readonly repository?: ModelRepository | undefined;
  /** Whether requests can be split among versions while it runs. */
  readonly hasTraffic: boolean;
  readonly draining: () => boolean;
  /** Whether probes, which have no key, learn nothing of the models. */
  readonly hidesModels: () => boolean;
}

/**
 * What those who run the server ask it: GET /healthz (the process answers), /readyz (predictions will be answered),
 * /metrics (Prometheus) and /openapi.json.
 */
export function operationsProtocol({
  models,
  metrics,
  exposition,
  repository,
  hasTraffic,
  draining,
  hidesModels,
}: OperationsOptions): Protocol {
  async function ready(): Promise<Reply> {
    const states = await Promise.all(models.all.map(stateOf));
    const state = draining()
      ? 'draining'
      : states.length === 0
        ? 'empty'
        : states.every((model) => model.ready)
          ? 'ready'
          : 'failing';
    const status = state === 'ready' ? 200 : 503;
    if (hidesModels()) return json({ status: state }, status);
    // What could not be loaded does not make the server unready: what it was to replace still answers.
    const problems = (await repository?.problems()) ?? [];
    return json({ status: state, models: states, ...(problems.length === 0 ? {} : { problems }) }, status);
  }

  async function showMetrics({ access }: Call): Promise<Reply> {
    if (!access.mayReadMetrics) access.require('manage');
    return { status: 200, type: metrics.contentType, body: await exposition() };
  }

  function describe({ access }: Call): Reply {
    const visible = (name: string): boolean => access.may('read', name);
    if (!models.names.some(visible)) access.require('read', models.first?.model.name ?? '');
    return json(
      openApiDocument({
        models,
        visible,
        keys: hidesModels(),
        repository: repository !== undefined,
        traffic: hasTraffic,
      }),
    );
  }

  return {
    failure,
    routes: [
      { name: '/healthz', method: 'GET', path: '/healthz', open: true, handle: () => json({ status: 'ok' }) },
      { name: '/readyz', method: 'GET', path: '/readyz', open: true, handle: ready },
      { name: '/metrics', method: 'GET', path: '/metrics', handle: showMetrics },
      {
        name: '/openapi.json',
        method: 'GET',
        path: '/openapi.json',
        handle: describe,
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
  if (batcher.failure !== undefined && model.exampleTensors !== undefined)
    await batcher
      .run(model.exampleTensors, 1, { access: openAccess(), abandoned: () => false })
      .catch(() => undefined);
  const { name, version, labels } = model;
  return { name, version, labels, ready: batcher.failure === undefined };
}
