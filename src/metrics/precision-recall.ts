import { CLASSIFICATION, type ClassificationMetric } from './metric.js';
import type { ClassificationRows } from './classification-rows.js';
import { marginals } from './labels.js';

/** Precision, recall and F1 of one class against all others. 0 where the denominator is 0, as in scikit-learn. */
export type ClassScores = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Total weight of the rows truly of the class. */
  readonly support: number;
  /** Total weight of the rows predicted to be of the class. */
  readonly predicted: number;
};

type Measure = 'precision' | 'recall' | 'f1';

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

/** The scores of every class, in class order. */
export function classScores(rows: ClassificationRows): ClassScores[] {
  const { truth, predicted } = marginals(rows);
  return Array.from(truth, (support, c) => {
    const hits = rows.confusion[c * rows.classes + c] as number;
    const claimed = predicted[c] as number;
    return {
      precision: ratio(hits, claimed),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, claimed + support),
      support,
      predicted: claimed,
    };
  });
}

/** Of the positive class: the second. */
function ofPositive(measure: Measure) {
  return (rows: ClassificationRows): number =>
    marginals(rows).total === 0 ? NaN : (classScores(rows)[1]?.[measure] ?? NaN);
}

/** Plain mean over the classes that occur among the true or the predicted ones. */
function macro(measure: Measure) {
  return (rows: ClassificationRows): number => {
    const present = classScores(rows).filter((scores) => scores.support > 0 || scores.predicted > 0);
    return present.reduce((sum, scores) => sum + scores[measure], 0) / present.length;
  };
}

/** Mean over the classes, weighted by how often each is the true one. */
function weighted(measure: Measure) {
  return (rows: ClassificationRows): number => {
    const all = classScores(rows);
    const total = all.reduce((sum, scores) => sum + scores.support, 0);
    return all.reduce((sum, scores) => sum + scores[measure] * scores.support, 0) / total;
  };
}

/** Of all decisions pooled: with one label a row, precision, recall and F1 are then all the accuracy. */
function micro(rows: ClassificationRows): number {
  const { correct, total } = marginals(rows);
  return correct / total;
}

const WHAT: Readonly<Record<Measure, string>> = {
  precision: 'Of the rows predicted to be of a class, the share that are',
  recall: 'Of the rows of a class, the share that are found',
  f1: 'Harmonic mean of precision and recall',
};

function family(measure: Measure): ClassificationMetric[] {
  const shared = { direction: 'maximize', needs: 'label' } as const;
  const average = (
    suffix: 'macro' | 'micro' | 'weighted',
    how: string,
    shown: boolean,
    compute: (rows: ClassificationRows) => number,
  ) => ({
    ...shared,
    name: `${measure}_${suffix}` as const,
    tasks: CLASSIFICATION,
    shownFor: shown ? (['multiclass'] as const) : [],
    description: `${WHAT[measure]}; ${how}`,
    compute,
  });
  return [
    {
      ...shared,
      name: measure,
      tasks: ['binary'],
      shownFor: ['binary'],
      description: `${WHAT[measure]}; for the positive class`,
      compute: ofPositive(measure),
    },
    average('macro', 'plain mean over the classes', true, macro(measure)),
    average('micro', 'all classes pooled, which equals accuracy', false, micro),
    average('weighted', 'mean over the classes weighted by their rows', true, weighted(measure)),
  ];
}

/** Precision, recall and F1, each for the positive class and averaged over classes in three ways. */
export const precisionRecallMetrics: readonly ClassificationMetric[] = [
  ...family('precision'),
  ...family('recall'),
  ...family('f1'),
];
