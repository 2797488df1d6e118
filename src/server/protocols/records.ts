import { didYouMean } from '../../core/suggest.js';
import { answerRows, columnServing } from '../answer.js';
import { quote } from '../json-body.js';
import type { ModelSet, Serving } from '../model-set.js';
import { RequestError } from '../request-error.js';
import { type Call, json, type Protocol, type Reply } from '../route.js';
import { readRows } from './predict-body.js';
import { readOptions } from './predict-options.js';
import { predictReply, replyFormat } from './predict-reply.js';
import { predictTensors } from './predict-tensors.js';

/**
 * POST /predict: rows by column name in, labelled answers out.
 *
 *     {"records": [{column: value}]}  or  {"columns": {column: [value]}}, JSON Lines of records, or CSV
 *     → {"predictions": [{"prediction": …, "probabilities": {class: p}}], "model": {"name", "version"}}
 *
 * A value of null is missing; a column left out is an error. Columns the model does not know are ignored. Options (see
 * PredictOptions) come in the query or beside the records. Errors are {"error": {"code", "message", "hint",
 * "details"}}, where details name the row, counted from 0, and the column.
 */
export function recordsProtocol(models: ModelSet): Protocol {
  async function predict(call: Call): Promise<Reply> {
    const format = replyFormat(call.headers.accept);
    const body = await readRows(await call.body(), call.headers['content-type']);
    const options = readOptions(call.query, body.document);
    const serving = chosen(models, options.model, call.headers);
    const { model } = serving;
    call.access.require('predict', model.name);
    if (model.kind === 'tensors') return predictTensors(serving, model, { body, options, format }, call);
    const scores = await answerRows(columnServing(serving), body.rows(), call);
    return predictReply(model, scores, options, format);
  }
  return { routes: [{ name: '/predict', method: 'POST', path: '/predict', handle: predict }], failure };
}

/** The error body of aimaas' own routes. */
export function failure({ status, code, message, hint, details }: RequestError): Reply {
  return json({ error: { code, message, hint, details } }, status);
}

function chosen(models: ModelSet, wanted: string | undefined, headers: Call['headers']): Serving {
  if (wanted === undefined) {
    const first = models.choose(undefined, headers);
    if (first !== undefined) return first;
    throw new RequestError(503, 'NOT_READY', 'No model is served at the moment.', {
      hint: 'Load one: POST /v2/repository/models/NAME/load',
    });
  }
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
