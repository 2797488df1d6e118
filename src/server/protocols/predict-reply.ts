import { predictionFormatter } from '../../core/prediction-format.js';
import { quote } from '../json-body.js';
import { RequestError } from '../request-error.js';
import type { Reply } from '../route.js';
import type { Scores } from '../scores.js';
import type { ServedModel } from '../served-model.js';
import { FIELDS, type PredictOptions } from './predict-options.js';

export type ReplyFormat = 'json' | 'jsonl' | 'csv';

const FORMATS: Readonly<Record<string, ReplyFormat>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
  'text/*': 'csv',
};

/** The format that a client wants most (RFC 9110, 12.5.1). @throws RequestError 406 when it wants none there is. */
export function replyFormat(accept: string | undefined): ReplyFormat {
  if (accept === undefined || accept.trim() === '') return 'json';
  const wanted = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return { format: FORMATS[type], quality: quality === undefined ? 1 : Number(quality.slice(2)) };
  });
  const best = wanted
    .filter(({ format, quality }) => format !== undefined && quality > 0)
    .sort((a, b) => b.quality - a.quality)[0]?.format;
  if (best !== undefined) return best;
  throw new RequestError(406, 'UNSUPPORTED_MEDIA_TYPE', `None of ${quote(accept)} can be answered.`, {
    hint: 'Accept application/json, application/x-ndjson or text/csv.',
  });
}

/** The part of a JSON answer behind the predictions, and what is said of the model elsewhere. */
function modelJson({ name, version }: ServedModel): string {
  return JSON.stringify({ name, version });
}

/** Answers as the client wants them. */
export function predictReply(
  model: ServedModel,
  scores: Scores,
  options: PredictOptions,
  format: ReplyFormat,
): Reply {
  const write = rowWriter(scores, options);
  switch (format) {
    case 'json': {
      let text = '{"predictions":[';
      for (let row = 0; row < scores.rows; row++) text += row === 0 ? write(row) : `,${write(row)}`;
      return { status: 200, body: `${text}],"model":${modelJson(model)}}` };
    }
    case 'jsonl': {
      let text = '';
      for (let row = 0; row < scores.rows; row++) text += `${write(row)}\n`;
      return { status: 200, type: 'application/x-ndjson', body: text, headers: modelHeaders(model) };
    }
    case 'csv':
      return { status: 200, type: 'text/csv', body: csvText(scores, options), headers: modelHeaders(model) };
  }
}

/** What says which version answered where the answer has no place for it. */
export function modelHeaders({ name, version }: ServedModel): Record<string, string> {
  const value = version === null ? name : `${name}/${version}`;
  return { 'X-Model': encodeURIComponent(value).replaceAll('%2F', '/') };
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

/** The answer of a row: the most probable class, or with a threshold what is said of it in PredictOptions. */
function decide(scores: Scores, row: number, threshold: number | undefined): string | null {
  const best = scores.label(row);
  if (threshold === undefined) return best;
  const { classes } = scores;
  if (classes.length === 2) return classes[scores.at(row, 1) >= threshold ? 1 : 0] ?? null;
  return scores.at(row, classes.indexOf(best)) >= threshold ? best : null;
}

/** Indices of the classes whose probabilities are told, in the order of the classes. */
function told(scores: Scores, row: number, top: number | undefined): readonly number[] {
  const all = scores.classes.map((_, index) => index);
  if (top === undefined || top >= all.length) return all;
  const ranked = all.toSorted((a, b) => compare(scores.at(row, b), scores.at(row, a)) || a - b);
  return ranked.slice(0, top);
}

function compare(a: number, b: number): number {
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b;
}

/** Writes the answer of a row as JSON; the names of classes are quoted once for all rows. */
function rowWriter(
  scores: Scores,
  { top, threshold, fields = FIELDS }: PredictOptions,
): (row: number) => string {
  const { classes } = scores;
  if (classes.length === 0) {
    return fields.includes('prediction') ? (row) => `{"prediction":${number(scores.at(row))}}` : () => '{}';
  }
  const names = classes.map((name) => JSON.stringify(name));
  const hasPrediction = fields.includes('prediction');
  const hasProbabilities = fields.includes('probabilities');
  return (row) => {
    const parts: string[] = [];
    if (hasPrediction) parts.push(`"prediction":${JSON.stringify(decide(scores, row, threshold))}`);
    if (hasProbabilities) {
      const members = told(scores, row, top).map(
        (index) => `${names[index] ?? ''}:${number(scores.at(row, index))}`,
      );
      parts.push(`"probabilities":{${members.join(',')}}`);
    }
    return `{${parts.join(',')}}`;
  };
}

function csvText(scores: Scores, { top, threshold, fields = FIELDS }: PredictOptions): string {
  const { classes } = scores;
  const hasProbabilities = fields.includes('probabilities');
  const formatter = predictionFormatter('csv', {
    keep: [],
    classes: hasProbabilities ? classes : [],
    preamble: {},
  });
  const drop = (line: string): string =>
    fields.includes('prediction') ? line : line.slice(line.indexOf(',') + 1);
  let text = drop(formatter.head);
  for (let row = 0; row < scores.rows; row++) {
    const { probabilities = {}, prediction } = scores.prediction(row);
    const shown = told(scores, row, top).map((index) => classes[index] as string);
    const kept = Object.fromEntries(shown.map((name) => [name, probabilities[name] ?? NaN]));
    const answer = classes.length === 0 ? prediction : (decide(scores, row, threshold) ?? '');
    text += drop(formatter.row({ prediction: answer, probabilities: kept }, []));
  }
  return text;
}
