import { AimaasError } from '../core/errors.js';
import { shellWord } from '../core/shell.js';
import { nearestName } from '../core/suggest.js';
import { columnNotFound } from './records.js';

export type Choice = {
  readonly target: string | null;
  /** Keep only these (and the target); all where empty. */
  readonly only: readonly string[];
  readonly drop: readonly string[];
  /** Columns that --type names. */
  readonly typed: readonly string[];
};

/**
 * The columns to keep, in the order of the first file.
 * @throws AimaasError COLUMN_NOT_FOUND for a name that is misspelt, with the nearest; USAGE where the choice makes no sense.
 */
export function chooseColumns(names: readonly string[], location: string, choice: Choice): string[] {
  const { target, only, drop, typed } = choice;
  const what = `${location} has`;
  const named = {
    '--target': target === null ? [] : [target],
    '--only': only,
    '--drop': drop,
    '--type': typed,
  };
  for (const [option, asked] of Object.entries(named)) {
    for (const name of asked) {
      if (names.includes(name)) continue;
      const near = nearestName(name, names) ?? 'COLUMN';
      const hint = `${option} ${shellWord(near)}${option === '--type' ? '=KIND' : ''}`;
      throw columnNotFound(name, names, what, `Column names are case-sensitive. Write: ${hint}`);
    }
  }
  if (target !== null && drop.includes(target)) {
    throw new AimaasError('USAGE', `"${target}" is the target and cannot be dropped as well.`, {
      hint: 'Leave out --target or the --drop of it.',
    });
  }
  const kept = names.filter(
    (name) => !drop.includes(name) && (only.length === 0 || only.includes(name) || name === target),
  );
  if (kept.length > 0) return kept;
  if (names.length === 0) {
    throw new AimaasError('SOURCE_FORMAT', `${location} has no columns: its objects are empty.`, {
      hint: 'Give one object a line ({"column": value}), or an array of objects.',
    });
  }
  throw new AimaasError('USAGE', 'No column is left after --only and --drop.', {
    hint: `The columns are: ${names.slice(0, 20).join(', ')}.`,
  });
}
