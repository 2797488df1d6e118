import { AimaasError } from '../../core/errors.js';
import type { TaskKind } from '../../core/task-kind.js';
import type { JudgedThreshold, Threshold } from '../../core/threshold.js';
import { findMetric } from '../../metrics/index.js';

/**
 * The thresholds written as NAME=VALUE.
 * @throws AimaasError USAGE for what is not NAME=VALUE, a metric that is not for the task, a value that is no number.
 */
export function parseThresholds(texts: readonly string[], task: TaskKind): Threshold[] {
  return texts.map((text) => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/su.exec(text) ?? [];
    const limit = value.trim() === '' ? NaN : Number(value);
    if (name.trim() === '' || !Number.isFinite(limit)) {
      throw new AimaasError('USAGE', `--fail-under got "${text}"; expected METRIC=NUMBER.`, {
        hint: `--fail-under ${task === 'regression' ? 'rmse=3.5' : 'accuracy=0.9'}`,
      });
    }
    const metric = findMetric(name.trim(), task, (known) => `--fail-under ${known}=${limit}`);
    return { metric: metric.name, limit, direction: metric.direction };
  });
}

export function judgeThresholds(
  thresholds: readonly Threshold[],
  values: { readonly [metric: string]: number | null },
): JudgedThreshold[] {
  return thresholds.map((threshold) => {
    const value = values[threshold.metric] ?? null;
    const met =
      value !== null &&
      (threshold.direction === 'maximize' ? value >= threshold.limit : value <= threshold.limit);
    return { ...threshold, value, met };
  });
}
