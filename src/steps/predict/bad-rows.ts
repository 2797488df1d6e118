import { AimaasError } from '../../core/errors.js';
import type { RowCounts } from '../../core/prediction-format.js';
import type { StepContext } from '../../core/step.js';
import { badRow } from '../../sources/problems.js';
import type { OnProblem, RowProblem } from '../../sources/source.js';

/** What to do with a row that cannot be read. */
export type OnBadRow = 'error' | 'skip' | 'null';

/** Fails at the first bad row, or counts them. */
export class BadRows {
  private count = 0;
  private first: RowProblem | undefined;
  private readonly policy: OnBadRow;

  constructor(policy: OnBadRow) {
    this.policy = policy;
  }

  get counts(): RowCounts {
    return {
      emptyRows: this.policy === 'null' ? this.count : 0,
      skippedRows: this.policy === 'skip' ? this.count : 0,
    };
  }

  readonly onProblem: OnProblem = (problem) => {
    const message = this.note(problem);
    if (this.policy !== 'error') return;
    throw new AimaasError('BAD_ROW', message, {
      hint: 'Mend the row, leave bad rows out with --on-bad-row skip, or give them an empty prediction with --on-bad-row null.',
      details: badRow(problem).details,
    });
  };

  /** Counts a row; gives what is wrong with it in words. */
  note(problem: RowProblem): string {
    this.first ??= problem;
    this.count++;
    return badRow(problem).message;
  }

  report({ reporter }: StepContext): void {
    if (this.first === undefined) return;
    const rows = this.count === 1 ? 'One row' : `${this.count} rows`;
    const message = `${rows} could not be read and got no prediction. The first: ${badRow(this.first).message}`;
    if (this.policy === 'null') return reporter.warn(message);
    reporter.warn(
      message,
      'Keep their places with --on-bad-row null, or a column that identifies the rows with --keep COLUMN',
    );
  }
}
