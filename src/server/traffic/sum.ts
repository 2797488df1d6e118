import type { ArmCounts, ShadowCounts, TrafficCounts } from './rule.js';

/** What several processes counted for one model, together. */
export function sumArms(parts: readonly TrafficCounts[], name: string): ArmCounts[] {
  const sums = new Map<string, ArmCounts>();
  for (const arm of parts.flatMap(({ arms }) => arms[name] ?? [])) {
    const sum = sums.get(String(arm.version)) ?? { ...arm, requests: 0, rows: 0, failures: 0, seconds: 0 };
    sum.requests += arm.requests;
    sum.rows += arm.rows;
    sum.failures += arm.failures;
    sum.seconds += arm.seconds;
    sums.set(String(arm.version), sum);
  }
  return [...sums.values()];
}

export function sumShadows(parts: readonly TrafficCounts[], name: string): ShadowCounts[] {
  const sums = new Map<string, ShadowCounts>();
  for (const one of parts.flatMap(({ shadows }) => shadows[name] ?? [])) {
    const key = `${String(one.live)} ${String(one.shadow)}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, { ...one });
      continue;
    }
    sum.requests += one.requests;
    sum.rows += one.rows;
    sum.agreements += one.agreements;
    sum.absoluteDifference += one.absoluteDifference;
    sum.failures += one.failures;
    sum.dropped += one.dropped;
    sum.liveSeconds += one.liveSeconds;
    sum.shadowSeconds += one.shadowSeconds;
  }
  return [...sums.values()];
}
