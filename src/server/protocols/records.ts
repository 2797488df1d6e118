import { isJsonObject } from '../../core/json.js';
import { didYouMean } from '../../core/suggest.js';
import { answerRows, columnServing } from '../answer.js';
import { parseJson, quote } from '../json-body.js';
import type { ModelSet, Serving } from '../model-set.js';
import { badRequest, RequestError } from '../request-error.js';
import { type Call, json, type Protocol, type Reply } from '../route.js';
import type { InputRecord, InputRows } from '../served-model.js';

const EXAMPLE = 'Send {"records": [{"COLUMN": VALUE, …}]} or {"columns": {"COLUMN": [VALUE, …]}}.';

/**
 * POST /predict: rows by column name in, labelled answers out.
 *
 *     {"records": [{column: value}]}  or  {"columns": {column: [value]}}, and optionally "model": "name" or "name/2"
 *     → {"predictions": [{"prediction": …, "probabilities": {class: p}}], "model": {"name", "version"}}
 *
 * A value of null is missing; a column left out is an error. Columns the model does not know are ignored. Errors are
 * {"error": {"code", "message", "hint", "details"}}, where details name the row, counted from 0, and the column.
 */
export function recordsProtocol(models: ModelSet): Protocol {
  async function predict(call: Call): Promise<Reply> {
    const body = parseJson(await call.body());
    if (!isJsonObject(body))
      throw badRequest(`The body is ${quote(body)}, not an object.`, { hint: EXAMPLE });
    const serving = columnServing(chosen(models, body.model, call.headers));
    const { model } = serving;
    const scores = await answerRows(serving, rowsOf(body), call);
    const predictions = scores.map((row) => scores.prediction(row));
    return json({ predictions, model: { name: model.name, version: model.version } });
  }
  return { routes: [{ name: '/predict', method: 'POST', path: '/predict', handle: predict }], failure };
}

/** The error body of aimaas' own routes. */
export function failure({ status, code, message, hint, details }: RequestError): Reply {
  return json({ error: { code, message, hint, details } }, status);
}

function chosen(models: ModelSet, wanted: unknown, headers: Call['headers']): Serving {
  if (wanted === undefined) {
    const first = models.choose(undefined, headers);
    if (first !== undefined) return first;
    throw new RequestError(503, 'NOT_READY', 'No model is served at the moment.', {
      hint: 'Load one: POST /v2/repository/models/NAME/load',
    });
  }
  if (typeof wanted !== 'string') throw badRequest(`"model" is ${quote(wanted)}, not a name.`);
  const [, name = '', version, label] = /^(.*?)(?:\/(\d+)|@([^@/]+))?$/su.exec(wanted) ?? [];
  const found =
    version !== undefined
      ? models.version(name, Number(version))
      : label !== undefined
        ? models.labelled(name, label)
        : models.choose(name, headers);
  if (found !== undefined) return found;
  const message = `No model ${quote(wanted)} is served here. ${didYouMean(name, models.names)}`;
  throw new RequestError(404, 'NOT_FOUND', message, { hint: 'GET /readyz lists the models.' });
}

function rowsOf(body: Readonly<Record<string, unknown>>): InputRows {
  const { records, columns } = body;
  if ((records === undefined) === (columns === undefined)) {
    const both = records === undefined ? 'neither "records" nor "columns"' : 'both "records" and "columns"';
    throw badRequest(`The body has ${both}; expected one of them.`, { hint: EXAMPLE });
  }
  if (columns !== undefined) return fromColumns(columns);
  if (!Array.isArray(records)) {
    throw badRequest(`"records" is ${quote(records)}, not a list.`, { hint: EXAMPLE });
  }
  const wrong = records.findIndex((record: unknown) => !isJsonObject(record));
  if (wrong !== -1) {
    throw badRequest(`Record ${wrong} is ${quote(records[wrong])}, not an object.`, {
      hint: EXAMPLE,
      details: { row: wrong },
    });
  }
  return { form: 'records', records: records as InputRecord[] };
}

function fromColumns(columns: unknown): InputRows {
  if (!isJsonObject(columns)) {
    throw badRequest(`"columns" is ${quote(columns)}, not an object.`, { hint: EXAMPLE });
  }
  const entries = Object.entries(columns).map(([name, values]): [string, readonly unknown[]] => {
    if (Array.isArray(values)) return [name, values];
    throw badRequest(`Column ${quote(name)} is ${quote(values)}, not a list.`, { hint: EXAMPLE });
  });
  const [first] = entries;
  const rows = first?.[1].length ?? 0;
  const uneven = entries.find(([, values]) => values.length !== rows);
  if (uneven !== undefined && first !== undefined) {
    throw badRequest(
      `Column ${quote(uneven[0])} has ${uneven[1].length} values and column ${quote(first[0])} has ${rows}.`,
      { hint: 'All columns need the same number of values.' },
    );
  }
  return { form: 'columns', rows, columns: new Map(entries) };
}
