import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  areaUnderRoc,
  averagePrecision,
  calibrationCurve,
  ClassificationRows,
  precisionRecallCurve,
  rocCurve,
  type Point,
} from '../../../src/metrics/index.js';

/** scikit-learn's example of roc_curve and precision_recall_curve: y = [0, 0, 1, 1], scores [0.1, 0.4, 0.35, 0.8]. */
const small = ClassificationRows.of(
  Int32Array.of(0, 0, 1, 1),
  Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8),
  2,
);

function area(points: readonly Point[]): number {
  let sum = 0;
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (before !== undefined) sum += ((point.x - before.x) * (point.y + before.y)) / 2;
  });
  return sum;
}

function manyRows(n: number): ClassificationRows {
  const random = new Random(4);
  const truth = Int32Array.from({ length: n }, () => random.integer(2));
  const scores = new Float32Array(2 * n);
  truth.forEach((label, row) => {
    const p = 1 / (1 + Math.exp(-(random.normal() + label)));
    scores.set([1 - p, p], 2 * row);
  });
  return ClassificationRows.of(truth, scores, 2);
}

describe('curves', () => {
  it('has the points of the textbook ROC curve', () => {
    expect(rocCurve(small, 1)).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0.5, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 },
    ]);
  });

  it('has the points of the textbook precision-recall curve', () => {
    expect(precisionRecallCurve(small, 1)).toEqual([
      { x: 0, y: 1 },
      { x: 0.5, y: 1 },
      { x: 0.5, y: 0.5 },
      { x: 1, y: 2 / 3 },
      { x: 1, y: 0.5 },
    ]);
  });

  it('draws many rows with few points and the same area', () => {
    const rows = manyRows(20_000);
    const roc = rocCurve(rows, 1);
    expect(roc.length).toBeLessThan(1_000);
    expect(roc.at(-1)).toEqual({ x: 1, y: 1 });
    expect(area(roc)).toBeCloseTo(areaUnderRoc(rows, 1), 3);
    const curve = precisionRecallCurve(rows, 1);
    expect(curve.length).toBeLessThan(1_000);
    expect(area(curve)).toBeCloseTo(averagePrecision(rows, 1), 2);
  });

  it('is empty where the curve is not defined', () => {
    const negatives = ClassificationRows.of(Int32Array.of(0, 0), Float64Array.of(0.4, 0.6, 0.7, 0.3), 2);
    expect(rocCurve(negatives, 1)).toEqual([]);
    expect(precisionRecallCurve(negatives, 1)).toEqual([]);
    const none = ClassificationRows.of(new Int32Array(0), new Float64Array(0), 2);
    expect(rocCurve(none, 1)).toEqual([]);
    expect(calibrationCurve(none)).toEqual([]);
  });
});

describe('calibrationCurve', () => {
  it('bins the probability of the positive class of two', () => {
    const bins = calibrationCurve(small);
    expect(bins.map((bin) => [bin.probability, bin.share, bin.weight])).toEqual([
      [0.1, 0, 1],
      [0.35, 1, 1],
      [0.4, 0, 1],
      [0.8, 1, 1],
    ]);
    for (const bin of bins) {
      expect(bin.low).toBeLessThanOrEqual(bin.share);
      expect(bin.high).toBeGreaterThanOrEqual(bin.share);
    }
  });

  it('bins the probability of the predicted class of more', () => {
    const rows = ClassificationRows.of(
      Int32Array.of(0, 1, 2),
      Float64Array.of(0.9, 0.05, 0.05, 0.95, 0.03, 0.02, 0, 0, 1),
      3,
    );
    const [bin, ...others] = calibrationCurve(rows);
    expect(others).toEqual([]);
    expect(bin?.probability).toBeCloseTo(0.95, 12);
    expect(bin?.share).toBeCloseTo(2 / 3, 12);
    // Wilson's interval of 2 of 3 at 95 %.
    expect(bin?.low).toBeCloseTo(0.20765, 4);
    expect(bin?.high).toBeCloseTo(0.93851, 4);
  });
});
