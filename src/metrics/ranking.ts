import { CLASSIFICATION, type ClassificationMetric } from './metric.js';
import type { ClassificationRows } from './classification-rows.js';

/** Called with the weight of the positive and of the negative rows that share one probability. */
type Visit = (positive: number, negative: number) => void;

/** Visits the distinct probabilities of a class in descending order. */
export function descendingThresholds(rows: ClassificationRows, classIndex: number, visit: Visit): void {
  const { truth, weights } = rows;
  const ranking = rows.ranking(classIndex);
  let positive = 0;
  let negative = 0;
  for (let i = ranking.length - 1; i >= 0; i--) {
    const marked = ranking[i] as number;
    const row = marked < 0 ? ~marked : marked;
    const weight = weights === undefined ? 1 : (weights[row] as number);
    if (truth[row] === classIndex) positive += weight;
    else negative += weight;
    // A mark on the row below says that the probabilities from here up differ from the ones below.
    if (i === 0 || (ranking[i - 1] as number) < 0) {
      visit(positive, negative);
      positive = 0;
      negative = 0;
    }
  }
}

/** The probability that a positive row scores above a negative one, ties counting half (Mann–Whitney). */
export function areaUnderRoc(rows: ClassificationRows, classIndex: number): number {
  let positives = 0;
  let negatives = 0;
  let losses = 0;
  descendingThresholds(rows, classIndex, (positive, negative) => {
    losses += positive * (negatives + negative / 2);
    positives += positive;
    negatives += negative;
  });
  return positives === 0 || negatives === 0 ? NaN : 1 - losses / (positives * negatives);
}

/** Sum over the thresholds of (increase of recall) × precision, without interpolation. */
export function averagePrecision(rows: ClassificationRows, classIndex: number): number {
  let found = 0;
  let claimed = 0;
  let sum = 0;
  descendingThresholds(rows, classIndex, (positive, negative) => {
    found += positive;
    claimed += positive + negative;
    if (positive > 0) sum += (positive * found) / claimed;
  });
  return found === 0 ? NaN : sum / found;
}

/** Two classes: of the positive one. More: plain mean of one-against-rest over the classes where it is defined. */
function overClasses(of: (rows: ClassificationRows, classIndex: number) => number) {
  return (rows: ClassificationRows): number => {
    if (rows.classes === 2) return of(rows, 1);
    let sum = 0;
    let defined = 0;
    for (let c = 0; c < rows.classes; c++) {
      const value = of(rows, c);
      if (Number.isNaN(value)) continue;
      sum += value;
      defined++;
    }
    return sum / defined;
  };
}

/** Metrics of the order the probabilities put the rows in. */
export const rankingMetrics: readonly ClassificationMetric[] = [
  {
    name: 'roc_auc',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'maximize',
    needs: 'probability',
    description:
      'Area under the ROC curve: 0.5 chance, 1 perfect; with more than two classes the mean of one against the rest',
    compute: overClasses(areaUnderRoc),
  },
  {
    name: 'average_precision',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'maximize',
    needs: 'probability',
    description:
      'Area under the precision-recall curve; with more than two classes the mean of one against the rest',
    compute: overClasses(averagePrecision),
  },
];
