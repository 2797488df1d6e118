import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeaturesContent, PredictorFile } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { makeFolder } from '../../core/make-folder.js';
import type { TensorData } from '../../core/tensor.js';
import type { FittedFeatures } from '../../features/index.js';
import type { Graph } from '../../graph/graph.js';
import { toOnnx } from '../../graph/onnx/index.js';
import { graphToFiles } from '../../graph/serialize.js';
import type { Packing } from '../../training/packing.js';
import type { InitialValues, Program } from '../../training/program.js';
import { writeFileAtomic, writeJsonAtomic } from '../../workspace/atomic.js';
import { readSafetensors, writeSafetensors } from '../../workspace/safetensors.js';

/** Everything needed to answer with the trained network, in the form predict, evaluate, export and serve read. */
export async function writeNetwork(
  folder: string,
  graph: Graph,
  features: FeaturesContent,
  fitted: FittedFeatures,
): Promise<void> {
  const predictor: PredictorFile = {
    schemaVersion: 1,
    task: features.task,
    schema: fitted.schema,
    target: features.target,
    features: fitted.toJSON(),
  };
  const files = graphToFiles(graph);
  await makeFolder(folder);
  await writeFileAtomic(join(folder, 'network.onnx'), toOnnx(graph));
  await writeJsonAtomic(join(folder, 'network.json'), files.topology);
  await writeSafetensors(join(folder, 'network.safetensors'), files.constants);
  await writeJsonAtomic(join(folder, 'predictor.json'), predictor);
}

/** The weights by name, and what is needed to build the network again: for --from, and for people who want to look. */
export async function writeModel(
  folder: string,
  program: Program,
  values: InitialValues,
  model: JsonObject,
): Promise<void> {
  const tensors: Record<string, TensorData> = {};
  const add = (packing: Packing, matrix: Float32Array): void => {
    packing.unpackValues(matrix).forEach((data, index) => {
      const spec = packing.specs[index];
      if (spec !== undefined) tensors[spec.name] = { dtype: 'float32', shape: spec.shape, data };
    });
  };
  add(program.parameters, values.parameters);
  add(program.statistics, values.statistics);
  await writeSafetensors(join(folder, 'weights.safetensors'), tensors);
  await writeJsonAtomic(join(folder, 'model.json'), {
    schemaVersion: 1,
    ...model,
    members: program.members,
    weights: [...program.parameters.specs, ...program.statistics.specs],
  });
}

/**
 * First values with the weights of another run in the place of those of equal name and shape.
 * @throws AimaasError ARTIFACT_INCOMPATIBLE when not one weight fits.
 */
export async function weightsFrom(
  folder: string,
): Promise<(program: Program, initial: InitialValues) => { values: InitialValues; fresh: string[] }> {
  const saved = await readSafetensors(join(folder, 'weights.safetensors'));
  return (program, initial) => {
    const fresh: string[] = [];
    const take = (packing: Packing, matrix: Float32Array): Float32Array => {
      const values = packing.unpackValues(matrix).map((first, index) => {
        const spec = packing.specs[index];
        const found = spec === undefined ? undefined : saved[spec.name];
        const fits = found !== undefined && JSON.stringify(found.shape) === JSON.stringify(spec?.shape);
        if (!fits) fresh.push(spec?.name ?? '');
        return fits ? (found.data as Float32Array) : first;
      });
      return packing.packValues(values);
    };
    const values = {
      parameters: take(program.parameters, initial.parameters),
      statistics: take(program.statistics, initial.statistics),
    };
    if (fresh.length === program.parameters.specs.length + program.statistics.specs.length) {
      throw new AimaasError('ARTIFACT_INCOMPATIBLE', `No weight of the run in ${folder} fits this network.`, {
        hint: 'Use --from with a run of the same model family and the same features.',
      });
    }
    return { values, fresh };
  };
}

/** Checkpoints are of no use once a run is complete. */
export async function removeCheckpoints(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
