import { Counter, type Registry } from 'prom-client';
import type { Traffic } from './traffic.js';
import type { ShadowCounts } from './rule.js';

const SHADOW: readonly (readonly [metric: string, field: keyof ShadowCounts, help: string])[] = [
  ['aimaas_shadow_requests_total', 'requests', 'Requests that a shadow answered as well.'],
  ['aimaas_shadow_rows_total', 'rows', 'Rows that a shadow answered as well.'],
  ['aimaas_shadow_agreements_total', 'agreements', 'Rows to which a shadow gave the same answer.'],
  [
    'aimaas_shadow_absolute_difference_total',
    'absoluteDifference',
    'Sum over rows of the absolute difference between the scores of a shadow and those that clients got.',
  ],
  ['aimaas_shadow_failures_total', 'failures', 'Copies of requests that a shadow could not answer.'],
  [
    'aimaas_shadow_dropped_total',
    'dropped',
    'Copies of requests that were left out because too many waited.',
  ],
  ['aimaas_shadow_live_seconds_total', 'liveSeconds', 'Time to the answers that clients got.'],
  ['aimaas_shadow_seconds_total', 'shadowSeconds', 'Time to the answers of a shadow.'],
];

const ARMS = [
  ['aimaas_canary_requests_total', 'requests', 'Requests by the version that was chosen for them.'],
  ['aimaas_canary_rows_total', 'rows', 'Rows by the version that was chosen for them.'],
  ['aimaas_canary_failures_total', 'failures', 'Requests that failed, by the version chosen for them.'],
  ['aimaas_canary_seconds_total', 'seconds', 'Time to the answers, by the version chosen for them.'],
] as const;

/** Shows what comes of the traffic rules, whenever the metrics are asked for. */
export function watchTraffic(registry: Registry, traffic: Traffic): void {
  const registers = [registry];
  for (const [name, field, help] of SHADOW) {
    new Counter({
      name,
      help,
      labelNames: ['model', 'version', 'shadow'],
      registers,
      collect() {
        this.reset();
        for (const [model, all] of Object.entries(traffic.counts.shadows)) {
          for (const one of all)
            this.inc({ model, version: String(one.live), shadow: String(one.shadow) }, Number(one[field]));
        }
      },
    });
  }
  for (const [name, field, help] of ARMS) {
    new Counter({
      name,
      help,
      labelNames: ['model', 'version'],
      registers,
      collect() {
        this.reset();
        for (const [model, all] of Object.entries(traffic.counts.arms)) {
          for (const one of all) this.inc({ model, version: String(one.version ?? '') }, one[field]);
        }
      },
    });
  }
}
