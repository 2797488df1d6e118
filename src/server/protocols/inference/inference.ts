import { answerTensors } from '../../answer.js';
import { parseJson, quote } from '../../json-body.js';
import { type ModelSet, type Serving, versionNumber } from '../../model-set.js';
import { badRequest, RequestError } from '../../request-error.js';
import { type Call, json, type Protocol, type Reply, type Route } from '../../route.js';
import { isJsonObject } from '../../../core/json.js';
import { didYouMean } from '../../../core/suggest.js';
import { modelMetadata, serverMetadata } from './metadata.js';
import { checkOutputs, chooseOutputs } from './outputs.js';
import { changeRepository, isReady, repositoryIndex, type RepositoryView } from './repository.js';
import { readInferRequest } from './request.js';
import { inferReply } from './response.js';

const MODEL = String.raw`^/v2/models/([^/]+)(?:/versions/([^/]+))?`;

/**
 * The Open Inference Protocol (v2) over HTTP, as KServe, Triton and MLServer speak it, with the extensions for binary
 * tensors, classification and the model repository. Every raw column of a model is an input tensor of one element a row;
 * the outputs are `label` and `probabilities`, or `value`. Errors are {"error": "…"}.
 */
export function inferenceProtocol(view: RepositoryView): Protocol {
  const { models } = view;

  function ready(): Reply {
    const all = models.all.length > 0 && models.all.every((serving) => isReady(view, serving));
    return json({ ready: all }, all ? 200 : 503);
  }

  function modelReady(call: Call): Reply {
    const serving = findServing(models, call);
    call.access.require('read', serving.model.name);
    const state = isReady(view, serving);
    return json({ name: serving.model.name, ready: state }, state ? 200 : 503);
  }

  function metadata(call: Call): Reply {
    const { model } = findServing(models, call);
    call.access.require('read', model.name);
    return json(
      modelMetadata(
        model,
        models.versions(model.name).map((serving) => serving.model),
      ),
    );
  }

  async function infer(call: Call): Promise<Reply> {
    const serving = findServing(models, call, 'predict');
    const { model } = serving;
    const { access, abandoned } = call;
    access.require('predict', model.name);
    const length = call.headers['inference-header-content-length'];
    const started = performance.now();
    const request = readInferRequest(await call.body(), headerText(length), model);
    const { id, inputs, outputs, binaryOutputs, timeout } = request;
    checkOutputs(model, outputs);
    const deadline = Math.min(
      call.deadline ?? Infinity,
      timeout === undefined ? Infinity : started + timeout,
    );
    const answers = await answerTensors(serving, inputs, { access, abandoned, deadline });
    return inferReply({
      modelName: model.name,
      modelVersion: String(versionNumber(model)),
      id,
      outputs: chooseOutputs(model, answers, outputs, binaryOutputs),
    });
  }

  /** Everything in the repository and its state; with {"ready": true}, what can be asked. */
  async function index(call: Call): Promise<Reply> {
    const { ready: onlyReady } = await optionalBody(call);
    return json(await repositoryIndex(view, call.access, onlyReady === true));
  }

  async function change(call: Call): Promise<Reply> {
    const [rawName = '', version, action] = call.groups;
    await optionalBody(call);
    const number = version === undefined ? undefined : Number(version);
    await changeRepository(view, call.access, action as 'load' | 'unload', decoded(rawName), number);
    return json({});
  }

  const of = (name: string, method: Route['method'], suffix: string, handle: Route['handle']): Route => ({
    name,
    method,
    path: new RegExp(`${MODEL}${suffix}$`),
    handle,
  });

  return {
    prefix: '/v2',
    routes: [
      { name: '/v2', method: 'GET', path: /^\/v2\/?$/, open: true, handle: () => json(serverMetadata()) },
      {
        name: '/v2/health/live',
        method: 'GET',
        path: '/v2/health/live',
        open: true,
        handle: () => json({ live: true }),
      },
      { name: '/v2/health/ready', method: 'GET', path: '/v2/health/ready', open: true, handle: ready },
      of('/v2/models/{model}/infer', 'POST', '/infer', infer),
      of('/v2/models/{model}', 'GET', '', metadata),
      of('/v2/models/{model}/ready', 'GET', '/ready', modelReady),
      { name: '/v2/repository/index', method: 'POST', path: '/v2/repository/index', handle: index },
      {
        name: '/v2/repository/models/{model}/load|unload',
        method: 'POST',
        path: /^\/v2\/repository\/models\/([^/]+)(?:\/versions\/(\d{1,15}))?\/(load|unload)$/,
        handle: change,
      },
    ],
    failure: ({ message, status }) => json({ error: message }, status),
  };
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

async function optionalBody(call: Call): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await call.body();
  const body = bytes.length === 0 ? {} : parseJson(bytes);
  if (isJsonObject(body)) return body;
  throw badRequest(`The body is ${quote(body)}, not an object.`);
}

/**
 * The model version that a path names.
 * @throws RequestError 404 when it is not served, 400 for no version number.
 */
function findServing(models: ModelSet, call: Call, purpose: 'predict' | 'read' = 'read'): Serving {
  const [rawName = '', version] = call.groups;
  return namedServing(models, call, decoded(rawName), version, purpose);
}

/** What is known of who asks, on every transport. */
export type Client = Pick<Call, 'access' | 'headers'>;

/**
 * The same for a name and a version as messages have them. For none or an empty one, the default version, or to predict
 * its canary.
 */
export function namedServing(
  models: ModelSet,
  { access, headers }: Client,
  name: string,
  version = '',
  purpose: 'predict' | 'read' = 'read',
): Serving {
  if (!/^\d{0,15}$/.test(version)) throw badRequest(`${quote(version)} is no version number.`);
  const unnamed = (): Serving | undefined =>
    purpose === 'predict' ? models.choose(name, headers) : models.named(name);
  const found = version === '' ? unnamed() : models.version(name, Number(version));
  if (found !== undefined) return found;
  // A key that is not for a model does not learn which versions of it there are.
  if (models.versions(name).length > 0) access.require('read', name);
  const names = models.names.filter((each) => access.may('read', each));
  const served = models.versions(name).map(({ model }) => versionNumber(model));
  const known =
    served.length === 0
      ? didYouMean(name, names)
      : `Version${served.length === 1 ? '' : 's'} served: ${served.join(', ')}.`;
  const what = version === '' ? quote(name) : `${quote(name)} version ${version}`;
  throw new RequestError(404, 'NOT_FOUND', `Model ${what} is not served here. ${known}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`${quote(text)} is not a model name: its percent-encoding is wrong.`);
  }
}
