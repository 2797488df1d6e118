import { basename } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import {
  type OnnxModel,
  type OnnxTensor,
  type OnnxValueInfo,
  openOnnxModel,
} from '../../engines/onnx-tensors.js';
import { badRequest } from '../../server/request-error.js';
import type { TensorModel } from '../../server/served-model.js';
import type { Bytes, Datatype, Values } from '../../server/tensors/datatype.js';
import type { Tensor, Tensors, TensorSpec } from '../../server/tensors/tensor.js';
import { textOf } from '../../server/tensors/text.js';
import { exists } from '../../workspace/workspace.js';
import type { PredictorOptions } from '../predictor.js';
import { notServable, refuseUnsigned, serveTensors, type TensorSource } from './served-tensors.js';

/** ONNX Runtime's names of the datatypes that JavaScript can hold. */
const TYPES: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

const LONE_SURROGATE = /\p{Surrogate}/u;

const NAMES = new Map(Object.entries(TYPES).map(([name, datatype]) => [datatype, name]));

/**
 * Opens an ONNX file from elsewhere for the server: its tensors are its signature.
 * @throws AimaasError ARTIFACT_CORRUPT when ONNX Runtime cannot run it, UNSUPPORTED for inputs or outputs that no client
 * could send or get, ARTIFACT_UNTRUSTED where a signature is required: the file cannot bear one.
 */
export async function openServedOnnx(source: TensorSource, options: PredictorOptions): Promise<TensorModel> {
  const { path } = source;
  refuseUnsigned(path, 'an ONNX file', options);
  if (!(await exists(path))) {
    throw new AimaasError('ARTIFACT_NOT_FOUND', `There is no model at ${path}: the file does not exist.`, {
      hint: 'aimaas models list',
    });
  }
  const onnx = await openOnnxModel(path, {
    threads: options.threads ?? 1,
    hint: 'Check it with onnx.checker, or export it for an older opset.',
  });
  try {
    const inputs = onnx.inputs.map((value) => specOf(path, value));
    const outputs = onnx.outputs.filter(({ type }) => type !== null).map((value) => specOf(path, value));
    if (outputs.length === 0) {
      throw notServable(path, 'gives no tensor', 'Classifiers of skl2onnx need options={"zipmap": False}.');
    }
    return await serveTensors(source, {
      platform: 'onnxruntime_onnx',
      inputs,
      outputs,
      run: (tensors) => run(onnx, tensors),
      dispose: () => onnx.dispose(),
    });
  } catch (error) {
    await onnx.dispose();
    throw error;
  }
}

/** Whether a MODEL argument names a file of one network rather than a folder or a name. */
export function isOnnxFile(path: string): boolean {
  return path.toLowerCase().endsWith('.onnx');
}

/** The name under which a file is served: its own, without the ending. */
export function nameOfFile(path: string): string {
  return basename(path).replace(/\.onnx$/i, '');
}

function specOf(path: string, { name, type, shape }: OnnxValueInfo): TensorSpec {
  const datatype = type === null ? undefined : TYPES[type];
  if (datatype === undefined) {
    const known = Object.keys(TYPES).join(', ');
    throw notServable(
      path,
      `has "${name}" of type ${type ?? 'sequence or map'}`,
      `Tensors of ${known} are possible.`,
    );
  }
  return { name, datatype, shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) };
}

async function run(onnx: OnnxModel, inputs: Tensors): Promise<Tensors> {
  const feeds = new Map(Object.entries(inputs).map(([name, tensor]) => [name, toOnnx(name, tensor)]));
  const results = await onnx.run(feeds);
  return Object.fromEntries([...results].map(([name, tensor]) => [name, fromOnnx(tensor)]));
}

function toOnnx(name: string, { datatype, shape, values }: Tensor): OnnxTensor {
  const type = NAMES.get(datatype) ?? 'float32';
  if (datatype !== 'BYTES') return { type, shape, data: values };
  const texts = (values as readonly Bytes[]).map((value, i) => {
    const text = textOf(value);
    if (text === undefined) throw badRequest(`Element ${i} of input '${name}' is not UTF-8 text.`);
    // ONNX Runtime would take the part before it for the whole, and half a surrogate pair for another letter.
    if (text.includes('\0')) {
      throw badRequest(
        `Element ${i} of input '${name}' has a NUL character, which ONNX Runtime cannot take.`,
      );
    }
    if (LONE_SURROGATE.test(text)) throw badRequest(`Element ${i} of input '${name}' is not UTF-8 text.`);
    return text;
  });
  return { type, shape, data: texts };
}

function fromOnnx({ type, shape, data }: OnnxTensor): Tensor {
  const datatype = TYPES[type];
  if (datatype === undefined) throw new Error(`ONNX Runtime gave a tensor of ${type}.`);
  // Where JavaScript has an array type for half precision, it is used instead of bits.
  const values =
    datatype === 'FP16' && ArrayBuffer.isView(data)
      ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
      : (data as Values);
  return { datatype, shape, values };
}
