import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { AimaasError } from '../core/errors.js';
import type { DType, TensorData, TensorValues } from '../core/tensor.js';
import type { Executable, Tensors } from './engine.js';
import { importOnnxRuntime } from './onnxruntime/runtime.js';

export interface OnnxFileOptions {
  /** Threads inside an operation. One is fastest for small networks and small batches. */
  readonly threads: number;
  /** What to call the model in an error. */
  readonly name: string;
  /** What to do about a model that cannot be run. */
  readonly hint?: string | undefined;
}

/** An opened ONNX model, of which several runs may be asked for at once. */
export interface OnnxExecutable extends Executable {
  /** Name → shape; null where the size is free, such as the number of rows. */
  readonly inputs: ReadonlyMap<string, readonly (number | null)[]>;
  readonly outputs: ReadonlyMap<string, readonly (number | null)[]>;
}

/**
 * Opens an ONNX model for inference on the CPU.
 * @throws AimaasError ARTIFACT_CORRUPT when the bytes are no ONNX model that this ONNX Runtime can run.
 */
export async function openOnnx(bytes: Uint8Array, options: OnnxFileOptions): Promise<OnnxExecutable> {
  const { Tensor: OrtTensor } = await importOnnxRuntime();
  const session = await createSession(bytes, options);

  async function run(inputs: Tensors): Promise<Record<string, TensorData>> {
    const feeds: Record<string, Tensor> = {};
    for (const [name, { dtype, shape, data }] of Object.entries(inputs)) {
      feeds[name] = new OrtTensor(dtype, data, shape);
    }
    const results = await session.run(feeds);
    const outputs: Record<string, TensorData> = {};
    for (const [name, tensor] of Object.entries(results)) {
      outputs[name] = {
        dtype: tensor.type as DType,
        shape: tensor.dims,
        data: tensor.data as unknown as TensorValues,
      };
    }
    return outputs;
  }

  return {
    inputs: shapesOf(session.inputMetadata),
    outputs: shapesOf(session.outputMetadata),
    run,
    dispose: () => session.release(),
  };
}

/** A session of a model in memory or in a file. @throws AimaasError ARTIFACT_CORRUPT */
export async function createSession(
  model: Uint8Array | string,
  options: OnnxFileOptions,
): Promise<InferenceSession> {
  const { InferenceSession: Session } = await importOnnxRuntime();
  const settings: InferenceSession.SessionOptions = {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Threads that spin while they wait take the processor from everything else that runs here.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
  try {
    return await (typeof model === 'string'
      ? Session.create(model, settings)
      : Session.create(model, settings));
  } catch (error) {
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `${options.name} is not an ONNX model that ONNX Runtime can run: ${(error as Error).message}`,
      { hint: options.hint ?? 'Make it again: aimaas train --force, or aimaas export --force', cause: error },
    );
  }
}

function shapesOf(
  values: readonly InferenceSession.ValueMetadata[],
): ReadonlyMap<string, readonly (number | null)[]> {
  return new Map(
    values.map((value) => [
      value.name,
      value.isTensor ? value.shape.map((size) => (typeof size === 'number' ? size : null)) : [],
    ]),
  );
}
