/** A limit set with --fail-under: the least a metric may be, or the most where less is better (errors and losses). */
export type Threshold = {
  readonly metric: string;
  readonly limit: number;
  readonly direction: 'maximize' | 'minimize';
};

export type JudgedThreshold = Threshold & {
  /** null where the rows do not define the metric, which does not meet any limit. */
  readonly value: number | null;
  readonly met: boolean;
};

/** Which thresholds are not met, in words; undefined when all are. */
export function thresholdsMessage(thresholds: readonly JudgedThreshold[]): string | undefined {
  const failed = thresholds.filter(({ met }) => !met);
  if (failed.length === 0) return undefined;
  const reasons = failed.map(({ metric, value, limit, direction }) => {
    if (value === null) return `${metric} is not defined on these rows`;
    const side = direction === 'maximize' ? 'under' : 'over';
    return `${metric} is ${shortNumber(value)}, ${side} ${shortNumber(limit)}`;
  });
  return `Threshold not met: ${reasons.join('; ')}.`;
}

/** Six digits, without zeros that say nothing. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
