import { VERSION } from '../../core/version.js';
import { answerTensors } from '../answer.js';
import { quote } from '../json-body.js';
import { versionNumber } from '../model-set.js';
import { badRequest } from '../request-error.js';
import { namedServing } from '../protocols/inference/inference.js';
import { EXTENSIONS, platformOf, SERVER_NAME } from '../protocols/inference/metadata.js';
import { checkOutputs, chooseOutputs } from '../protocols/inference/outputs.js';
import {
  changeRepository,
  isReady,
  repositoryIndex,
  type RepositoryView,
} from '../protocols/inference/repository.js';
import { type RequestedOutput, timeoutOf } from '../protocols/inference/request.js';
import type { TensorSpec } from '../tensors/tensor.js';
import type { GrpcCall, GrpcService, Method } from './call.js';
import { type InputTensor, readInputs, writeOutputs } from './inference-tensors.js';
import { type Integer, numberOf } from './integers.js';

interface Parameter {
  readonly parameter_choice?: string;
  readonly bool_param?: boolean;
  readonly int64_param?: Integer;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: Integer;
}

type Parameters = Readonly<Record<string, Parameter>>;

interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InputTensor[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

interface ModelName {
  readonly name: string;
  readonly version: string;
}

interface RepositoryChange {
  readonly model_name: string;
  readonly parameters: Parameters;
}

/** inference.GRPCInferenceService: the same as the protocol over HTTP, by the same code. */
export function inferenceService(view: RepositoryView): GrpcService {
  const { models } = view;

  async function infer(request: ModelInferRequest, call: GrpcCall): Promise<object> {
    const started = performance.now();
    const { access } = call;
    const serving = namedServing(models, call, request.model_name, request.model_version, 'predict');
    const { model } = serving;
    access.require('predict', model.name);
    const outputs = requestedOutputs(request);
    checkOutputs(model, outputs);
    const inputs = readInputs(request.inputs, request.raw_input_contents);
    const timeout = timeoutOf(valueOf(request.parameters['timeout']));
    const deadline = Math.min(
      call.deadline ?? Infinity,
      timeout === undefined ? Infinity : started + timeout,
    );
    const answers = await answerTensors(serving, inputs, { ...call, deadline });
    const raw = request.raw_input_contents.length > 0;
    return {
      model_name: model.name,
      model_version: String(versionNumber(model)),
      id: request.id,
      ...writeOutputs(chooseOutputs(model, answers, outputs, raw), raw),
    };
  }

  async function change(
    request: RepositoryChange,
    call: GrpcCall,
    action: 'load' | 'unload',
  ): Promise<object> {
    const version = valueOf(request.parameters['version']);
    const number = version === undefined ? undefined : Number(version);
    if (number !== undefined && !Number.isSafeInteger(number)) {
      throw badRequest(`Parameter "version" is ${quote(version)}, not a version number.`);
    }
    await changeRepository(view, call.access, action, request.model_name, number);
    return {};
  }

  const methods: Record<string, Method> = {
    ServerLive: { kind: 'unary', open: true, handle: () => ({ live: true }) },
    ServerReady: {
      kind: 'unary',
      open: true,
      handle: () => ({
        ready: models.all.length > 0 && models.all.every((serving) => isReady(view, serving)),
      }),
    },
    ModelReady: {
      kind: 'unary',
      handle: ({ name, version }: ModelName, call) => {
        const serving = namedServing(models, call, name, version);
        call.access.require('read', serving.model.name);
        return { ready: isReady(view, serving) };
      },
    },
    ServerMetadata: {
      kind: 'unary',
      open: true,
      handle: () => ({ name: SERVER_NAME, version: VERSION, extensions: EXTENSIONS }),
    },
    ModelMetadata: {
      kind: 'unary',
      handle: ({ name, version }: ModelName, call) => {
        const { model } = namedServing(models, call, name, version);
        call.access.require('read', model.name);
        return {
          name: model.name,
          versions: models.versions(model.name).map((serving) => String(versionNumber(serving.model))),
          platform: platformOf(model),
          inputs: model.inputTensors.map(tensorMetadata),
          outputs: model.outputTensors.map(tensorMetadata),
        };
      },
    },
    ModelInfer: { kind: 'unary', handle: infer },
    ModelStreamInfer: {
      kind: 'exchange',
      handle: async (request: ModelInferRequest, call) => ({ infer_response: await infer(request, call) }),
      failure: ({ id }: ModelInferRequest, message) => ({ error_message: message, infer_response: { id } }),
    },
    RepositoryIndex: {
      kind: 'unary',
      handle: async ({ ready }: { ready: boolean }, call) => ({
        models: await repositoryIndex(view, call.access, ready),
      }),
    },
    RepositoryModelLoad: {
      kind: 'unary',
      handle: (request: RepositoryChange, call) => change(request, call, 'load'),
    },
    RepositoryModelUnload: {
      kind: 'unary',
      handle: (request: RepositoryChange, call) => change(request, call, 'unload'),
    },
  };
  return { name: 'inference.GRPCInferenceService', methods };
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): object {
  return { name, datatype, shape };
}

function valueOf(parameter: Parameter | undefined): unknown {
  if (parameter === undefined) return undefined;
  const { bool_param, int64_param, string_param, double_param, uint64_param } = parameter;
  switch (parameter.parameter_choice) {
    case 'bool_param':
      return bool_param;
    case 'int64_param':
      return int64_param === undefined ? undefined : numberOf(int64_param);
    case 'uint64_param':
      return uint64_param === undefined ? undefined : numberOf(uint64_param);
    case 'double_param':
      return double_param;
    case 'string_param':
      return string_param;
    default:
      return undefined;
  }
}

function requestedOutputs({ outputs }: ModelInferRequest): RequestedOutput[] | null {
  if (outputs.length === 0) return null;
  const names = new Set<string>();
  return outputs.map(({ name, parameters }) => {
    if (names.has(name)) throw badRequest(`Output '${name}' is asked for twice.`);
    names.add(name);
    const classes = valueOf(parameters['classification']) ?? 0;
    if (typeof classes !== 'number' || !Number.isSafeInteger(classes) || classes < 0) {
      throw badRequest(
        `Parameter "classification" of output '${name}' is ${quote(classes)}, not a whole number.`,
      );
    }
    return { name, binary: true, classes };
  });
}
