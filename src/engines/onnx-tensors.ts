import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { createSession, type OnnxFileOptions } from './onnx-file.js';
import { importOnnxRuntime } from './onnxruntime/runtime.js';

/** A tensor as ONNX Runtime has it: its own name of the type, and the typed array or strings of it. */
export interface OnnxTensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: unknown;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** null for a value that is no tensor, such as a sequence of maps. */
  readonly type: string | null;
  /** A size, or a name (which may be empty) where it is free. */
  readonly shape: readonly (number | string)[];
}

/** Any ONNX model, run as it is. Several runs may be asked for at once. */
export interface OnnxModel {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Gives the outputs that are tensors. */
  run(inputs: ReadonlyMap<string, OnnxTensor>): Promise<ReadonlyMap<string, OnnxTensor>>;
  dispose(): Promise<void>;
}

/**
 * Opens an ONNX file that someone else made, with the files of large weights that lie beside it.
 * @throws AimaasError ARTIFACT_CORRUPT when ONNX Runtime cannot run it.
 */
export async function openOnnxModel(
  path: string,
  options: Omit<OnnxFileOptions, 'name'>,
): Promise<OnnxModel> {
  const { Tensor: OrtTensor } = await importOnnxRuntime();
  const session = await createSession(path, { ...options, name: path });
  const outputs = session.outputMetadata.map(infoOf);
  const wanted = outputs.filter(({ type }) => type !== null).map(({ name }) => name);
  return {
    inputs: session.inputMetadata.map(infoOf),
    outputs,
    async run(inputs) {
      const feeds: Record<string, Tensor> = {};
      for (const [name, { type, shape, data }] of inputs) {
        feeds[name] = new OrtTensor(type as 'float32', data as Float32Array, shape);
      }
      const results = await session.run(feeds, wanted);
      return new Map(
        wanted.map((name) => {
          const tensor = results[name] as Tensor;
          return [name, { type: tensor.type, shape: tensor.dims, data: tensor.data }];
        }),
      );
    },
    dispose: () => session.release(),
  };
}

function infoOf(value: InferenceSession.ValueMetadata): OnnxValueInfo {
  if (!value.isTensor) return { name: value.name, type: null, shape: [] };
  return { name: value.name, type: value.type, shape: value.shape };
}
