import { basename } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import {
  type OnnxModel,
  type OnnxTensor,
  type OnnxValueInfo,
  openOnnxModel,
} from '../engines/onnx-tensors.js';
import { badRequest } from '../server/request-error.js';
import type { TensorModel } from '../server/served-model.js';
import { type Bytes, DATATYPES, type Datatype, type Values } from '../server/tensors/datatype.js';
import { nestedJson } from '../server/tensors/json.js';
import {
  elementCount,
  joinRows,
  type Tensor,
  type Tensors,
  type TensorSpec,
} from '../server/tensors/tensor.js';
import { textOf } from '../server/tensors/text.js';
import { untrusted } from '../workspace/signature.js';
import { exists } from '../workspace/workspace.js';
import type { PredictorOptions } from './predictor.js';

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

export interface ServedOnnxSource {
  readonly path: string;
  readonly name: string;
  readonly version: number | null;
  readonly labels: readonly string[];
}

/**
 * Opens an ONNX file from elsewhere for the server: its tensors are its signature. Rows of several requests are answered
 * together only if the first axis of all tensors is free and trying it out shows that rows do not depend on each other.
 * @throws AimaasError ARTIFACT_CORRUPT when ONNX Runtime cannot run it, UNSUPPORTED for inputs or outputs that no client
 * could send or get, ARTIFACT_UNTRUSTED where a signature is required: the file cannot bear one.
 */
export async function openServedOnnx(
  source: ServedOnnxSource,
  options: PredictorOptions,
): Promise<TensorModel> {
  const { path, name, version, labels } = source;
  if ((options.trust?.requireSignature ?? []).length > 0) {
    throw untrusted(
      `${path} is an ONNX file, which bears no signature, and one is required.`,
      'Serve a signed export (aimaas export --sign KEYFILE), or leave out --require-signature.',
    );
  }
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
    const inputTensors = onnx.inputs.map((value) => specOf(path, value));
    const outputTensors = onnx.outputs
      .filter(({ type }) => type !== null)
      .map((value) => specOf(path, value));
    if (outputTensors.length === 0) {
      throw unsupported(path, 'gives no tensor', 'Classifiers of skl2onnx need options={"zipmap": False}.');
    }
    const probe = await trial(onnx, inputTensors, outputTensors);
    return {
      kind: 'tensors',
      name,
      version,
      labels,
      example: probe.example === undefined ? {} : exampleRecord(probe.example, probe.batchable),
      exampleTensors: probe.example,
      inputTensors,
      outputTensors,
      batchable: probe.batchable,
      run: (inputs) => runChecked(onnx, inputs, probe),
      dispose: () => onnx.dispose(),
    };
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

function unsupported(path: string, what: string, hint: string): AimaasError {
  return new AimaasError('UNSUPPORTED', `${path} ${what}, so it cannot be served.`, { hint });
}

function specOf(path: string, { name, type, shape }: OnnxValueInfo): TensorSpec {
  const datatype = type === null ? undefined : TYPES[type];
  if (datatype === undefined) {
    const known = Object.keys(TYPES).join(', ');
    throw unsupported(
      path,
      `has "${name}" of type ${type ?? 'sequence or map'}`,
      `Tensors of ${known} are possible.`,
    );
  }
  return { name, datatype, shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) };
}

interface Trial {
  /** Inputs that the model answers; undefined where those that were tried fail, such as for sizes nobody can guess. */
  readonly example: Tensors | undefined;
  readonly batchable: boolean;
}

/** Tries the model: with zeros, with ones, and with both at once. */
async function trial(
  onnx: OnnxModel,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): Promise<Trial> {
  const zeros = filled(inputs, 0);
  const ones = filled(inputs, 1);
  const answers = await Promise.all([run(onnx, zeros), run(onnx, ones)]).catch(() => undefined);
  if (answers === undefined) return { example: undefined, batchable: false };
  const free = [...inputs, ...outputs].every(({ shape }) => shape[0] === -1) && inputs.length > 0;
  if (!free) return { example: zeros, batchable: false };
  const together = await run(onnx, joinRows([zeros, ones])).catch(() => undefined);
  const apart = joinRows(answers);
  const batchable =
    together !== undefined &&
    outputs.every(({ name }) => nearlyEqual(together[name] as Tensor, apart[name] as Tensor));
  return { example: zeros, batchable };
}

/** One row, every free size 1. */
function filled(specs: readonly TensorSpec[], value: 0 | 1): Tensors {
  return Object.fromEntries(
    specs.map(({ name, datatype, shape: spec }) => {
      const shape = spec.map((size) => (size === -1 ? 1 : size));
      const length = elementCount(shape);
      const values = DATATYPES[datatype].make(length);
      if (value === 1) fillOnes(datatype, values);
      return [name, { datatype, shape, values }];
    }),
  );
}

function fillOnes(datatype: Datatype, values: Values): void {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) values.fill(1n);
  else if (ArrayBuffer.isView(values)) values.fill(datatype === 'FP16' ? 0x3c00 : 1);
  else (values as Bytes[]).fill('1');
}

function nearlyEqual(one: Tensor, other: Tensor): boolean {
  if (one.shape.join() !== other.shape.join()) return false;
  return Array.from(one.values as ArrayLike<unknown>).every((value, i) => {
    const twin = other.values[i];
    if (one.datatype === 'BYTES') return value === twin;
    const [a, b] = [Number(value), Number(twin)];
    return Object.is(a, b) || Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(a), Math.abs(b));
  });
}

function exampleRecord(example: Tensors, batchable: boolean): JsonObject {
  return Object.fromEntries(
    Object.entries(example).map(([name, tensor]) => [
      name,
      JSON.parse(batchable ? nestedJson(tensor, 1)(0) : nestedJson(tensor, 0)(0)) as Json,
    ]),
  );
}

/**
 * Runs the model; where that fails although it can still answer its example, the tensors are at fault.
 * @throws RequestError 400 then, with ONNX Runtime's words.
 */
async function runChecked(onnx: OnnxModel, inputs: Tensors, { example, batchable }: Trial): Promise<Tensors> {
  let outputs: Tensors;
  try {
    outputs = await run(onnx, inputs);
  } catch (error) {
    if (example === undefined) throw error;
    await run(onnx, example);
    throw badRequest(`The model cannot take these tensors: ${(error as Error).message}`);
  }
  if (!batchable) return outputs;
  const rows = Object.values(inputs)[0]?.shape[0];
  const uneven = Object.entries(outputs).find(([, { shape }]) => shape[0] !== rows);
  if (uneven === undefined) return outputs;
  throw new Error(
    `Output ${uneven[0]} has ${String(uneven[1].shape[0])} rows for ${String(rows)} rows of input.`,
  );
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
