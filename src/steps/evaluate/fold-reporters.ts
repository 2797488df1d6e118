import type { Progress, Reporter } from '../../core/reporter.js';

/**
 * One progress over all folds in place of what the steps of each fold report; their warnings come through once, however
 * many folds give them.
 */
export class FoldReporters {
  private readonly reporter: Reporter;
  private readonly count: number;
  private readonly bar: Progress;
  private readonly warned = new Set<string>();

  constructor(reporter: Reporter, count: number) {
    this.reporter = reporter;
    this.count = count;
    this.bar = reporter.progress({ title: 'Cross-validating', total: count, unit: 'folds' });
  }

  /** The reporter for the steps of a fold, counted from 0. */
  of(fold: number): Reporter {
    const name = `Fold ${fold + 1} of ${this.count}`;
    return {
      info: (message) => this.reporter.debug(`${name}: ${message}`),
      warn: (message, hint) => {
        if (this.warned.has(message)) return;
        this.warned.add(message);
        this.reporter.warn(`${name}: ${message}`, hint);
      },
      debug: (message) => this.reporter.debug(`${name}: ${message}`),
      progress: (task) => ({
        update: (completed, values) => {
          if (task.unit === 'epochs') this.bar.update(fold, { epoch: Math.floor(completed), ...values });
        },
        done: () => undefined,
        fail: () => undefined,
      }),
    };
  }

  done(): void {
    this.bar.done(`${this.count} folds`);
  }

  fail(): void {
    this.bar.fail();
  }
}
