import { AimaasError } from '../core/errors.js';
import { shellWord } from '../core/shell.js';
import type { OnProblem, RowProblem } from './source.js';

const LONGEST_SHOWN = 80;

/** A value as an error message shows it: quoted, on one line, not too long. */
export function shown(value: string | null): string {
  if (value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 1)}…"`;
}

/** The BAD_ROW error that names file, line, column and value. */
export function badRow(problem: RowProblem): AimaasError {
  const where = `${problem.location}, line ${problem.line}`;
  const column = problem.column === null ? '' : `, column "${problem.column}"`;
  const value = problem.value === null ? '' : `: ${shown(problem.value)}`;
  const said = problem.value === null ? shown(problem.raw) : '';
  const hint =
    problem.column === null || problem.value === null
      ? 'Mend the row, or leave bad rows out with --on-bad-row skip.'
      : `Mend the value, leave bad rows out with --on-bad-row skip, call it missing with --missing ${shellWord(problem.value)}, ` +
        `or take the column as it is with --type ${shellWord(`${problem.column}=category`)}.`;
  return new AimaasError(
    'BAD_ROW',
    `${where}${column}${value} ${problem.reason}${said === '' ? '' : ` (${said})`}.`,
    {
      hint,
      details: {
        file: problem.location,
        line: problem.line,
        column: problem.column,
        value: problem.value,
        reason: problem.reason,
      },
    },
  );
}

export const throwOnProblem: OnProblem = (problem) => {
  throw badRow(problem);
};
