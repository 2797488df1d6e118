import type { TargetState } from '../core/artifacts.js';
import { outputsOf } from '../tasks/index.js';
import type { MemberRows, TrainingRows } from './data.js';
import { bestTemperature, logLossOfLogits, squaredError } from './validation-loss.js';

/** Answers for rows that the answering member did not learn from. */
export interface HeldOut {
  /** Index of each row in the training data. */
  readonly rows: Int32Array;
  /** [rows, outputs]: probabilities, or values in the target's unit. */
  readonly scores: Float32Array;
}

export interface JudgeOptions {
  readonly target: TargetState;
  readonly data: TrainingRows;
  readonly members: MemberRows;
  /** Whether regression answers stay within the training range, as they should where a model cannot extrapolate. */
  readonly clamp: boolean;
}

/** The training range of the standardised target. */
export function bounds(target: TargetState, clamp: boolean): [number, number] {
  if (target.task !== 'regression' || !clamp) return [-Infinity, Infinity];
  const { mean, standardDeviation, minimum, maximum } = target;
  return [(minimum - mean) / standardDeviation, (maximum - mean) / standardDeviation];
}

/** Judges raw outputs of the members on the rows each is validated on. */
export class Judge {
  private readonly target: TargetState;
  private readonly held: readonly Int32Array[];
  private readonly truth: Float32Array[];
  private readonly weight: Float32Array[];
  private readonly range: readonly [number, number];
  private readonly outputs: number;
  private readonly clamp: boolean;

  constructor({ target, members, data, clamp }: JudgeOptions) {
    this.target = target;
    this.held = members.validation;
    this.truth = this.held.map((rows) => Float32Array.from(rows, (row) => data.y[row] as number));
    this.weight = this.held.map((rows) => Float32Array.from(rows, (row) => data.weight[row] as number));
    this.range = bounds(target, clamp);
    this.clamp = clamp;
    this.outputs = outputsOf(target);
  }

  /** Log loss or mean squared error of every member; NaN for one without rows. */
  losses(answers: readonly Float32Array[], temperature = 1): number[] {
    return answers.map((answer, member) => {
      const truth = this.truth[member] as Float32Array;
      const weight = this.weight[member] as Float32Array;
      return this.target.task === 'regression'
        ? squaredError(answer, truth, weight, this.range)
        : logLossOfLogits(answer, truth, weight, this.outputs, temperature);
    });
  }

  /** The temperature that suits all members together; 1 for regression and where nothing is held out. */
  temperature(answers: readonly Float32Array[]): number {
    if (this.target.task === 'regression' || this.held.every((rows) => rows.length === 0)) return 1;
    return bestTemperature((temperature) => {
      const known = this.losses(answers, temperature).filter((loss) => !Number.isNaN(loss));
      return known.reduce((sum, loss) => sum + loss, 0);
    });
  }

  /** Scores of every held-out row; a row that several members hold out gets the mean of theirs. */
  heldOut(answers: readonly Float32Array[], temperature: number): HeldOut {
    const place = new Map<number, number>();
    for (const rows of this.held) for (const row of rows) if (!place.has(row)) place.set(row, place.size);
    const scores = new Float32Array(place.size * this.outputs);
    const votes = new Float32Array(place.size);
    this.held.forEach((rows, member) => {
      rows.forEach((row, i) => {
        const at = place.get(row) as number;
        votes[at] = (votes[at] as number) + 1;
        const answer = (answers[member] as Float32Array).subarray(i * this.outputs, (i + 1) * this.outputs);
        this.score(answer, temperature).forEach((value, output) => {
          const to = at * this.outputs + output;
          scores[to] = (scores[to] as number) + value;
        });
      });
    });
    for (let i = 0; i < scores.length; i++) {
      scores[i] = (scores[i] as number) / (votes[Math.floor(i / this.outputs)] as number);
    }
    return { rows: Int32Array.from(place.keys()), scores };
  }

  private score(answer: Float32Array, temperature: number): number[] {
    if (this.target.task === 'regression') {
      const [low, high] = this.range;
      const value = answer[0] as number;
      const kept = this.clamp ? Math.min(Math.max(value, low), high) : value;
      return [kept * this.target.standardDeviation + this.target.mean];
    }
    const largest = Math.max(...answer);
    const exponentials = Array.from(answer, (logit) => Math.exp((logit - largest) / temperature));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    return exponentials.map((value) => value / total);
  }
}
