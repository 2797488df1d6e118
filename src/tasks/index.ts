import { argMax } from '../core/arg-max.js';
import type { Prediction } from '../core/predictor.js';
import type { TargetState } from '../core/artifacts.js';
import type { TaskKind } from '../core/task-kind.js';

/** Units of the network's output: one per class, or one. */
export function outputsOf(target: TargetState): number {
  return target.task === 'regression' ? 1 : target.classes.length;
}

/** Class names in the order of the probabilities; none for regression. */
export function classesOf(target: TargetState): readonly string[] {
  return target.task === 'regression' ? [] : target.classes;
}

/** The metric by which models of a task are compared unless the user names another. */
export function defaultMetric(task: TaskKind): string {
  return task === 'regression' ? 'rmse' : 'log_loss';
}

/** The metric shown first for a task, the one people quote. */
export function headlineMetric(task: TaskKind): string {
  return task === 'regression' ? 'r2' : 'accuracy';
}

/**
 * Scores `[rows, outputs]` (see Predictor.scores) as answers: the most probable class with all probabilities, or the
 * value.
 */
export function decode(target: TargetState, scores: ArrayLike<number>): Prediction[] {
  const outputs = outputsOf(target);
  const rows = scores.length / outputs;
  const answers = new Array<Prediction>(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * outputs;
    if (target.task === 'regression') {
      answers[row] = { prediction: scores[from] as number };
      continue;
    }
    // Not by assignment: a class may be called __proto__.
    const probabilities = Object.fromEntries(
      target.classes.map((name, index) => [name, scores[from + index] as number]),
    );
    answers[row] = { prediction: target.classes[argMax(scores, from, outputs)] as string, probabilities };
  }
  return answers;
}
