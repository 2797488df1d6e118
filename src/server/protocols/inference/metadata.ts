import type { JsonObject } from '../../../core/json.js';
import { VERSION } from '../../../core/version.js';
import { versionNumber } from '../../model-set.js';
import type { ServedModel } from '../../served-model.js';
import type { TensorSpec } from '../../tensors/tensor.js';

export const SERVER_NAME = 'aimaas';
export const EXTENSIONS = ['classification', 'binary_tensor_data', 'model_repository'] as const;

export function serverMetadata(): JsonObject {
  return { name: SERVER_NAME, version: VERSION, extensions: EXTENSIONS };
}

/** What runs the model, as Triton names platforms. */
export function platformOf(model: ServedModel): string {
  return model.kind === 'columns' ? 'aimaas' : model.platform;
}

/** A model's tensors. Of `probabilities`, the parameter `classes` says which is which. */
export function modelMetadata(model: ServedModel, versions: readonly ServedModel[]): JsonObject {
  const classes = model.kind === 'columns' ? model.predictor.classes : [];
  return {
    name: model.name,
    versions: versions.map((version) => String(versionNumber(version))),
    platform: platformOf(model),
    inputs: model.inputTensors.map(tensorMetadata),
    outputs: model.outputTensors.map((spec) =>
      spec.name === 'probabilities' && classes.length > 0
        ? { ...tensorMetadata(spec), parameters: { classes } }
        : tensorMetadata(spec),
    ),
  };
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): JsonObject {
  return { name, datatype, shape };
}
