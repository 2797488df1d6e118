import { AimaasError } from '../core/errors.js';
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
  for (const name of [...(target === null ? [] : [target]), ...only, ...drop, ...typed]) {
    if (!names.includes(name)) throw columnNotFound(name, names, what);
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
