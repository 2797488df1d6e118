import type { Json } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { answerRows, answerTensors, type ColumnServing, columnServing } from '../answer.js';
import { parseExactly, parseJson, quote, readExactly } from '../json-body.js';
import { type ModelSet, type Serving, versionNumber } from '../model-set.js';
import { badRequest } from '../request-error.js';
import { type Call, json, type Protocol, type Reply, type Route } from '../route.js';
import type { Scores } from '../scores.js';
import type { InputRecord, InputRows, ServedModel } from '../served-model.js';
import type { Tensors } from '../tensors/tensor.js';
import type { RepositoryView } from './inference/repository.js';
import { type ModelName, servedVersion, versionStates } from './tensorflow-serving-models.js';
import { recordCells, rowsFromInputs, rowsFromInstances, tensorError } from './tensorflow-serving-rows.js';
import { checkSignatureName, requireMethod, signatureMap } from './tensorflow-serving-signature.js';
import {
  outputsJson,
  predictionsJson,
  tensorsFromInputs,
  tensorsFromInstances,
} from './tensorflow-serving-tensors.js';

/**
 * The REST API v1 of TensorFlow Serving: every raw column is a named input, the outputs are `label` and
 * `probabilities` (classes in the order of GET /v1/models/NAME:classify) or `value`. Paths, bodies, error texts and
 * status codes are those of tensorflow_model_server, so that its clients work unchanged. Beyond it: an instance may
 * be a list of values in column order, null is a missing value, and answers that are no number are null, because NaN
 * is not JSON.
 */
export function tensorflowServingProtocol(view: RepositoryView): Protocol {
  const { models } = view;
  const stem = String.raw`^/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?`;

  function inference(method: 'predict' | 'classify' | 'regress'): Route {
    return {
      name: `/v1/models/{model}:${method}`,
      method: 'POST',
      path: new RegExp(`${stem}:${method}$`, 'i'),
      async handle(call) {
        const bytes = await call.body();
        const body = objectOf(bytes);
        const serving = findServing(models, call, 'predict');
        call.access.require('predict', serving.model.name);
        return method === 'predict'
          ? predict(serving, body, bytes, call)
          : examples(method, columnServing(serving), body, call);
      },
    };
  }

  return {
    prefix: '/v1/',
    routes: [
      inference('predict'),
      inference('classify'),
      inference('regress'),
      {
        name: '/v1/models/{model}',
        method: 'GET',
        path: new RegExp(`${stem}$`, 'i'),
        handle: (call) => status(view, call),
      },
      {
        name: '/v1/models/{model}/metadata',
        method: 'GET',
        path: new RegExp(`${stem}/metadata$`, 'i'),
        handle: (call) => metadata(findServing(models, call, 'read').model, call),
      },
      {
        name: '/v1/models',
        method: 'GET',
        path: /^\/v1\/models(?:\/metadata)?$/i,
        handle() {
          throw badRequest('Missing model name in request.');
        },
      },
    ],
    failure: ({ message, status: code }) => json({ error: message }, code),
    unknown: ({ method, path }) => badRequest(`Malformed request: ${method} ${path}`),
  };
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`Failed to decode ${what}:${text}`);
  }
}

/** The model version that a path names. */
function findServing(models: ModelSet, call: Call, purpose: 'predict' | 'read'): Serving {
  return servedVersion(models, nameOf(call), call, purpose);
}

function nameOf({ groups }: Call): ModelName {
  const [name = '', version, label] = groups;
  return {
    name: decode(name, 'model name'),
    version: version === undefined ? undefined : Number(version),
    label: label === undefined ? undefined : decode(label, 'model version label'),
  };
}

function objectOf(bytes: Buffer): Readonly<Record<string, unknown>> {
  const body = parseJson(bytes);
  if (!isJsonObject(body)) throw badRequest(`JSON Value: ${quote(body)} Is not object`);
  return body;
}

function checkSignature(body: Readonly<Record<string, unknown>>): void {
  const name = body.signature_name;
  if (name === undefined) return;
  if (typeof name !== 'string') {
    throw badRequest(
      `JSON Value: ${quote(body)} not formatted correctly. 'signature_name' key must be a string value.`,
    );
  }
  checkSignatureName(name);
}

async function predict(
  served: Serving,
  body: Readonly<Record<string, unknown>>,
  bytes: Buffer,
  call: Call,
): Promise<Reply> {
  checkSignature(body);
  const { model } = served;
  const { instances, inputs } = body;
  if (instances !== undefined && inputs !== undefined) {
    throw badRequest(
      `JSON Value: ${quote(body)} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist `,
    );
  }
  if (instances === undefined && inputs === undefined)
    throw badRequest("Missing 'inputs' or 'instances' key");
  if (model.kind === 'tensors') {
    const byRow = instances !== undefined;
    const read = (document: typeof body): Tensors =>
      byRow ? tensorsFromInstances(model, document.instances) : tensorsFromInputs(model, document.inputs);
    const tensors = readExactly(
      () => read(body),
      () => read(parseExactly(bytes) as typeof body),
    );
    const answers = await answerTensors(served, tensors, call);
    return { status: 200, body: byRow ? predictionsJson(model, answers) : outputsJson(model, answers) };
  }
  const serving = columnServing(served);
  if (instances !== undefined) {
    const answers = await ask(serving, rowsFromInstances(serving.model, instances), call, 'instances');
    return json({ predictions: answers.map((row) => rowOutput(answers, row)) });
  }
  const answers = await ask(serving, rowsFromInputs(serving.model, inputs), call, 'inputs');
  return json({ outputs: columnOutput(answers) });
}

/** Asks for the answers; an error of a value is told in TensorFlow Serving's words. */
async function ask(serving: ColumnServing, rows: InputRows, call: Call, key: string): Promise<Scores> {
  try {
    return await answerRows(serving, rows, call);
  } catch (error) {
    throw tensorError(error, key);
  }
}

function rowOutput(answers: Scores, row: number): unknown {
  if (answers.classes.length === 0) return answers.at(row);
  return { label: answers.label(row), probabilities: answers.probabilities(row) };
}

function columnOutput(answers: Scores): unknown {
  if (answers.classes.length === 0) return answers.map((row) => answers.at(row));
  return {
    label: answers.map((row) => answers.label(row)),
    probabilities: answers.map((row) => answers.probabilities(row)),
  };
}

/** :classify gives `[[[label, score], …], …]`, :regress `[value, …]`. */
async function examples(
  method: 'classify' | 'regress',
  serving: ColumnServing,
  body: Readonly<Record<string, unknown>>,
  call: Call,
): Promise<Reply> {
  const { model } = serving;
  checkSignature(body);
  requireMethod(model, method);
  const { examples: list, context } = body;
  if (list === undefined) {
    throw badRequest(
      `JSON Value: ${quote(body)} When method is classify, key 'examples' is expected and was not found`,
    );
  }
  if (!Array.isArray(list)) {
    throw badRequest(`JSON Value: ${quote(body)} Expecting 'examples' value to be an list/array`);
  }
  if (list.length === 0) throw badRequest(`JSON Value: ${quote(body)} 'examples' value is an empty array`);
  if (context !== undefined && !isJsonObject(context)) {
    throw badRequest(`Example must be JSON object but got JSON ${quote(context)}`);
  }
  const rows = list.map((example: unknown, row): InputRecord => {
    if (!isJsonObject(example))
      throw badRequest(`Example must be JSON object but got JSON ${quote(example)}`);
    return recordCells(context === undefined ? example : { ...context, ...example }, row);
  });
  const answers = await ask(serving, { form: 'records', records: rows }, call, 'examples');
  const results = answers.map((row) =>
    method === 'regress' ? answers.at(row) : answers.classes.map((name, i) => [name, answers.at(row, i)]),
  );
  return json({ results });
}

async function status(view: RepositoryView, call: Call): Promise<Reply> {
  const states = await versionStates(view, nameOf(call), call);
  return json({
    model_version_status: states.map(({ version, state, message }) => ({
      version,
      state,
      status: { error_code: message === '' ? 'OK' : 'UNAVAILABLE', error_message: message },
    })),
  });
}

function metadata(model: ServedModel, { access }: Call): Reply {
  access.require('read', model.name);
  const body: Json = {
    model_spec: { name: model.name, signature_name: '', version: String(versionNumber(model)) },
    metadata: { signature_def: { signature_def: signatureMap(model) } },
  };
  return json(body);
}
