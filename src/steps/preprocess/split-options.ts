import { SPLITS } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import type { DataSchema } from '../../core/table.js';
import { type Fractions, NO_SPLIT } from './split.js';

const DEFAULT_FRACTIONS: Fractions = [0.7, 0.15, 0.15];

/** How rows are to be split, as options say it. */
export type SplitOptions = {
  /** "0.7,0.15,0.15": shares of train, validation and test; percentages do as well. */
  readonly split?: string | undefined;
  /** Column whose equal values stay in one split. */
  readonly group?: string | undefined;
  /** Column by whose order rows are split: the latest are for testing. */
  readonly timeColumn?: string | undefined;
  /** Column that says train, validation or test. */
  readonly splitColumn?: string | undefined;
  /** A data set of the workspace (id) or a file whose rows are the validation or test split. */
  readonly validationData?: string | undefined;
  readonly testData?: string | undefined;
};

/** How rows are split. `given` splits have their rows from elsewhere and take none of the data set. */
export type SplitPlan = {
  readonly method: 'random' | 'group' | 'time' | 'column';
  readonly column: string | null;
  readonly fractions: Fractions;
  readonly given: readonly ('validation' | 'test')[];
};

function usage(message: string, hint: string): AimaasError {
  return new AimaasError('USAGE', message, { hint });
}

/**
 * "0.7,0.15,0.15" or "70,15,15" as shares.
 * @throws AimaasError USAGE when it is not three shares that sum to 1 (or 100), the first above 0.
 */
export function parseFractions(text: string): Fractions {
  const parts = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const sum = parts.reduce((total, part) => total + part, 0);
  const scale = Math.abs(sum - 100) < 1e-6 ? 100 : 1;
  const [train, validation, test] = parts;
  if (
    parts.length !== 3 ||
    train === undefined ||
    validation === undefined ||
    test === undefined ||
    !parts.every((part) => part >= 0) ||
    Math.abs(sum / scale - 1) > 1e-6 ||
    train === 0
  ) {
    throw usage(
      `--split is "${text}"; expected the shares of train, validation and test, which sum to 1, such as 0.7,0.15,0.15.`,
      'A split that is not wanted has share 0: aimaas preprocess --split 0.8,0.2,0',
    );
  }
  return [train / sum, validation / sum, test / sum];
}

/** @throws AimaasError COLUMN_NOT_FOUND with the nearest name. */
export function requireColumn(schema: DataSchema, name: string, option: string): void {
  const names = schema.columns.map((column) => column.name);
  if (names.includes(name)) return;
  throw new AimaasError(
    'COLUMN_NOT_FOUND',
    `${option} names column "${name}", which the data set does not have. ${didYouMean(name, names)}`,
    { details: { column: name, columns: names } },
  );
}

/**
 * The plan that the options ask for.
 * @throws AimaasError USAGE for options that exclude each other, COLUMN_NOT_FOUND for an unknown column.
 */
export function planSplit(options: SplitOptions, schema: DataSchema): SplitPlan {
  const by = [
    ['--group', 'group', options.group],
    ['--time-column', 'time', options.timeColumn],
    ['--split-column', 'column', options.splitColumn],
  ] as const;
  const chosen = by.filter(([, , column]) => column !== undefined);
  const [first, second] = chosen;
  if (first !== undefined && second !== undefined) {
    throw usage(`${first[0]} and ${second[0]} exclude each other.`, `aimaas preprocess ${first[0]} COLUMN`);
  }
  for (const [option, , column] of chosen) requireColumn(schema, column as string, option);

  const given: ('validation' | 'test')[] = [];
  if (options.validationData !== undefined) given.push('validation');
  if (options.testData !== undefined) given.push('test');
  if (options.splitColumn !== undefined && (options.split !== undefined || given.length > 0)) {
    const other = options.split !== undefined ? '--split' : `--${given[0] as string}-data`;
    throw usage(
      `--split-column says of every row where it belongs; ${other} contradicts it.`,
      `aimaas preprocess --split-column ${options.splitColumn}`,
    );
  }
  const asked = options.split === undefined ? DEFAULT_FRACTIONS : parseFractions(options.split);
  const own = asked.map((fraction, i) => (given.some((name) => SPLITS[i] === name) ? 0 : fraction));
  const sum = own.reduce((total, fraction) => total + fraction, 0);
  return {
    method: first?.[1] ?? 'random',
    column: first?.[2] ?? null,
    fractions: [(own[0] as number) / sum, (own[1] as number) / sum, (own[2] as number) / sum],
    given,
  };
}

const SPLIT_NAMES: Readonly<Record<string, number>> = {
  train: 0,
  training: 0,
  validation: 1,
  valid: 1,
  val: 1,
  dev: 1,
  test: 2,
  testing: 2,
};

/**
 * The split that a cell of --split-column names, NO_SPLIT for none.
 * @throws AimaasError COLUMN_VALUE for any other text.
 */
export function namedSplit(text: string | undefined, column: string): number {
  if (text === undefined || text === '') return NO_SPLIT;
  const split = SPLIT_NAMES[text.trim().toLowerCase()];
  if (split !== undefined) return split;
  throw new AimaasError(
    'COLUMN_VALUE',
    `Column "${column}" holds "${text}"; a split column says train, validation or test.`,
    { hint: 'Leave a row out with an empty cell.', details: { column, value: text } },
  );
}
