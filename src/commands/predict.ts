import { defineCommand } from '../cli/command.js';
import { isTerminal } from '../cli/terminal.js';
import { AimaasError } from '../core/errors.js';
import type { PredictResult } from '../steps/predict/predict.js';
import { TRUST_OPTIONS, trustOf } from './trust-options.js';
import { DELIMITER, ENCODING } from './text-forms.js';

const DATA_NAME = /^https?:|\.(?:csv|tsv|tab|json|jsonl|ndjson|parquet)(?:\.gz)?$|[*?]/i;

/** Whether an argument means data (also a pipe, such as <(command)) rather than a model: a name, an id or a folder. */
async function isData(argument: string): Promise<boolean> {
  if (argument === '-' || DATA_NAME.test(argument)) return true;
  const { stat } = await import('node:fs/promises');
  return stat(argument).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

export default defineCommand({
  name: 'predict',
  summary: 'Predict the rows of a file or of stdin',
  description: [
    'Reads CSV, TSV, JSON Lines, a JSON array or Parquet (text also gzipped) and writes one prediction for every row, in order: a CSV with the header prediction,probability_<class>,… (for numbers: prediction alone), or JSON Lines {"prediction": …, "probabilities": {…}}. The target column may be there or not. Rows stream: the input may be larger than memory, and where a pipe pauses, the rows that have come are answered at once.',
    'A row that cannot be read (wrong number of cells, a word in a number column) stops the command with exit code 3, and nothing is written to --output. With --on-bad-row skip or null the rest is predicted and the exit code is 0; a warning counts the rows, and so does --json (skippedRows, emptyRows). With null the output has a row for every row of the input: empty fields in a CSV, {"prediction": null, "problem": …} in JSON.',
    'An argument that names a file, a URL or - is the input; the one before it, if any, is the model.',
  ].join('\n\n'),
  examples: [
    { command: 'aimaas predict new.csv', does: 'predict with the newest model' },
    {
      command: 'aimaas predict penguins@champion new.csv --keep id --output scored.csv',
      does: 'into a file, with the id of every row',
    },
    { command: 'cat rows.jsonl | aimaas predict penguins - | jq .prediction', does: 'in a pipe' },
    { command: 'tail -n +1 -f log.csv | aimaas predict penguins -', does: 'rows as they are written' },
  ],
  arguments: [
    {
      name: 'MODEL',
      description: 'Name, name@alias, name/version, run id or path of a bundle; default: the newest',
    },
    {
      name: 'FILE',
      description: 'Rows to predict: files, globs or URLs, or - for stdin (the default)',
      variadic: true,
    },
  ],
  options: {
    output: {
      type: 'string',
      placeholder: 'FILE',
      description: 'Write there, whole or not at all, instead of to stdout',
      commandLineOnly: true,
    },
    format: {
      type: 'string',
      choices: ['csv', 'jsonl'],
      description: 'Form of the output',
      defaultText: 'by the name of the output, else of the input',
    },
    keep: {
      type: 'string',
      repeatable: true,
      placeholder: 'COL',
      description: 'Copy a column of the input, as it is given, before the prediction',
    },
    onBadRow: {
      type: 'string',
      choices: ['error', 'skip', 'null'],
      description: 'A row that cannot be read: fail, leave it out, or an empty prediction in its place',
      defaultText: 'error',
    },
    delimiter: {
      type: 'string',
      form: DELIMITER,
      placeholder: 'CHAR',
      description: 'Delimiter of a CSV: a character, "tab" or "whitespace"',
      defaultText: 'recognised',
      group: 'Input',
    },
    encoding: {
      type: 'string',
      form: ENCODING,
      placeholder: 'NAME',
      description: 'Encoding of the text, such as latin1',
      defaultText: 'utf-8',
      group: 'Input',
    },
    threads: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      maximum: 256,
      description: 'Threads inside an operation of the network',
      defaultText: '1',
    },
    ...TRUST_OPTIONS,
  },
  async run(args, options, context): Promise<PredictResult | null> {
    const [first, ...others] = args;
    const hasModel = first !== undefined && !(await isData(first));
    const sources = hasModel ? others : args;
    const fromStdin = sources.length === 0 || sources.includes('-');
    if (sources.length === 0 && isTerminal(context.stdin)) {
      throw new AimaasError(
        'USAGE',
        'There are no rows to predict: no file was named and nothing is piped in.',
        {
          hint: 'aimaas predict new.csv   or   aimaas predict < new.csv   (or, to type them: aimaas predict -)',
        },
      );
    }
    const { predict } = await import('../steps/predict/predict.js');
    const toStdout = options.output === undefined;
    const result = await predict(
      {
        ...options,
        trust: trustOf(options, context),
        model: hasModel ? first : undefined,
        sources,
        stdin: fromStdin ? context.stdin : undefined,
        stdout: context.stdout,
        format: context.json && toStdout ? 'json' : options.format,
      },
      context,
    );
    return toStdout ? null : result;
  },
  render(result, style) {
    const { name, version, run } = result.model;
    const model = version === null ? `run ${run ?? name}` : `${name}/${version}`;
    const predictions = result.rows - result.emptyRows;
    const rows = predictions === 1 ? 'One prediction' : `${predictions} predictions`;
    return `${style.green('✔')} ${rows} by ${model} in ${result.output ?? 'stdout'} (${result.columns.join(', ')})`;
  },
  quiet: (result) => result.output ?? '',
});
