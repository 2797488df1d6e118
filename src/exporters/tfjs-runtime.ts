import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { JsonObject } from '../core/json.js';
import type { TensorData, TensorValues } from '../core/tensor.js';

/** A graph model in plain tfjs, on its cpu backend. */
export interface TfjsGraphModel {
  readonly runtime: string;
  execute(feeds: Readonly<Record<string, TensorData>>, outputs: readonly string[]): Promise<TensorValues[]>;
  dispose(): void;
}

/** Opens model.json and its weights with tfjs' own loader. */
export async function loadGraphModel(json: JsonObject, weights: Uint8Array): Promise<TfjsGraphModel> {
  const { currentBackend, tf } = await import('../graph/trace/tensorflow.js');
  const converter = await import('@tensorflow/tfjs-converter');
  const artifacts = await tf.io.getModelArtifactsForJSON(json as unknown as io.ModelJSON, (manifest) =>
    Promise.resolve([manifest.flatMap((group) => group.weights), new Uint8Array(weights).buffer]),
  );
  /** tfjs has one backend for the whole process: work on ours, then give the former back. */
  const onCpu = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = currentBackend();
    await tf.setBackend('cpu');
    try {
      return await work();
    } finally {
      await tf.setBackend(before);
    }
  };
  // Lookups in tables are asynchronous; without any, tfjs warns of a needless executeAsync.
  const isDynamic = json.modelInitializer !== undefined;
  const model = await onCpu(() => converter.loadGraphModel({ load: () => Promise.resolve(artifacts) }));
  return {
    runtime: `tfjs ${tf.version_core}`,
    execute: (feeds, outputs) =>
      onCpu(async () => {
        const tensors: Record<string, Tensor> = {};
        let results: Tensor[] = [];
        try {
          for (const [name, { dtype, shape, data }] of Object.entries(feeds)) {
            const type = dtype === 'string' ? 'string' : 'float32';
            const values =
              type === 'string' ? [...(data as readonly string[])] : Float32Array.from(data as Float64Array);
            tensors[name] = tf.tensor(values, [...shape], type);
          }
          const made = isDynamic
            ? await model.executeAsync(tensors, [...outputs])
            : model.execute(tensors, [...outputs]);
          results = Array.isArray(made) ? made : [made];
          const values: TensorValues[] = [];
          for (const result of results) values.push(await result.data());
          return values;
        } finally {
          tf.dispose([tensors, results]);
        }
      }),
    dispose: () => {
      model.dispose();
    },
  };
}
