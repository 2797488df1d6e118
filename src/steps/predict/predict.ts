import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { type Table, takeRows } from '../../core/table.js';
import { isUrl } from '../../sources/locations/download.js';
import { expandLocations } from '../../sources/locations/locations.js';
import { openRows } from '../../sources/open.js';
import type { OpenedTable } from '../../sources/source.js';
import {
  outputColumns,
  type PredictionFormat,
  predictionFormatter,
  type PredictionFormatter,
} from '../../core/prediction-format.js';
import type { TrustOptions } from '../model-trust.js';
import { BadRows, type OnBadRow } from './bad-rows.js';
import { defaultFormat } from './format.js';
import { type OpenedPredictor, openPredictor } from '../predictor.js';
import { type ResolvedModel, resolveModel } from '../resolve-model.js';
import { fileOutput, streamOutput, type TextOutput } from '../text-output.js';

export interface PredictOptions {
  /** MODEL argument; default: the newest model. */
  readonly model?: string | undefined;
  /** Files, globs, URLs, or "-" for stdin; their rows follow one another. Default: stdin. */
  readonly sources?: readonly string[] | undefined;
  /** What "-" reads. */
  readonly stdin?: Readable | undefined;
  /** File to write, whole or not at all; without it the predictions go to `stdout`. */
  readonly output?: string | undefined;
  readonly stdout?: Writable | undefined;
  /** Default: by the name of the output, else by that of the input. */
  readonly format?: PredictionFormat | undefined;
  /** Columns of the input to copy before the prediction. */
  readonly keep?: readonly string[] | undefined;
  /** What to do with a row that cannot be read: fail (the default), leave it out, or give it no prediction. */
  readonly onBadRow?: OnBadRow | undefined;
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
  readonly threads?: number | undefined;
  /** Who must have signed the model, and what opens it if it is encrypted. */
  readonly trust?: TrustOptions | undefined;
}

export type PredictResult = {
  readonly schemaVersion: 1;
  readonly model: { readonly name: string; readonly version: number | null; readonly run: string | null };
  /** Rows written. */
  readonly rows: number;
  /** Those of them without a prediction, because they could not be read (`onBadRow: 'null'`). */
  readonly emptyRows: number;
  /** Rows left out because they could not be read (`onBadRow: 'skip'`). */
  readonly skippedRows: number;
  readonly columns: readonly string[];
  /** null: stdout. */
  readonly output: string | null;
  readonly format: PredictionFormat;
};

/** Rows predicted at once: enough to keep the engine busy, few enough for any memory. */
const CHUNK_ROWS = 4096;

/** Where downloads of http(s) sources are kept, in the workspace. */
const DOWNLOADS = 'downloads';

/**
 * Predicts every row of the sources, in order, with memory for a few thousand rows: one line of output for each. The
 * target column may be there or not. Ends early and well when whoever reads the output goes away.
 * @throws AimaasError BAD_ROW naming file, line, column and value; COLUMN_NOT_FOUND for a column that the model needs or
 * `keep` names; errors of the sources, the model and the output as their modules say.
 */
export async function predict(options: PredictOptions, context: StepContext): Promise<PredictResult> {
  // A file that is not there is told of before a model that is not.
  const local = (options.sources ?? []).filter((source) => source !== '-' && !isUrl(source));
  await expandLocations(local, {});
  const model = await resolveModel(context, options.model);
  const predictor = await openPredictor(model.folder, options);
  try {
    return await predictWith(predictor, model, options, context);
  } finally {
    await predictor.dispose();
  }
}

async function predictWith(
  predictor: OpenedPredictor,
  model: ResolvedModel,
  options: PredictOptions,
  context: StepContext,
): Promise<PredictResult> {
  const sources = options.sources === undefined || options.sources.length === 0 ? ['-'] : options.sources;
  await requireOtherFile(sources, options.output);
  const { keep = [] } = options;
  const { classes } = predictor;
  requireDistinct(outputColumns({ keep, classes }));
  const format = options.format ?? (await defaultFormat(sources, options, context.signal));
  const named = { name: model.name, version: model.version, run: model.run };
  const formatter = predictionFormatter(format, {
    keep,
    classes,
    preamble: { schemaVersion: 1, model: named },
  });
  const bad = new BadRows(options.onBadRow ?? 'error');
  const tables = openRows(sources, {
    schema: { columns: predictor.schema.columns, target: null },
    given: keep,
    stdin: options.stdin,
    chunkRows: CHUNK_ROWS,
    onProblem: bad.onProblem,
    keepBadRows: options.onBadRow === 'null',
    signal: context.signal,
    cache: `${context.workspace}/${DOWNLOADS}`,
    delimiter: options.delimiter,
    encoding: options.encoding,
  });
  const output = await openOutput(options);
  const report =
    options.output === undefined
      ? undefined
      : context.reporter.progress({ title: 'Predicting', unit: 'rows' });
  try {
    const rows = await write(
      tables,
      predictor,
      { formatter, keep, output, bad, signal: context.signal },
      (count) => report?.update(count),
    );
    await output.finish();
    report?.done();
    bad.report(context);
    return {
      schemaVersion: 1,
      model: named,
      rows,
      ...bad.counts,
      columns: outputColumns({ keep, classes }),
      output: options.output === undefined ? null : resolve(options.output),
      format,
    };
  } catch (error) {
    report?.fail();
    await output.abandon();
    throw error;
  }
}

interface Writing {
  readonly formatter: PredictionFormatter;
  readonly keep: readonly string[];
  readonly output: TextOutput;
  readonly bad: BadRows;
  readonly signal: AbortSignal;
}

/** Predicts and writes table by table; gives the number of rows written. */
async function write(
  tables: AsyncIterable<OpenedTable>,
  predictor: OpenedPredictor,
  { formatter, keep, output, bad, signal }: Writing,
  progress: (rows: number) => void,
): Promise<number> {
  let rows = 0;
  // The head waits for the first rows, so that an input which cannot be read at all gives no output at all.
  let text = formatter.head;
  for await (const table of tables) {
    throwIfAborted(signal);
    const kept = keep.map((name) => table.given.get(name) ?? []);
    const predictions = await predictor.predict(table.rows === 1 ? twice(table) : table);
    for (const [row, prediction] of predictions.slice(0, table.rows).entries()) {
      const problem = table.problems.get(row);
      const cells = kept.map((column) => column[row] ?? null);
      if (problem === undefined) text += formatter.row(prediction, cells);
      else text += formatter.emptyRow(bad.note(problem), cells);
    }
    if (!(await output.write(text))) return rows;
    text = '';
    rows += table.rows;
    progress(rows);
  }
  await output.write(text + formatter.tail(bad.counts));
  return rows;
}

/**
 * A row in the company of itself. The sums of a row alone are added up in another order, which shows in the last digit; but
 * its answer must not depend on how fast it came.
 */
function twice(table: Table): Table {
  const columns = [...table.columns].map(
    ([name, column]) => [name, takeRows(column, Int32Array.of(0, 0))] as const,
  );
  return { rows: 2, columns: new Map(columns) };
}

function requireDistinct(columns: readonly string[]): void {
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new AimaasError('USAGE', `The output would have two columns called "${twice}".`, {
    hint: `Leave out --keep ${twice}, or rename the column in the input.`,
  });
}

/** Reading a file while it is replaced would lose it if the command failed half-way. */
async function requireOtherFile(sources: readonly string[], output: string | undefined): Promise<void> {
  if (output === undefined) return;
  const identity = async (path: string): Promise<string | undefined> =>
    stat(path).then(
      ({ dev, ino }) => `${dev}:${ino}`,
      () => undefined,
    );
  const target = await identity(output);
  for (const source of sources) {
    if (target === undefined || target !== (await identity(source))) continue;
    throw new AimaasError('USAGE', `--output ${output} is the file that the rows are read from.`, {
      hint: 'Choose another name; --keep COLUMN copies columns into the output.',
    });
  }
}

async function openOutput({ output, stdout }: PredictOptions): Promise<TextOutput> {
  return output === undefined ? streamOutput(stdout ?? process.stdout) : fileOutput(resolve(output));
}
