import { CLASSIFICATION, type ClassificationMetric } from './metric.js';
import type { ClassificationRows } from './classification-rows.js';

/** Number of equal-width confidence bins of the calibration error, as in Guo et al. 2017. */
const CALIBRATION_BINS = 15;

/** Machine precision of float32 and float64: probabilities are kept this far from 0 and 1, as in scikit-learn. */
const EPSILON32 = 2 ** -23;
const EPSILON64 = Number.EPSILON;

function logLoss(rows: ClassificationRows): number {
  const losses = rows.perRow('log_loss', () => {
    const { truth, scores, classes } = rows;
    const epsilon = scores instanceof Float32Array ? EPSILON32 : EPSILON64;
    const values = new Float64Array(truth.length);
    for (let row = 0; row < truth.length; row++) {
      const probability = scores[row * classes + (truth[row] as number)] as number;
      values[row] = -Math.log(Math.min(Math.max(probability, epsilon), 1 - epsilon));
    }
    return values;
  });
  return rows.mean(losses);
}

/** Two classes: squared error of the positive one's probability (0 to 1). More: summed over the classes (0 to 2). */
function brier(rows: ClassificationRows): number {
  const errors = rows.perRow('brier', () => {
    const { truth, scores, classes } = rows;
    const first = classes === 2 ? 1 : 0;
    const values = new Float64Array(truth.length);
    for (let row = 0; row < truth.length; row++) {
      let sum = 0;
      for (let c = first; c < classes; c++) {
        sum += ((scores[row * classes + c] as number) - (truth[row] === c ? 1 : 0)) ** 2;
      }
      values[row] = sum;
    }
    return values;
  });
  return rows.mean(errors);
}

/**
 * Expected calibration error (Naeini 2015, Guo 2017): rows are put in bins ((i-1)/15, i/15] by the probability of the
 * predicted class; the mean over the bins, by weight, of |share that is right - mean probability|.
 */
function expectedCalibrationError(rows: ClassificationRows): number {
  const { truth, scores, classes, predicted, weights } = rows;
  // Positive where the prediction is right, negative where it is wrong: one array holds both facts.
  const confidence = rows.perRow('confidence', () => {
    const values = new Float64Array(truth.length);
    for (let row = 0; row < truth.length; row++) {
      const c = predicted[row] as number;
      const probability = scores[row * classes + c] as number;
      values[row] = c === truth[row] ? probability : -probability;
    }
    return values;
  });
  const gaps = new Float64Array(CALIBRATION_BINS);
  let total = 0;
  for (let row = 0; row < confidence.length; row++) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const signed = confidence[row] as number;
    const probability = Math.abs(signed);
    const bin = Math.min(CALIBRATION_BINS - 1, Math.max(0, Math.ceil(probability * CALIBRATION_BINS) - 1));
    gaps[bin] = (gaps[bin] as number) + weight * ((signed > 0 ? 1 : 0) - probability);
    total += weight;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
}

/** Metrics of the probabilities themselves. */
export const probabilityMetrics: readonly ClassificationMetric[] = [
  {
    name: 'log_loss',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'minimize',
    needs: 'probability',
    description: 'Mean negative log of the probability given to the true class (cross-entropy, in nats)',
    compute: logLoss,
  },
  {
    name: 'brier',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'minimize',
    needs: 'probability',
    description: 'Mean squared error of the probabilities (0 to 1 for two classes, 0 to 2 for more)',
    compute: brier,
  },
  {
    name: 'ece',
    tasks: CLASSIFICATION,
    shownFor: CLASSIFICATION,
    direction: 'minimize',
    needs: 'probability',
    description:
      'Expected calibration error: how far the probability of the predicted class is from how often it is right (15 bins)',
    compute: expectedCalibrationError,
  },
];
