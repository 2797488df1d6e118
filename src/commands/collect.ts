import { defineCommand, type Style } from '../cli/command.js';
import { visible } from '../cli/visible.js';
import type { CollectResult } from '../steps/collect/collect.js';
import { DELIMITER, ENCODING, KIND_OF_COLUMN } from './text-forms.js';

/** Columns and warnings shown before "and so many more". */
const MOST_COLUMNS = 30;
const MOST_WARNINGS = 12;
const MOST_CLASSES = 8;

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

function targetLine({ target, task, classes, columns }: CollectResult): string {
  if (target === null) return 'none yet (aimaas preprocess --target COLUMN)';
  if (classes === null) {
    const column = columns.find(({ name }) => name === target);
    return `${visible(target)}: ${task} (${column?.reason ?? ''})`;
  }
  const shown = classes.slice(0, MOST_CLASSES).map(({ value, rows }) => `${visible(value)} ${count(rows)}`);
  const more = classes.length > shown.length ? `, … (${classes.length} classes)` : '';
  return `${visible(target)}: ${task} (${shown.join(', ')}${more})`;
}

function columnTable({ columns, rows }: CollectResult, style: Style): string {
  const lines = columns.slice(0, MOST_COLUMNS).map(({ name, kind, missing, distinct, reason }) => {
    const share = missing === 0 ? '' : `${((100 * missing) / rows).toFixed(missing / rows < 0.1 ? 1 : 0)} %`;
    return [name, kind, share, distinct, reason];
  });
  const table = style.table(['column', 'kind', 'missing', 'distinct', 'why'], lines);
  const more = columns.length - lines.length;
  return more > 0 ? `${table}\n${style.dim(`… and ${more} more columns (--json shows all)`)}` : table;
}

function warningLines({ warnings }: CollectResult, style: Style): string[] {
  const lines = warnings
    .slice(0, MOST_WARNINGS)
    .map(({ column, message }) =>
      visible(`${style.yellow('!')} ${column === null ? '' : `${style.bold(column)} `}${message}`),
    );
  const more = warnings.length - lines.length;
  return more > 0 ? [...lines, style.dim(`… and ${more} more warnings (--json shows all)`)] : lines;
}

export default defineCommand({
  name: 'collect',
  summary: 'Read tables into a typed, profiled data set',
  description:
    'Reads CSV (delimiter found out by itself), TSV, JSON Lines, JSON arrays and Parquet, the text ones also gzipped, from ' +
    'files, globs, http(s) URLs and stdin. Several files become one data set and must have the same columns. What a column ' +
    'is (number, category, boolean, date, text or id) is inferred from its cells and shown with the reason; --type ' +
    'overrules it.\n\n' +
    'Missing are empty cells, NA, N/A, NaN and null (also na, n/a, nan, NAN, NULL; but None, Na and - are values); ' +
    '--missing adds others. A target with two values, or with few whole numbers written without a decimal point, is ' +
    'taken for classes, other numeric targets for a quantity; --type TARGET=number or TARGET=category says otherwise.',
  examples: [
    { command: 'aimaas collect penguins.csv --target species', does: 'a file with the column to predict' },
    { command: "aimaas collect 'sales-*.csv.gz' --target revenue", does: 'several files of one kind' },
    { command: 'aimaas collect https://example.com/data.parquet --target y', does: 'a URL, fetched once' },
    { command: 'cat data.jsonl | aimaas collect - --name clicks', does: 'from another command' },
    { command: 'aimaas collect preise.csv --decimal ,', does: 'numbers such as 1.234,5' },
    { command: 'aimaas collect homes.csv --type zip=category --missing ?', does: 'say what cells mean' },
  ],
  arguments: [
    {
      name: 'SOURCE',
      description: 'File, glob, http(s) URL, or - for stdin',
      required: true,
      variadic: true,
    },
  ],
  options: {
    target: { type: 'string', placeholder: 'COL', description: 'Column to predict' },
    type: {
      type: 'string',
      form: KIND_OF_COLUMN,
      placeholder: 'COL=KIND',
      repeatable: true,
      description: 'What a column is: number, category, boolean, date, text or id',
      defaultText: 'inferred',
      group: 'Columns',
    },
    drop: {
      type: 'string',
      placeholder: 'COL',
      repeatable: true,
      description: 'Leave this column out',
      group: 'Columns',
    },
    only: {
      type: 'string',
      placeholder: 'COL',
      repeatable: true,
      description: 'Keep only these columns, and the target',
      group: 'Columns',
    },
    sample: {
      type: 'number',
      minimum: 0,
      placeholder: 'N',
      description: 'Keep this many rows (below 1: this share of them), drawn at random',
      group: 'Rows',
    },
    seed: {
      type: 'integer',
      minimum: 0,
      maximum: 4294967295,
      placeholder: 'N',
      description: 'Seed of --sample',
      defaultText: '0',
      group: 'Rows',
    },
    onBadRow: {
      type: 'string',
      choices: ['error', 'skip'],
      placeholder: 'WHAT',
      description:
        'What to do with a row that cannot be read: stop, or leave it out and keep it in rejects.csv',
      defaultText: 'error',
      group: 'Rows',
    },
    missing: {
      type: 'string',
      placeholder: 'TEXT',
      repeatable: true,
      description: 'Another cell text that means "missing"',
      group: 'Format',
    },
    decimal: {
      type: 'string',
      choices: ['.', ','],
      placeholder: 'SIGN',
      description: 'Decimal sign of numbers in CSV (. or ,); the other one may then stand between thousands',
      defaultText: '., and nothing between thousands',
      group: 'Format',
    },
    delimiter: {
      type: 'string',
      form: DELIMITER,
      placeholder: 'CHAR',
      description:
        'What separates the cells of a CSV: a character, "tab" or "whitespace" (any number of blanks)',
      defaultText: 'found out: , ; tab |',
      group: 'Format',
    },
    encoding: {
      type: 'string',
      form: ENCODING,
      placeholder: 'NAME',
      description: 'Encoding of text files: utf-8, latin1, utf-16le, gbk …',
      defaultText: 'utf-8',
      group: 'Format',
    },
    name: {
      type: 'string',
      placeholder: 'NAME',
      description: 'Name of the data set',
      defaultText: 'from the file',
    },
    force: {
      type: 'boolean',
      description: 'Read the data again even if it is up to date',
      commandLineOnly: true,
    },
  },
  run: async (sources, options, context): Promise<CollectResult> => {
    const { collect } = await import('../steps/collect/collect.js');
    return collect({ ...options, sources, stdin: context.stdin }, context);
  },
  render: (result, style) => {
    const { id, name, upToDate, rows, columns, rejectedRows, rejects } = result;
    const state = upToDate ? ' (up to date)' : '';
    const warnings = warningLines(result, style);
    return [
      `${style.green('✔')} Data ${style.bold(id)}${state} ${visible(name)}: ${counted(rows, 'row')}, ${counted(columns.length, 'column')}`,
      `  target      ${targetLine(result)}`,
      ...(rejects === null ? [] : [`  left out    ${counted(rejectedRows, 'bad row')}, kept in ${rejects}`]),
      '',
      columnTable(result, style),
      ...(warnings.length > 0 ? ['', ...warnings] : []),
      '',
      style.dim(`Next: aimaas preprocess${result.target === null ? ' --target COLUMN' : ''}`),
    ].join('\n');
  },
  quiet: ({ id }) => id,
});
