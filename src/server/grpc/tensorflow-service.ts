import type protobuf from 'protobufjs';
import { answerRows, answerTensors, type ColumnServing, columnServing } from '../answer.js';
import type { ModelSet, Serving } from '../model-set.js';
import { versionNumber } from '../model-set.js';
import { badRequest, RequestError } from '../request-error.js';
import type { RepositoryView } from '../protocols/inference/repository.js';
import {
  checkSignatureName,
  DEFAULT_SIGNATURE,
  METHOD_NAME,
  requireMethod,
} from '../protocols/tensorflow-serving-signature.js';
import { servedVersion, versionStates } from '../protocols/tensorflow-serving-models.js';
import type { ServedModel } from '../served-model.js';
import type { Scores } from '../scores.js';
import type { Tensors, TensorSpec } from '../tensors/tensor.js';
import type { GrpcCall, GrpcService, Method } from './call.js';
import { type Input, recordsOf } from './examples.js';
import { type Integer, numberOf } from './integers.js';
import { TENSORFLOW_TYPES } from '../tensors/tensorflow-types.js';
import { readTensorProto, shapeProto, type TensorProto, writeTensorProto } from './tensor-proto.js';

interface ModelSpec {
  readonly name: string;
  readonly version?: { readonly value: Integer } | null;
  readonly version_label: string;
  readonly signature_name: string;
}

type Asked = { readonly model_spec?: ModelSpec | null };

interface PredictRequest extends Asked {
  readonly inputs: Readonly<Record<string, TensorProto>>;
  readonly output_filter: readonly string[];
}

type ExamplesRequest = Asked & { readonly input?: Input | null };

interface MultiInferenceRequest {
  readonly tasks: readonly (Asked & { readonly method_name: string })[];
  readonly input?: Input | null;
}

/** ModelVersionStatus.State */
const STATES = { LOADING: 20, AVAILABLE: 30, END: 50 } as const;
/** error.Code */
const UNAVAILABLE = 14;

function specOf({ model_spec: spec }: Asked): ModelSpec {
  if (spec === undefined || spec === null) throw badRequest('Missing ModelSpec');
  if (spec.name === '') throw badRequest('ModelSpec has no name specified.');
  return spec;
}

function find(models: ModelSet, spec: ModelSpec, call: GrpcCall, purpose: 'predict' | 'read'): Serving {
  const { version } = spec;
  const number = version === undefined || version === null ? undefined : numberOf(version.value);
  const label = spec.version_label === '' ? undefined : spec.version_label;
  return servedVersion(models, { name: spec.name, version: number, label }, call, purpose);
}

function specOfModel(model: ServedModel, signature = DEFAULT_SIGNATURE): object {
  return { name: model.name, version: { value: versionNumber(model) }, signature_name: signature };
}

/** tensorflow.serving.PredictionService, for the same models and signatures as its REST API here. */
export function predictionService(models: ModelSet, root: protobuf.Root): GrpcService {
  async function predict(request: PredictRequest, call: GrpcCall): Promise<object> {
    const spec = specOf(request);
    const serving = find(models, spec, call, 'predict');
    const { model } = serving;
    call.access.require('predict', model.name);
    checkSignatureName(spec.signature_name);
    const wanted = wantedOutputs(model, request.output_filter);
    const inputs: Tensors = Object.fromEntries(
      Object.entries(request.inputs).map(([name, proto]) => [name, readTensorProto(name, proto)]),
    );
    const answers = await answerTensors(serving, inputs, call);
    const outputs = wanted.map((name) => {
      const tensor = answers[name];
      return [name, tensor === undefined ? {} : writeTensorProto(tensor)] as const;
    });
    return { model_spec: specOfModel(model), outputs: Object.fromEntries(outputs) };
  }

  async function scores(
    request: ExamplesRequest,
    call: GrpcCall,
    method: 'classify' | 'regress',
  ): Promise<{ serving: ColumnServing; answers: Scores }> {
    const spec = specOf(request);
    const found = find(models, spec, call, 'predict');
    call.access.require('predict', found.model.name);
    const serving = columnServing(found);
    checkSignatureName(spec.signature_name);
    requireMethod(serving.model, method);
    const records = recordsOf(request.input);
    return { serving, answers: await answerRows(serving, { form: 'records', records }, call) };
  }

  async function classify(request: ExamplesRequest, call: GrpcCall): Promise<object> {
    const { serving, answers } = await scores(request, call, 'classify');
    return { model_spec: specOfModel(serving.model), result: classifications(answers) };
  }

  async function regress(request: ExamplesRequest, call: GrpcCall): Promise<object> {
    const { serving, answers } = await scores(request, call, 'regress');
    return { model_spec: specOfModel(serving.model), result: regressions(answers) };
  }

  async function multiInference({ tasks, input }: MultiInferenceRequest, call: GrpcCall): Promise<object> {
    if (tasks.length === 0) throw badRequest('Inference request must have at least one task.');
    const results: object[] = [];
    for (const task of tasks) {
      const method = /^tensorflow\/serving\/(classify|regress)$/.exec(task.method_name)?.[1];
      if (method === undefined) {
        throw new RequestError(501, 'UNSUPPORTED', `Unsupported signature method_name: ${task.method_name}`);
      }
      const request = { model_spec: task.model_spec ?? null, input: input ?? null };
      const { serving, answers } = await scores(request, call, method as 'classify' | 'regress');
      const result =
        method === 'classify'
          ? { classification_result: classifications(answers) }
          : { regression_result: regressions(answers) };
      results.push({ model_spec: specOfModel(serving.model), ...result });
    }
    return { results };
  }

  function metadata(request: Asked & { metadata_field: readonly string[] }, call: GrpcCall): object {
    const { model } = find(models, specOf(request), call, 'read');
    call.access.require('read', model.name);
    if (request.metadata_field.length === 0)
      throw badRequest('GetModelMetadataRequest must specify at least one metadata_field');
    const other = request.metadata_field.find((field) => field !== 'signature_def');
    if (other !== undefined) throw badRequest(`Metadata field ${other} is not supported`);
    const map = root.lookupType('tensorflow.serving.SignatureDefMap');
    const value = map.encode({ signature_def: { [DEFAULT_SIGNATURE]: signature(model) } }).finish();
    const type_url = 'type.googleapis.com/tensorflow.serving.SignatureDefMap';
    return { model_spec: specOfModel(model, ''), metadata: { signature_def: { type_url, value } } };
  }

  const methods: Record<string, Method> = {
    Predict: { kind: 'unary', handle: predict },
    Classify: { kind: 'unary', handle: classify },
    Regress: { kind: 'unary', handle: regress },
    MultiInference: { kind: 'unary', handle: multiInference },
    GetModelMetadata: { kind: 'unary', handle: metadata },
  };
  return { name: 'tensorflow.serving.PredictionService', methods };
}

function wantedOutputs({ outputTensors }: ServedModel, filter: readonly string[]): readonly string[] {
  const known = outputTensors.map(({ name }) => name);
  const unknown = filter.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw badRequest(
      `output tensor alias not found in signature: ${unknown} Outputs expected to be in the set {${known.join(',')}}.`,
    );
  return filter.length === 0 ? known : [...new Set(filter)];
}

function classifications(answers: Scores): object {
  return {
    classifications: answers.map((row) => ({
      classes: answers.classes.map((label, i) => ({ label, score: answers.at(row, i) })),
    })),
  };
}

function regressions(answers: Scores): object {
  return { regressions: answers.map((row) => ({ value: answers.at(row) })) };
}

function signature({ inputTensors, outputTensors }: ServedModel): object {
  const infos = (specs: readonly TensorSpec[]): object =>
    Object.fromEntries(
      specs.map(({ name, datatype, shape }) => [
        name,
        { name, dtype: TENSORFLOW_TYPES[datatype].number, tensor_shape: shapeProto(shape) },
      ]),
    );
  return { inputs: infos(inputTensors), outputs: infos(outputTensors), method_name: METHOD_NAME };
}

interface ReloadConfigRequest {
  readonly config?: {
    readonly model_config_list?: {
      readonly config: readonly {
        readonly name: string;
        readonly base_path: string;
        readonly model_version_policy?: {
          readonly specific?: { readonly versions: readonly Integer[] } | null;
        } | null;
      }[];
    } | null;
  } | null;
}

/** tensorflow.serving.ModelService: the state of models, and which are served. */
export function modelService(view: RepositoryView): GrpcService {
  const { models, repository } = view;

  async function status(request: Asked, call: GrpcCall): Promise<object> {
    const spec = specOf(request);
    const { version } = spec;
    const number = version === undefined || version === null ? undefined : numberOf(version.value);
    const label = spec.version_label === '' ? undefined : spec.version_label;
    const states = await versionStates(view, { name: spec.name, version: number, label }, call);
    return {
      model_version_status: states.map(({ version: wanted, state, message }) => ({
        version: wanted,
        state: STATES[state],
        status: message === '' ? {} : { error_code: UNAVAILABLE, error_message: message },
      })),
    };
  }

  /** The models of the list are served from now on, and no others. */
  async function reload(request: ReloadConfigRequest, call: GrpcCall): Promise<object> {
    call.access.require('manage');
    const list = request.config?.model_config_list?.config ?? [];
    if (list.length === 0) throw badRequest('The config has no model_config_list.');
    if (repository === undefined) {
      throw new RequestError(
        501,
        'UNSUPPORTED',
        'The models of this server cannot be changed while it runs.',
      );
    }
    const placed = list.find(({ base_path }) => base_path !== '');
    if (placed !== undefined) {
      throw badRequest(
        `Models come from this server's registry, by name: leave the base_path of ${placed.name} empty.`,
      );
    }
    for (const { name, model_version_policy: policy } of list) {
      const versions = policy?.specific?.versions ?? [];
      if (versions.length === 0) await repository.load(name);
      for (const version of versions) await repository.load(name, numberOf(version));
    }
    const named = new Set(list.map(({ name }) => name));
    for (const name of models.names.filter((served) => !named.has(served))) await repository.unload(name);
    return { status: {} };
  }

  const methods: Record<string, Method> = {
    GetModelStatus: { kind: 'unary', handle: status },
    HandleReloadConfigRequest: { kind: 'unary', handle: reload },
  };
  return { name: 'tensorflow.serving.ModelService', methods };
}
