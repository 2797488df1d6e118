import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../core/errors.js';
import { shortestFloat32 } from '../../core/float32.js';
import { classesOf, decode, outputsOf } from '../../tasks/index.js';
import type { JudgedRows } from './rows.js';
import { outputColumns, predictionFormatter } from '../../core/prediction-format.js';
import { fileOutput } from '../text-output.js';

export const PREDICTION_FILES = ['csv', 'parquet'] as const;
export type PredictionFile = (typeof PREDICTION_FILES)[number];

const CHUNK_ROWS = 10_000;

/**
 * Writes predictions.csv or predictions.parquet: row (number in the data, from 1), truth, the row's weight and its fold
 * where there are any, prediction, probability_<class>….
 */
export async function writePredictions(
  judged: JudgedRows,
  folder: string,
  format: PredictionFile,
  signal: AbortSignal,
): Promise<string> {
  const csv = join(folder, 'predictions.csv');
  await writeCsv(judged, csv, signal);
  if (format === 'csv') return 'predictions.csv';
  await toParquet(judged, csv, join(folder, 'predictions.parquet'), signal);
  await rm(csv);
  return 'predictions.parquet';
}

/** The columns before the answer, and their types in Parquet. */
function givenColumns({ weights, fold, target }: JudgedRows): [string, string][] {
  const columns: [string, string][] = [
    ['row', 'BIGINT'],
    ['truth', target.task === 'regression' ? 'DOUBLE' : 'VARCHAR'],
  ];
  if (weights !== undefined) columns.push(['weight', 'DOUBLE']);
  if (fold !== undefined) columns.push(['fold', 'BIGINT']);
  return columns;
}

async function writeCsv(judged: JudgedRows, path: string, signal: AbortSignal): Promise<void> {
  const { target, truth, scores, row, weights, fold } = judged;
  const width = outputsOf(target);
  const formatter = predictionFormatter('csv', {
    keep: givenColumns(judged).map(([name]) => name),
    classes: classesOf(target),
    preamble: {},
  });
  const output = await fileOutput(path);
  try {
    await output.write(formatter.head);
    for (let from = 0; from < row.length; from += CHUNK_ROWS) {
      throwIfAborted(signal);
      const to = Math.min(row.length, from + CHUNK_ROWS);
      const answers = decode(
        target,
        Float64Array.from(scores.subarray(from * width, to * width), shortestFloat32),
      );
      let text = '';
      answers.forEach((answer, i) => {
        const label = truth[from + i] as number;
        const truly = target.task === 'regression' ? label : (target.classes[label] ?? null);
        const at = from + i;
        text += formatter.row(answer, [
          (row[at] as number) + 1,
          truly,
          ...(weights === undefined ? [] : [shortestFloat32(weights[at] as number)]),
          ...(fold === undefined ? [] : [fold[at] as number]),
        ]);
      });
      await output.write(text);
    }
    await output.write(formatter.tail({ emptyRows: 0, skippedRows: 0 }));
    await output.finish();
  } catch (error) {
    await output.abandon();
    throw error;
  }
}

/** The same table as Parquet, through DuckDB, with whole numbers, numbers and texts typed as such. */
async function toParquet(judged: JudgedRows, csv: string, path: string, signal: AbortSignal): Promise<void> {
  const { withDatabase } = await import('../../sources/duckdb.js');
  const { sqlText } = await import('../../sources/cell.js');
  const { target } = judged;
  const given = givenColumns(judged);
  const names = outputColumns({ keep: given.map(([name]) => name), classes: classesOf(target) });
  const answer = target.task === 'regression' ? 'DOUBLE' : 'VARCHAR';
  const typeOf = (i: number): string => given[i]?.[1] ?? (i === given.length ? answer : 'DOUBLE');
  const columns = names.map((name, i) => `${sqlText(name)}: ${sqlText(typeOf(i))}`).join(', ');
  // Strings are quoted or plain; only an empty field is null, and no class is named so.
  const read = `read_csv(${sqlText(csv)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', columns = {${columns}})`;
  await withDatabase(undefined, signal, (database) =>
    database.run(`COPY (SELECT * FROM ${read}) TO ${sqlText(path)} (FORMAT parquet)`),
  );
}
