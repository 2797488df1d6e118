import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PredictorFile, RunContent } from '../../core/artifacts.js';
import type { ModelSignature } from '../../core/bundle.js';
import { AimaasError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import type { ExportModel } from '../../exporters/index.js';
import { loadFeatures } from '../../features/index.js';
import type { Graph } from '../../graph/graph.js';
import { graphFromFiles } from '../../graph/serialize.js';
import { outputsOf } from '../../tasks/index.js';
import type { Manifest } from '../../workspace/manifest.js';
import { readSafetensors } from '../../workspace/safetensors.js';
import { modelInputs } from '../model-inputs.js';

/** A complete run as exporters take it. */
export async function exportModelOf(
  folder: string,
  run: Manifest<RunContent>,
  name: string,
): Promise<ExportModel> {
  const predictor = (await readJson(folder, 'predictor.json')) as unknown as PredictorFile;
  const features = loadFeatures(predictor.features);
  const outputs = outputsOf(predictor.target);
  const signature: ModelSignature = {
    inputs: modelInputs(features),
    outputs:
      predictor.task === 'regression'
        ? [{ name: 'value', dtype: 'float32', shape: [null, 1] }]
        : [
            { name: 'label', dtype: 'string', shape: [null] },
            { name: 'probabilities', dtype: 'float32', shape: [null, outputs] },
          ],
  };
  const network = await readNetwork(folder);
  return { name, run: run.id, target: predictor.target, features, network, signature };
}

async function readNetwork(folder: string): Promise<Graph> {
  const topology = await readJson(folder, 'network.json');
  return graphFromFiles(topology, await readSafetensors(join(folder, 'network.safetensors')));
}

async function readJson(folder: string, name: string): Promise<Json> {
  const path = join(folder, name);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Json;
  } catch (cause) {
    throw new AimaasError('ARTIFACT_CORRUPT', `A file of the run cannot be read: ${path}`, {
      hint: 'Train again: aimaas train --force',
      cause,
    });
  }
}
