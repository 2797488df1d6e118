import type * as tf from '@tensorflow/tfjs-core';
import type { AimaasError } from '../../core/errors.js';
import { isJsonObject, type Json } from '../../core/json.js';
import { modelFileError } from './errors.js';

/** Weights files of a model.json, and what is in them. */
export type WeightGroup = {
  readonly paths: readonly string[];
  readonly weights: tf.io.WeightsManifestEntry[];
};

/** Paths of the weights files that a model.json names, relative to it. */
export function weightPaths(json: Json): string[] {
  const groups = isJsonObject(json) ? json['weightsManifest'] : undefined;
  return Array.isArray(groups)
    ? (groups as unknown as WeightGroup[]).flatMap((group) => [...group.paths])
    : [];
}

/** A weights file that a model.json names but that is not there, or may not be read. */
export function unreadableWeights(part: string, name: string, cause: unknown): AimaasError {
  const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return modelFileError(
    `The weights file ${part}, which ${name} names, ${absent ? 'is not there' : `cannot be read: ${(cause as Error).message}`}.`,
    `Put it beside ${name}, or leave out "weightsManifest" to begin with fresh weights.`,
    cause,
  );
}
