import type { ClassificationRows } from './classification-rows.js';
import { descendingThresholds } from './ranking.js';

export type Point = { readonly x: number; readonly y: number };

/** Points nearer to the last kept one than this are left out: a curve of a million thresholds is drawn with hundreds. */
const RESOLUTION = 1 / 400;

class Polyline {
  readonly points: Point[] = [];
  private skipped: Point | undefined;

  add(x: number, y: number): void {
    const last = this.points.at(-1);
    const point = { x, y };
    if (last !== undefined && Math.abs(x - last.x) + Math.abs(y - last.y) < RESOLUTION) {
      this.skipped = point;
      return;
    }
    this.points.push(point);
    this.skipped = undefined;
  }

  finish(): Point[] {
    if (this.skipped !== undefined) this.points.push(this.skipped);
    return this.points;
  }
}

/** False positive rate (x) against true positive rate (y) of a class, from (0, 0) to (1, 1). Empty where undefined. */
export function rocCurve(rows: ClassificationRows, classIndex: number): Point[] {
  const steps: [number, number][] = [];
  let positives = 0;
  let negatives = 0;
  descendingThresholds(rows, classIndex, (positive, negative) => {
    positives += positive;
    negatives += negative;
    steps.push([negatives, positives]);
  });
  if (positives === 0 || negatives === 0) return [];
  const line = new Polyline();
  line.add(0, 0);
  for (const [x, y] of steps) line.add(x / negatives, y / positives);
  return line.finish();
}

/** Recall (x) against precision (y) of a class, from the highest threshold down. Empty without positive rows. */
export function precisionRecallCurve(rows: ClassificationRows, classIndex: number): Point[] {
  const steps: [number, number][] = [];
  let found = 0;
  let claimed = 0;
  descendingThresholds(rows, classIndex, (positive, negative) => {
    found += positive;
    claimed += positive + negative;
    if (claimed > 0) steps.push([found, found / claimed]);
  });
  if (found === 0) return [];
  const line = new Polyline();
  line.add(0, steps[0]?.[1] ?? 1);
  for (const [recall, precision] of steps) line.add(recall / found, precision);
  return line.finish();
}

export type CalibrationBin = {
  /** Mean probability of the rows in the bin. */
  readonly probability: number;
  /** Share of them that are of the class (or predicted right). */
  readonly share: number;
  /** 95 % interval of the share (Wilson). */
  readonly low: number;
  readonly high: number;
  /** Total weight. */
  readonly weight: number;
};

/**
 * How often what was given probability p comes true, in ten equal bins of p. Two classes: of the positive class. More:
 * of the predicted class. Empty bins are left out.
 */
export function calibrationCurve(rows: ClassificationRows, bins = 10): CalibrationBin[] {
  const { truth, scores, classes, predicted, weights } = rows;
  const sums = Array.from({ length: bins }, () => ({ rows: 0, weight: 0, probability: 0, hits: 0 }));
  for (let row = 0; row < truth.length; row++) {
    const judged = classes === 2 ? 1 : (predicted[row] as number);
    const probability = scores[row * classes + judged] as number;
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const bin = sums[Math.min(bins - 1, Math.floor(probability * bins))];
    if (bin === undefined) continue;
    bin.rows++;
    bin.weight += weight;
    bin.probability += weight * probability;
    if (truth[row] === judged) bin.hits += weight;
  }
  return sums
    .filter((bin) => bin.weight > 0)
    .map(({ rows: count, weight, probability, hits }) => {
      const share = hits / weight;
      const [low, high] = wilson(share, count);
      return { probability: probability / weight, share, low, high, weight };
    });
}

/** Wilson's score interval (1927) of a share seen in n trials, at 95 %. */
function wilson(share: number, n: number): [number, number] {
  const z = 1.959963984540054;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
