import type { MetricName } from '../core/metric-names.js';
import type { TaskKind } from '../core/task-kind.js';
import type { ClassificationRows } from './classification-rows.js';
import type { RegressionRows } from './regression-rows.js';

/** What every metric says of itself. */
export interface MetricInfo {
  /** scikit-learn's scorer name, without `neg_`. */
  readonly name: MetricName;
  readonly tasks: readonly TaskKind[];
  /** Tasks for which it is shown when no metric is named. */
  readonly shownFor: readonly TaskKind[];
  /** Whether more is better. */
  readonly direction: 'maximize' | 'minimize';
  /** What of a model's answer it looks at: the class chosen, the probabilities, or the predicted value. */
  readonly needs: 'label' | 'probability' | 'value';
  /** One line, no full stop. */
  readonly description: string;
}

/** A metric of predicted classes or probabilities. */
export interface ClassificationMetric extends MetricInfo {
  /** NaN where these rows do not define it. */
  readonly compute: (rows: ClassificationRows) => number;
}

/** A metric of predicted numbers. */
export interface RegressionMetric extends MetricInfo {
  /** NaN where these rows do not define it. */
  readonly compute: (rows: RegressionRows) => number;
}

export const CLASSIFICATION: readonly TaskKind[] = ['binary', 'multiclass'];
