import type { Prediction } from './predictor.js';
import { cellJson, type GivenCell } from './raw-json.js';

/** How predictions are written: CSV with a header, an object a line, or one JSON document. */
export const PREDICTION_FORMATS = ['csv', 'jsonl', 'json'] as const;
export type PredictionFormat = (typeof PREDICTION_FORMATS)[number];

/** How many rows have no prediction, or were left out. */
export type RowCounts = { readonly emptyRows: number; readonly skippedRows: number };

/** Text for some rows. */
export interface PredictionFormatter {
  readonly head: string;
  /** @param kept copied cells of the input, as they are given; null where there is nothing. */
  row(prediction: Prediction, kept: readonly GivenCell[]): string;
  /** A row that has no prediction, for the reason given: empty fields in a CSV, null and the reason in JSON. */
  emptyRow(reason: string, kept: readonly GivenCell[]): string;
  tail(counts: RowCounts): string;
}

export interface FormatOptions {
  /** Names of the copied columns, which come first. */
  readonly keep: readonly string[];
  /** Class names in order; empty for regression. */
  readonly classes: readonly string[];
  /** Members of the document that precede `predictions`; json only. */
  readonly preamble: Readonly<Record<string, unknown>>;
}

/** The columns of the CSV: kept ones, prediction, and a probability for every class. */
export function outputColumns({ keep, classes }: Pick<FormatOptions, 'keep' | 'classes'>): string[] {
  return [...keep, 'prediction', ...classes.map((name) => `probability_${name}`)];
}

export function predictionFormatter(format: PredictionFormat, options: FormatOptions): PredictionFormatter {
  return { csv: csvFormatter, jsonl: jsonLinesFormatter, json: jsonFormatter }[format](options);
}

/** A field as RFC 4180 has it: quoted where it holds a comma, a quote or a line end, or blanks that would be trimmed. */
export function csvField(cell: GivenCell): string {
  if (cell === null) return '';
  const value = typeof cell === 'string' ? cell : cellJson(cell);
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A number that JSON and every CSV reader know, or nothing. */
function csvNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : '';
}

function csvFormatter(options: FormatOptions): PredictionFormatter {
  const { classes } = options;
  const fields = new Map(classes.map((name) => [name, csvField(name)]));
  return {
    head: `${outputColumns(options).map(csvField).join(',')}\n`,
    tail: () => '',
    row(prediction, kept) {
      let line = '';
      for (const cell of kept) line += `${csvField(cell)},`;
      const { prediction: answer, probabilities } = prediction;
      line += typeof answer === 'number' ? csvNumber(answer) : (fields.get(answer) ?? csvField(answer));
      for (const name of classes) line += `,${csvNumber(probabilities?.[name] ?? NaN)}`;
      return `${line}\n`;
    },
    emptyRow(_, kept) {
      return `${kept.map((cell) => `${csvField(cell)},`).join('')}${','.repeat(classes.length)}\n`;
    },
  };
}

/** The object of a row: kept cells first, then what POST /predict answers with. */
function jsonRow(
  { keep }: FormatOptions,
  answer: Prediction | NoPrediction,
  kept: readonly GivenCell[],
): string {
  if (keep.length === 0) return JSON.stringify(answer);
  const cells = keep.map((name, i) => `${JSON.stringify(name)}:${cellJson(kept[i] ?? null)}`);
  return `{${cells.join(',')},${JSON.stringify(answer).slice(1)}`;
}

type NoPrediction = { readonly prediction: null; readonly problem: string };

function jsonLinesFormatter(options: FormatOptions): PredictionFormatter {
  return {
    head: '',
    tail: () => '',
    row: (prediction, kept) => `${jsonRow(options, prediction, kept)}\n`,
    emptyRow: (problem, kept) => `${jsonRow(options, { prediction: null, problem }, kept)}\n`,
  };
}

function jsonFormatter(options: FormatOptions): PredictionFormatter {
  const preamble = JSON.stringify(options.preamble).slice(0, -1);
  let separator = '\n';
  const separated = (row: string): string => {
    const text = `${separator}${row}`;
    separator = ',\n';
    return text;
  };
  return {
    head: `${preamble}${preamble === '{' ? '' : ','}"predictions":[`,
    tail: (counts) => `\n],${JSON.stringify(counts).slice(1)}\n`,
    row: (prediction, kept) => separated(jsonRow(options, prediction, kept)),
    emptyRow: (problem, kept) => separated(jsonRow(options, { prediction: null, problem }, kept)),
  };
}
