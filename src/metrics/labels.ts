import { CLASSIFICATION, type ClassificationMetric } from './metric.js';
import type { ClassificationRows } from './classification-rows.js';

/** Row sums (true), column sums (predicted), trace and total of the confusion matrix. */
export function marginals(rows: ClassificationRows): {
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  readonly correct: number;
  readonly total: number;
} {
  const { confusion, classes } = rows;
  const truth = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  let correct = 0;
  let total = 0;
  for (let t = 0; t < classes; t++) {
    for (let p = 0; p < classes; p++) {
      const weight = confusion[t * classes + p] as number;
      truth[t] = (truth[t] as number) + weight;
      predicted[p] = (predicted[p] as number) + weight;
      total += weight;
      if (t === p) correct += weight;
    }
  }
  return { truth, predicted, correct, total };
}

function accuracy(rows: ClassificationRows): number {
  const { correct, total } = marginals(rows);
  return correct / total;
}

function balancedAccuracy(rows: ClassificationRows): number {
  const { truth } = marginals(rows);
  let sum = 0;
  let present = 0;
  truth.forEach((weight, c) => {
    if (weight === 0) return;
    sum += (rows.confusion[c * rows.classes + c] as number) / weight;
    present++;
  });
  return sum / present;
}

/** Gorodkin's R_K (2004), which for two classes is Matthews' coefficient; 0 when either side has one class only. */
function matthews(rows: ClassificationRows): number {
  const { truth, predicted, correct, total } = marginals(rows);
  if (total === 0) return NaN;
  let expected = 0;
  let truthSquares = 0;
  let predictedSquares = 0;
  truth.forEach((t, c) => {
    const p = predicted[c] as number;
    expected += t * p;
    truthSquares += t * t;
    predictedSquares += p * p;
  });
  const spread = (total * total - truthSquares) * (total * total - predictedSquares);
  return spread <= 0 ? 0 : (correct * total - expected) / Math.sqrt(spread);
}

/** Metrics of the confusion matrix as a whole. */
export const labelMetrics: readonly ClassificationMetric[] = [
  {
    name: 'accuracy',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'maximize',
    needs: 'label',
    description: 'Share of rows whose class is predicted right',
    compute: accuracy,
  },
  {
    name: 'balanced_accuracy',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'maximize',
    needs: 'label',
    description:
      'Mean recall over the classes that occur, so that rare classes count as much as frequent ones',
    compute: balancedAccuracy,
  },
  {
    name: 'mcc',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'maximize',
    needs: 'label',
    description: 'Matthews correlation of true and predicted class: 1 perfect, 0 chance',
    compute: matthews,
  },
];
