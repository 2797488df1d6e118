import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
// Registers the layers that tfjs does not have, so that a topology may name them.
import '../../layers/index.js';
import type { ModelDefinition } from './definition.js';
import { modelFileError, thrownByFile } from './errors.js';
import { asTfjsTopology } from './keras.js';

/**
 * Loads a model.json: a tfjs layers model with its weights beside it, or the topology alone, of tfjs or Keras.
 * @throws AimaasError MODEL_FILE when it is not one, or a weights file is missing.
 */
export async function loadLayersModel(path: string, name: string): Promise<ModelDefinition> {
  const json = await readJson(path, name);
  const topology = topologyOf(json, name);
  const weights = await readWeights(json, path, name);
  const compiled = json['trainingConfig'];
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: topology,
    ...weights,
    ...(isJsonObject(compiled) ? { trainingConfig: compiled as unknown as tf.io.TrainingConfig } : {}),
  };
  return {
    name,
    parameters: {},
    build: async () => {
      try {
        return await tfl.loadLayersModel(tf.io.fromMemory(artifacts));
      } catch (error) {
        throw thrownByFile(name, 'is not a model that tfjs can make', error);
      }
    },
  };
}

async function readJson(path: string, name: string): Promise<JsonObject> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw modelFileError(`${name} is not valid JSON: ${(error as Error).message}`, undefined, error);
  }
  if (isJsonObject(json)) return json;
  throw modelFileError(`${name} is not the description of a model.`);
}

/** The topology in a file of tfjs (modelTopology), of Keras in HDF5 (model_config) or of model.to_json(). */
function topologyOf(json: JsonObject, name: string): JsonObject {
  if (json['format'] === 'graph-model') {
    throw modelFileError(
      `${name} is a tfjs graph model, which holds operations instead of layers and cannot be trained.`,
      'Convert the Keras model as layers: tensorflowjs_converter --output_format=tfjs_layers_model …',
    );
  }
  const outer = json['modelTopology'] ?? json;
  const inner = isJsonObject(outer) ? (outer['model_config'] ?? outer) : outer;
  if (isJsonObject(inner) && typeof inner['class_name'] === 'string' && 'config' in inner) {
    return asTfjsTopology(inner);
  }
  throw modelFileError(
    `${name} is not a model.json: it has no "modelTopology" with a "class_name" and a "config".`,
    'Write one with model.save() of tfjs, tensorflowjs_converter, or model.to_json() of Keras.',
  );
}

type Group = { readonly paths: readonly string[]; readonly weights: tf.io.WeightsManifestEntry[] };

/** Paths of the weights files that a model.json names, relative to it. */
export function weightPaths(json: Json): string[] {
  const groups = isJsonObject(json) ? json['weightsManifest'] : undefined;
  return Array.isArray(groups) ? (groups as unknown as Group[]).flatMap((group) => [...group.paths]) : [];
}

async function readWeights(
  json: JsonObject,
  path: string,
  name: string,
): Promise<Pick<tf.io.ModelArtifacts, 'weightSpecs' | 'weightData'>> {
  const paths = weightPaths(json);
  if (paths.length === 0) return {};
  const parts: Buffer[] = [];
  for (const part of paths) {
    const file = join(dirname(path), part);
    parts.push(
      await readFile(file).catch((cause: unknown) => {
        throw modelFileError(`The weights file ${part}, which ${name} names, cannot be read.`, file, cause);
      }),
    );
  }
  const whole = Buffer.concat(parts);
  const groups = json['weightsManifest'] as unknown as Group[];
  return {
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength),
  };
}
