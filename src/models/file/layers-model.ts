import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { AimaasError } from '../../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
// Registers the layers that tfjs does not have, so that a topology may name them.
import '../../layers/index.js';
import type { ModelDefinition } from './definition.js';
import { modelFileError, thrownByFile } from './errors.js';
import { asTfjsTopology } from './keras.js';
import { unreadableWeights, type WeightGroup, weightPaths } from './weight-files.js';

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
        throw (
          unknownClass(name, topology, error) ??
          thrownByFile(name, 'is not a model that tfjs can make', error)
        );
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
    return asTfjsTopology(inner, name);
  }
  throw modelFileError(
    `${name} is not a model.json: it has no "modelTopology" with a "class_name" and a "config".`,
    'Write one with model.save() of tfjs, tensorflowjs_converter, or model.to_json() of Keras.',
  );
}

/** tfjs' "Unknown layer: Foo. …" as an error that names the layer it is in; undefined for another. */
function unknownClass(name: string, topology: JsonObject, error: unknown): AimaasError | undefined {
  const [, kind, unknown] = /^Unknown ([\w ]+): (\w+)\./.exec((error as Error).message) ?? [];
  if (kind === undefined || unknown === undefined) return undefined;
  const layer = layerOf(topology, unknown);
  const which = layer === undefined ? `${name} has` : `The layer "${layer}" of ${name}`;
  const is = layer === undefined ? '' : kind === 'layer' ? ' is' : ' has';
  return modelFileError(
    `${which}${is} the ${kind} ${unknown}, which neither tfjs nor aimaas/layers knows.`,
    'Write the model as a JavaScript file, with a class of your own for it: docs/models.md.',
    error,
  );
}

/** The name of the innermost layer in a topology that mentions a class. */
function layerOf(value: Json, mentioned: string, within?: string): string | undefined {
  if (value === mentioned) return within;
  if (Array.isArray(value))
    return first(value as readonly Json[], (item) => layerOf(item, mentioned, within));
  if (!isJsonObject(value)) return undefined;
  const { config } = value;
  const own = isJsonObject(config) && typeof config['name'] === 'string' ? config['name'] : within;
  return first(Object.values(value), (item) => layerOf(item, mentioned, own));
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
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
        throw unreadableWeights(part, name, cause);
      }),
    );
  }
  const whole = Buffer.concat(parts);
  const groups = json['weightsManifest'] as unknown as WeightGroup[];
  return {
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength),
  };
}
