import { defineCommand } from '../cli/command.js';
import type { TextForm } from '../cli/text-form.js';
import {
  ENCODINGS,
  IMPUTATIONS,
  INDICATORS,
  MOST_TEXT_WORDS,
  OUTLIERS,
  SCALES,
} from '../core/feature-names.js';
import type { PreprocessResult } from '../steps/preprocess/preprocess.js';
import { columnForm } from './text-forms.js';

const IMPUTE: TextForm = {
  ...columnForm(IMPUTATIONS.filter((name) => name !== 'constant')),
  pattern: 'constant:.+',
  expected: 'auto, most_frequent, constant:VALUE, drop, and for numbers and dates median or mean',
};

const LEFT_OUT: Readonly<Record<string, string>> = {
  withoutTarget: 'without target',
  withMissing: 'with a missing cell (--impute drop)',
  duplicates: 'that repeat another',
  withoutTime: 'without time',
  withoutSplit: 'without split',
  unknownClass: 'of a class that training does not have',
};

/** Columns named in the summary before it says "and so many more". */
const MOST_NAMED = 12;

function targetLine({ target, task }: PreprocessResult): string {
  if (target.task === 'regression') {
    const { mean, standardDeviation, minimum, maximum } = target;
    const round = (value: number): string => String(Number(value.toPrecision(4)));
    return `${task} of "${target.column}": ${round(minimum)} to ${round(maximum)}, mean ${round(mean)} ± ${round(standardDeviation)}`;
  }
  const shown = target.classes.slice(0, 8).map((name, i) => `${name} ${target.counts[i] ?? 0}`);
  const more = target.classes.length > shown.length ? `, … (${target.classes.length} classes)` : '';
  const positive = target.task === 'binary' ? `; positive: ${target.classes[1] ?? ''}` : '';
  return `${task} of "${target.column}": ${shown.join(', ')}${more}${positive}`;
}

function featuresLine({ features, roles, columns }: PreprocessResult): string {
  const parts = [
    [roles.numeric, 'numeric'],
    [roles.indicator, 'indicator'],
    [roles.code, 'embedded'],
  ] as const;
  const of = parts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return `${features} from ${columns.length} column${columns.length === 1 ? '' : 's'}: ${of.join(', ')}`;
}

export default defineCommand({
  name: 'preprocess',
  summary: 'Split the rows, clean them and turn columns into features',
  description:
    'Rows are split first; everything else is learned from the training rows only. Without options: 70 % training, 15 % ' +
    'validation, 15 % test, classes in proportion; numbers imputed by their median and standardised with outliers drawn ' +
    'in; categories one-hot or, with more than 9 levels, as codes for an embedding; dates as their parts; free text as ' +
    'weighted words; ids and constant columns left out.\n\n' +
    'Settings such as --scale are for all columns that they suit (--scale robust), for a kind (--impute ' +
    'category=most_frequent) or for a column (--scale age=quantile); the narrowest wins.',
  examples: [
    { command: 'aimaas preprocess', does: 'split and prepare with defaults' },
    {
      command: 'aimaas preprocess --split 0.8,0.1,0.1 --seed 7',
      does: 'other shares, other rows',
    },
    { command: 'aimaas preprocess --group patient', does: 'keep the rows of a patient together' },
    {
      command: 'aimaas preprocess --time-column date',
      does: 'train on the earliest rows, test on the latest',
    },
    {
      command: 'aimaas preprocess --scale robust --scale age=quantile --impute income=mean',
      does: 'choose how columns are prepared',
    },
    { command: 'aimaas preprocess --write-csv splits', does: 'also write x_train.csv, y_train.csv …' },
  ],
  arguments: [],
  options: {
    data: {
      type: 'string',
      placeholder: 'ID',
      description: 'Data set to prepare',
      defaultText: 'the current one',
      commandLineOnly: true,
    },
    target: {
      type: 'string',
      placeholder: 'COL',
      description: 'Column to predict',
      defaultText: 'the one given to collect',
      group: 'Target',
    },
    task: {
      type: 'string',
      choices: ['auto', 'binary', 'multiclass', 'regression'],
      placeholder: 'TASK',
      description: 'What is predicted: one of two classes, one of several, or a number',
      defaultText: 'auto, by the target',
      group: 'Target',
    },
    positive: {
      type: 'string',
      placeholder: 'CLASS',
      description: 'The positive one of two classes',
      defaultText: 'the last in sorted order',
      group: 'Target',
    },
    weightColumn: {
      type: 'string',
      placeholder: 'COL',
      description: 'Column of sample weights, at least 0',
      group: 'Target',
    },
    split: {
      type: 'string',
      form: { commas: 3, number: { minimum: 0 }, expected: 'three shares, such as 0.7,0.15,0.15' },
      placeholder: 'T,V,T',
      description: 'Shares of train, validation and test; 0 for none',
      defaultText: '0.7,0.15,0.15',
      group: 'Splitting',
    },
    seed: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      maximum: 4294967295,
      description: 'Seed of the random split',
      defaultText: '0',
      group: 'Splitting',
    },
    group: {
      type: 'string',
      placeholder: 'COL',
      description: 'Keep rows with the same value of this column in one split',
      group: 'Splitting',
    },
    timeColumn: {
      type: 'string',
      placeholder: 'COL',
      description: 'Split by the order of this date or number: the latest rows are for testing',
      group: 'Splitting',
    },
    splitColumn: {
      type: 'string',
      placeholder: 'COL',
      description: 'Column that says train, validation or test',
      group: 'Splitting',
    },
    validationData: {
      type: 'string',
      placeholder: 'FILE|ID',
      description: 'Validation rows from another file or data set',
      group: 'Splitting',
    },
    testData: {
      type: 'string',
      placeholder: 'FILE|ID',
      description: 'Test rows from another file or data set',
      group: 'Splitting',
    },
    drop: {
      type: 'string',
      placeholder: 'COL',
      repeatable: true,
      description: 'Do not use this column',
      group: 'Columns',
    },
    feature: {
      type: 'string',
      placeholder: 'COL',
      repeatable: true,
      description: 'Learn from this column although it is used for splitting or as weights',
      group: 'Columns',
    },
    duplicates: {
      type: 'string',
      choices: ['keep', 'drop'],
      placeholder: 'WHAT',
      description: 'What happens to rows that repeat another in every column',
      defaultText: 'keep',
      group: 'Cleaning',
    },
    impute: {
      type: 'string',
      form: IMPUTE,
      placeholder: '[COL=]HOW',
      repeatable: true,
      description:
        'What stands in for missing cells: median, mean, most_frequent, constant:VALUE, auto; drop leaves the row out',
      defaultText: 'auto: median; a level of its own for categories',
      group: 'Cleaning',
    },
    missingIndicator: {
      type: 'string',
      form: columnForm(INDICATORS),
      placeholder: '[COL=]auto|off',
      repeatable: true,
      description: 'A 0/1 feature beside columns with missing cells',
      defaultText: 'auto: where training rows miss some',
      group: 'Cleaning',
    },
    outliers: {
      type: 'string',
      form: columnForm(OUTLIERS),
      placeholder: '[COL=]HOW',
      repeatable: true,
      description: 'clip draws outliers in smoothly to at most 5 deviations; none, auto',
      defaultText: 'auto: clip for standard and robust',
      group: 'Numbers, categories and text',
    },
    scale: {
      type: 'string',
      form: columnForm(SCALES),
      placeholder: '[COL=]HOW',
      repeatable: true,
      description: 'Scale of numbers: standard, min_max, robust, quantile, l2 (every row to length 1), none',
      defaultText: 'standard',
      group: 'Numbers, categories and text',
    },
    encode: {
      type: 'string',
      form: columnForm(ENCODINGS),
      placeholder: '[COL=]HOW',
      repeatable: true,
      description: 'Categories as onehot, embedding or auto',
      defaultText: 'auto: one-hot up to 9 levels',
      group: 'Numbers, categories and text',
    },
    minFrequency: {
      type: 'string',
      form: {
        name: { optional: true },
        number: { minimum: 0 },
        expected: 'a number of rows, or a fraction of them below 1',
      },
      placeholder: '[COL=]N',
      repeatable: true,
      description: 'Levels of a category with fewer training rows (below 1: a smaller share) become "other"',
      defaultText: '1',
      group: 'Numbers, categories and text',
    },
    textWords: {
      type: 'string',
      form: {
        name: { optional: true },
        number: { integer: true, minimum: 1, maximum: MOST_TEXT_WORDS },
        expected: `a whole number from 1 to ${MOST_TEXT_WORDS}`,
      },
      placeholder: '[COL=]N',
      repeatable: true,
      description: 'Most common words that a text column is described by',
      defaultText: '500',
      group: 'Numbers, categories and text',
    },
    writeCsv: {
      type: 'string',
      placeholder: 'DIR',
      description: 'Also write x_train.csv, y_train.csv, x_validation.csv … there',
    },
    force: {
      type: 'boolean',
      description: 'Make the features again even if they are up to date',
      commandLineOnly: true,
    },
  },
  run: async (_args, options, context): Promise<PreprocessResult> => {
    const { preprocess } = await import('../steps/preprocess/preprocess.js');
    return preprocess(options, context);
  },
  render: (result, style) => {
    const { rows, cleaning, leftOut, splitting } = result;
    const state = result.upToDate ? ' (up to date)' : '';
    const by = splitting.column === null ? '' : ` by ${splitting.method} "${splitting.column}"`;
    const cleaned = Object.entries(LEFT_OUT)
      .filter(([reason]) => (cleaning[reason] ?? 0) > 0)
      .map(([reason, words]) => `${cleaning[reason] ?? 0} ${words}`);
    const dropped = leftOut
      .slice(0, MOST_NAMED)
      .map(({ column, reason }) => `${column} (${reason})`)
      .concat(leftOut.length > MOST_NAMED ? [`and ${leftOut.length - MOST_NAMED} more`] : []);
    return [
      `${style.green('✔')} Features ${style.bold(result.id)}${state} of ${result.dataName}`,
      `  target      ${targetLine(result)}`,
      `  rows        ${rows.train} train, ${rows.validation} validation, ${rows.test} test${by}`,
      ...(cleaned.length > 0 ? [`  left out    rows ${cleaned.join(', ')}`] : []),
      `  features    ${featuresLine(result)}`,
      ...(dropped.length > 0 ? [`  not used    ${dropped.join(', ')}`] : []),
      ...(result.csv.length > 0 ? [`  written     ${result.csv.join(', ')}`] : []),
      '',
      style.dim('Next: aimaas train'),
    ].join('\n');
  },
  quiet: (result) => result.id,
});
