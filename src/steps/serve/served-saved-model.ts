import { AimaasError } from '../../core/errors.js';
import {
  openSavedModelFolder,
  readSavedModel,
  type SavedModelFile,
  type SavedModelTensor,
} from '../../engines/saved-model-file.js';
import type { TensorModel } from '../../server/served-model.js';
import type { Datatype, Values } from '../../server/tensors/datatype.js';
import type { Tensor, Tensors, TensorSpec } from '../../server/tensors/tensor.js';
import type { PredictorOptions } from '../predictor.js';
import { notServable, refuseUnsigned, serveTensors, type TensorSource } from './served-tensors.js';

/** TensorFlow's names of the datatypes. */
const TYPES = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  half: 'FP16',
  bfloat16: 'BF16',
  float: 'FP32',
  double: 'FP64',
  string: 'BYTES',
} as const satisfies Partial<Record<SavedModelTensor['type'], Datatype>>;

type Name = keyof typeof TYPES;

const NAMES = new Map((Object.keys(TYPES) as Name[]).map((name) => [TYPES[name], name]));

function isName(type: SavedModelTensor['type']): type is Name {
  return Object.hasOwn(TYPES, type);
}

/**
 * Opens a SavedModel from elsewhere for the server: the tensors of its signature serving_default are its own.
 * @throws AimaasError ARTIFACT_CORRUPT when it cannot be read or loaded, UNSUPPORTED for inputs or outputs that no client
 * could send or get, ENGINE_UNAVAILABLE where TensorFlow is not set up, ARTIFACT_UNTRUSTED where a signature is required:
 * the folder cannot bear one.
 */
export async function openServedSavedModel(
  source: TensorSource,
  options: PredictorOptions,
): Promise<TensorModel> {
  const { path } = source;
  refuseUnsigned(path, 'a TensorFlow SavedModel', options);
  const { signature } = await readSavedModel(path);
  const specs = (infos: typeof signature.inputs): ReturnType<typeof specOf>[] =>
    Object.entries(infos).map(([name, info]) => specOf(path, name, info));
  const outputs = specs(signature.outputs);
  const inputs = specs(signature.inputs).map(({ shape, ...spec }): TensorSpec => {
    if (shape !== null) return { ...spec, shape };
    throw notServable(
      path,
      `does not say how many axes its input "${spec.name}" has`,
      'Save it with an input_signature whose shapes are of known rank.',
    );
  });
  if (outputs.length === 0) {
    throw notServable(path, `has a signature ${signature.name} that gives nothing`, 'Save it with outputs.');
  }
  const file = await openSavedModelFolder(path, { threads: options.threads ?? 1 });
  try {
    return await serveTensors(source, {
      platform: 'tensorflow_savedmodel',
      inputs,
      outputs,
      run: (tensors) => run(file, tensors),
      brokenBy: (error) => missingVariables(path, error),
      dispose: () => file.dispose(),
    });
  } catch (error) {
    await file.dispose();
    throw error;
  }
}

/** TensorFlow loads a folder without its variables, and fails when they are read. */
function missingVariables(path: string, error: unknown): AimaasError | undefined {
  const [, name] =
    /(?:Could not find variable|uninitialized value) (\S+?)\.? /.exec((error as Error).message) ?? [];
  if (name === undefined) return undefined;
  return new AimaasError('ARTIFACT_CORRUPT', `${path} lacks the values of its variable ${name}.`, {
    hint: 'Copy the whole folder, variables/ too, or save the model again.',
    cause: error,
  });
}

type Info = Awaited<ReturnType<typeof readSavedModel>>['signature']['inputs'][string];

function specOf(
  path: string,
  name: string,
  info: Info,
): Omit<TensorSpec, 'shape'> & { readonly shape: readonly number[] | null } {
  const { type, shape } = info;
  if (info.name !== '' && isName(type)) return { name, datatype: TYPES[type], shape };
  const known = Object.keys(TYPES).join(', ');
  throw notServable(
    path,
    `has "${name}" of type ${info.name === '' ? 'sparse or ragged tensor' : type}`,
    `Tensors of ${known} are possible.`,
  );
}

async function run(file: SavedModelFile, inputs: Tensors): Promise<Tensors> {
  const feeds = new Map(
    Object.entries(inputs).map(([name, { datatype, shape, values }]): [string, SavedModelTensor] => [
      name,
      { type: NAMES.get(datatype) ?? 'float', shape, data: values },
    ]),
  );
  const results = await file.run(feeds);
  return Object.fromEntries([...results].map(([name, tensor]) => [name, fromTensorFlow(tensor)]));
}

function fromTensorFlow({ type, shape, data }: SavedModelTensor): Tensor {
  if (!isName(type)) throw new Error(`TensorFlow gave a tensor of ${type}.`);
  return { datatype: TYPES[type], shape, values: data as Values };
}
