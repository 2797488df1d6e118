import { isJsonObject } from '../../core/json.js';
import { answerRows } from '../answer.js';
import { parseJson, quote } from '../json-body.js';
import type { ModelSet } from '../model-set.js';
import { failure } from '../protocols/records.js';
import { badRequest, RequestError } from '../request-error.js';
import { type Call, json, type Protocol, type Reply } from '../route.js';
import type { ColumnModel } from '../served-model.js';
import { CONTENT_SECURITY_POLICY, DOCUMENT } from './document.js';
import { effectsOf, replacedRows } from './effects.js';

/** How /predict and the page name a version. */
function referenceOf({ name, version }: ColumnModel): string {
  return version === null ? name : `${name}/${version}`;
}

function describeModel(model: ColumnModel): object {
  return {
    reference: referenceOf(model),
    labels: model.labels,
    task: model.predictor.task,
    inputs: model.inputs.map((input) => ({ ...input, range: model.profile?.ranges[input.name] ?? null })),
    example: model.profile?.typical ?? model.example,
  };
}

function aboutEffects(scores: { readonly classes: readonly string[]; label(row: number): string }): string {
  const what = scores.classes.length === 0 ? 'the value' : `the probability of ${scores.label(0)}`;
  return `By how much ${what} is higher than it would be with the typical value of that one input (its median or most frequent value in training). The effects do not add up.`;
}

/**
 * The page at /, for people: GET / (the page), GET /page/models (what its form is made of) and POST /page/explain (an answer
 * with the inputs that mattered; see effects.ts).
 */
export function pageProtocol(models: ModelSet): Protocol {
  const columnModels = (): ColumnModel[] =>
    models.all.flatMap(({ model }) => (model.kind === 'columns' ? [model] : []));

  function showPage(): Reply {
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: DOCUMENT,
      headers: { 'Content-Security-Policy': CONTENT_SECURITY_POLICY },
    };
  }

  function list({ access }: Call): Reply {
    const visible = columnModels().filter((model) => access.may('read', model.name));
    if (visible.length === 0) access.require('read', models.first?.model.name ?? '');
    return json({ models: visible.map(describeModel) });
  }

  async function explain(call: Call): Promise<Reply> {
    const body = parseJson(await call.body());
    if (!isJsonObject(body) || !isJsonObject(body['record'])) {
      throw badRequest('The body has no record.', {
        hint: 'Send {"model": "NAME", "record": {"COLUMN": VALUE, …}}.',
      });
    }
    const { model: wanted, record } = body;
    const serving = models.all.find(
      ({ model }) =>
        model.kind === 'columns' && referenceOf(model) === wanted && call.access.may('read', model.name),
    );
    if (serving?.model.kind !== 'columns') {
      throw new RequestError(404, 'NOT_FOUND', `No model ${quote(wanted)} is served here.`, {
        hint: 'Load the page again.',
      });
    }
    const { model, batcher } = serving;
    const columns = model.inputs.map(({ name }) => name);
    const typical = model.profile?.typical ?? model.example;
    // A column that the record lacks is an error of its own, not a missing cell.
    const rows = replacedRows(
      record,
      typical,
      columns.filter((name) => Object.hasOwn(record, name)),
    );
    // What is watched are rows that somebody asked about, not those made of them.
    const unwatched = { ...model, watcher: undefined };
    const scores = await answerRows({ model: unwatched, batcher }, { form: 'records', records: rows }, call);
    return json({
      ...scores.prediction(0),
      effects: effectsOf(record, typical, columns, scores),
      about: aboutEffects(scores),
      model: { name: model.name, version: model.version },
    });
  }

  return {
    failure,
    routes: [
      { name: '/', method: 'GET', path: '/', open: true, handle: showPage },
      { name: '/page/models', method: 'GET', path: '/page/models', handle: list },
      { name: '/page/explain', method: 'POST', path: '/page/explain', handle: explain },
    ],
  };
}
