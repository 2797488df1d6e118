import type { TargetState } from '../../core/artifacts.js';

/** How many of the worst rows are shown. */
export const SHOWN_WORST = 20;

/** The class with the highest score of a row. */
export function predictedClass(scores: Float32Array, classes: number, index: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((scores[index * classes + c] as number) > (scores[index * classes + best] as number)) best = c;
  }
  return best;
}

/** How wrong an answer is, 0 for a right one: the absolute error, or what the true class's probability lacks to 1. */
export function badness(
  target: TargetState,
  truth: Int32Array | Float64Array,
  scores: Float32Array,
  index: number,
): number {
  const value = truth[index] as number;
  if (target.task === 'regression') return Math.abs((scores[index] as number) - value);
  const classes = target.classes.length;
  if (predictedClass(scores, classes, index) === value) return 0;
  return 1 - (scores[index * classes + value] as number);
}
