import { badness, predictedClass, SHOWN_WORST } from './badness.js';
import type { CellLookup } from './cells.js';
import type { JudgedRows } from './rows.js';

export interface WorstRow {
  /** Number of the row in its data, from 1. */
  readonly number: number;
  readonly truth: string | number;
  readonly prediction: string | number;
  /** Probability given to the true class, or the error (predicted - true). */
  readonly measure: number;
  /** The raw cells under `columns`. */
  readonly cells: readonly (string | number | null)[];
}

export interface WorstRows {
  /** Names of the raw columns shown beside; none where the raw rows cannot be had. */
  readonly columns: readonly string[];
  readonly rows: readonly WorstRow[];
}

/** The rows the model is most wrong about; only those it is wrong about. */
export async function worstRows(judged: JudgedRows, lookUp: CellLookup | undefined): Promise<WorstRows> {
  const { target, truth, scores, row } = judged;
  const bad = Float64Array.from(row, (_, index) => badness(target, truth, scores, index));
  const worst: number[] = [];
  for (let index = 0; index < row.length; index++) {
    const own = bad[index] as number;
    const last = worst[SHOWN_WORST - 1];
    if (own === 0 || (last !== undefined && own <= (bad[last] as number))) continue;
    let at = Math.min(worst.length, SHOWN_WORST - 1);
    while (at > 0 && (bad[worst[at - 1] as number] as number) < own) at--;
    worst.splice(at, 0, index);
    if (worst.length > SHOWN_WORST) worst.pop();
  }
  const found = worst.length === 0 ? undefined : await lookUp?.(worst.map((index) => row[index] as number));
  const columns = found?.columns ?? [];
  const answerOf = (index: number): Pick<WorstRow, 'truth' | 'prediction' | 'measure'> => {
    const value = truth[index] as number;
    if (target.task === 'regression') {
      const answer = scores[index] as number;
      return { truth: value, prediction: answer, measure: answer - value };
    }
    const { classes } = target;
    const predicted = predictedClass(scores, classes.length, index);
    return {
      truth: classes[value] ?? '',
      prediction: classes[predicted] ?? '',
      measure: scores[index * classes.length + value] as number,
    };
  };
  return {
    columns,
    rows: worst.map((index) => ({
      number: (row[index] as number) + 1,
      ...answerOf(index),
      cells: found?.cells.get(row[index] as number) ?? columns.map(() => null),
    })),
  };
}
