import { AimaasError } from '../../core/errors.js';
import type { Json, JsonObject } from '../../core/json.js';
import { badRequest, RequestError } from '../../server/request-error.js';
import type { TensorModel } from '../../server/served-model.js';
import { type Bytes, DATATYPES, type Datatype, type Values } from '../../server/tensors/datatype.js';
import { nestedJson } from '../../server/tensors/json.js';
import {
  elementCount,
  joinRows,
  type Tensor,
  type Tensors,
  type TensorSpec,
} from '../../server/tensors/tensor.js';
import { untrusted } from '../../workspace/signature.js';
import type { PredictorOptions } from '../predictor.js';

/** A model from elsewhere as it is to be served. */
export interface TensorSource {
  readonly path: string;
  readonly name: string;
  readonly version: number | null;
  readonly labels: readonly string[];
}

/** What computes a model whose tensors are its signature. */
export interface TensorRunner {
  readonly platform: TensorModel['platform'];
  readonly inputs: readonly TensorSpec[];
  /** Where nothing is known of a shape it is null. */
  readonly outputs: readonly (Omit<TensorSpec, 'shape'> & { readonly shape: readonly number[] | null })[];
  run(inputs: Tensors): Promise<Tensors>;
  /** Why a model that failed so when it was tried can answer nothing at all; undefined where other tensors may do. */
  brokenBy?(error: unknown): AimaasError | undefined;
  dispose(): Promise<void>;
}

/**
 * A model from elsewhere for the server. Rows of several requests are answered together only if the first axis of all
 * tensors is free and trying it out shows that rows do not depend on each other.
 * @throws AimaasError UNSUPPORTED for outputs whose shape is neither told nor shown by a trial, or ARTIFACT_CORRUPT for a model that
 * lacks a part of it.
 */
export async function serveTensors(source: TensorSource, runner: TensorRunner): Promise<TensorModel> {
  const { example, batchable, outputs } = await trial(source.path, runner);
  const { name, version, labels } = source;
  return {
    kind: 'tensors',
    platform: runner.platform,
    name,
    version,
    labels,
    example: example === undefined ? {} : exampleRecord(example, batchable),
    exampleTensors: example,
    inputTensors: runner.inputs,
    outputTensors: outputs,
    batchable,
    run: (inputs) => runChecked(runner, inputs, { example, batchable }),
    dispose: () => runner.dispose(),
  };
}

/** @throws AimaasError ARTIFACT_UNTRUSTED where a signature is required: a file from elsewhere bears none. */
export function refuseUnsigned(path: string, what: string, { trust }: PredictorOptions): void {
  if ((trust?.requireSignature ?? []).length === 0) return;
  throw untrusted(
    `${path} is ${what}, which bears no signature, and one is required.`,
    'Serve a signed export (aimaas export --sign KEYFILE), or leave out --require-signature.',
  );
}

export function notServable(path: string, what: string, hint: string): AimaasError {
  return new AimaasError('UNSUPPORTED', `${path} ${what}, so it cannot be served.`, { hint });
}

interface Trial {
  /** Inputs that the model answers; undefined where those that were tried fail, such as for sizes nobody can guess. */
  readonly example: Tensors | undefined;
  readonly batchable: boolean;
}

/** Tries the model: with zeros, with ones, and with both at once. */
async function trial(
  path: string,
  runner: TensorRunner,
): Promise<Trial & { readonly outputs: readonly TensorSpec[] }> {
  const { inputs } = runner;
  const zeros = filled(inputs, 0);
  const ones = filled(inputs, 1);
  const answers = await Promise.all([runner.run(zeros), runner.run(ones)]).catch((error: unknown) => {
    const broken = runner.brokenBy?.(error);
    if (broken !== undefined) throw broken;
    return undefined;
  });
  const outputs = runner.outputs.map((spec) => ({
    ...spec,
    shape: spec.shape ?? shown(path, spec.name, answers),
  }));
  if (answers === undefined) return { example: undefined, batchable: false, outputs };
  const free = [...inputs, ...outputs].every(({ shape }) => shape[0] === -1) && inputs.length > 0;
  if (!free) return { example: zeros, batchable: false, outputs };
  const together = await runner.run(joinRows([zeros, ones])).catch(() => undefined);
  const apart = joinRows(answers);
  const batchable =
    together !== undefined &&
    outputs.every(({ name }) => nearlyEqual(together[name] as Tensor, apart[name] as Tensor));
  return { example: zeros, batchable, outputs };
}

/** As many free sizes as an answer has. */
function shown(path: string, name: string, answers: readonly Tensors[] | undefined): readonly number[] {
  const shape = answers?.[0]?.[name]?.shape;
  if (shape !== undefined) return shape.map(() => -1);
  throw notServable(
    path,
    `does not say how many axes its output "${name}" has, and cannot be tried out`,
    'Save it with shapes of known rank.',
  );
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

/** Of types that are held as their bits. */
const ONE_AS_BITS: Partial<Record<Datatype, number>> = { FP16: 0x3c00, BF16: 0x3f80 };

function fillOnes(datatype: Datatype, values: Values): void {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) values.fill(1n);
  else if (ArrayBuffer.isView(values)) values.fill(ONE_AS_BITS[datatype] ?? 1);
  else (values as Bytes[]).fill('1');
}

function nearlyEqual(one: Tensor, other: Tensor): boolean {
  if (one.shape.join() !== other.shape.join()) return false;
  return Array.from(one.values as ArrayLike<unknown>).every((value, i) => {
    const twin = other.values[i];
    if (one.datatype === 'BYTES') return bytesOf(value as Bytes).equals(bytesOf(twin as Bytes));
    const [a, b] = [Number(value), Number(twin)];
    return Object.is(a, b) || Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(a), Math.abs(b));
  });
}

function bytesOf(value: Bytes): Buffer {
  return Buffer.from(value as string);
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
 * @throws RequestError 400 then, with the engine's words.
 */
async function runChecked(
  runner: TensorRunner,
  inputs: Tensors,
  { example, batchable }: Trial,
): Promise<Tensors> {
  let outputs: Tensors;
  try {
    outputs = await runner.run(inputs);
  } catch (error) {
    if (example === undefined || error instanceof RequestError) throw error;
    await runner.run(example);
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
