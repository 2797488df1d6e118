import type { StepContext } from '../../core/step.js';
import { CoordinatorMetrics } from '../../server/cluster/coordinator-metrics.js';
import { fleetOf, offerRepository, offerTraffic } from '../../server/cluster/remote.js';
import { type AboutAnswering, DESCRIBE } from './answering.js';
import { READ_TRAFFIC } from '../../server/cluster/topics.js';
import { ModelController } from '../../server/model-controller.js';
import { announce } from './announce.js';
import { type Address, ownCrew, workerCrew } from './crew.js';
import { SERVE_DEFAULTS, type ServeOptions, type ServeResult } from './options.js';
import { findTarget, givenReferences, registryVersions, resolveTarget } from './references.js';
import { versionEvents } from './version-events.js';
import { watch } from './watch.js';

import { trafficRules } from '../traffic-rules.js';

export type { ServeOptions, ServeResult } from './options.js';

/**
 * Serves models over HTTP until the context's signal fires; then answers what has arrived, closes, and resolves.
 * @throws AimaasError USAGE when it cannot listen at the address, or would let in everybody without being told to;
 * ARTIFACT_* when a model cannot be opened.
 */
export async function serve(options: ServeOptions, context: StepContext): Promise<ServeResult> {
  const rules = trafficRules(options);
  const needsWorkers = (options.workers ?? 1) > 1 || options.memory !== undefined;
  const crew = await (needsWorkers ? workerCrew : ownCrew)(options, context);
  const { coordinator } = crew;
  const metrics = new CoordinatorMetrics();
  const controller = new ModelController({
    resolve: (reference) => resolveTarget(context, reference),
    find: (reference) => findTarget(context, reference),
    versions: () => registryVersions(context),
    counts: () => coordinator.askAll(READ_TRAFFIC, null),
    fleet: fleetOf((about, question) => coordinator.askAll(about, question)),
    events: versionEvents(context.reporter, metrics),
  });
  offerRepository(coordinator, controller);
  offerTraffic(coordinator, controller);
  metrics.offer(coordinator);
  if (needsWorkers) metrics.watchWorkers(crew.reports, crew.restarted);
  try {
    await crew.start(controller);
    await controller.start(await givenReferences(context, options.models ?? []));
    for (const rule of rules) await controller.setRule(rule);
    const address = await crew.listen();
    const [about = { example: {}, keys: false, warnings: [] }] = await coordinator.askAll(DESCRIBE, null);
    const ready = readyResult(address, options, about, controller);
    announce(ready, context);
    for (const warning of about.warnings) context.reporter.warn(...warning);
    options.onReady?.(ready);
    const watching =
      options.watch === false ? undefined : watch(() => controller.reconcile(), context.signal);
    await aborted(context.signal);
    context.reporter.debug('Finishing the requests that have arrived …');
    await watching;
    return ready;
  } finally {
    await crew.close();
  }
}

function readyResult(
  { url, port, grpcPort }: Address,
  options: ServeOptions,
  { example, keys }: AboutAnswering,
  { targets }: ModelController,
): ServeResult {
  return {
    schemaVersion: 1,
    url,
    host: options.host ?? SERVE_DEFAULTS.host,
    port,
    grpcPort,
    pid: process.pid,
    keys,
    models: targets.map(({ name, version, labels, folder }) => ({ name, version, aliases: labels, folder })),
    example: { records: [example] },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
