import * as tfl from '@tensorflow/tfjs-layers';
import { sizeOf } from '../../core/tensor.js';
import type { ModelContext } from '../family.js';
import { modelFileError } from './errors.js';

type Shape = readonly (number | null)[];

const shown = (shape: Shape): string => `[${shape.map((size) => size ?? 'batch').join(', ')}]`;

/**
 * Checks that what a model file made is a model for these features and this target.
 * @returns it, built
 * @throws AimaasError MODEL_FILE naming the layer that does not fit, what it has and what was expected.
 */
export function checkModel(name: string, made: unknown, context: ModelContext): tfl.LayersModel {
  if (!(made instanceof tfl.LayersModel)) throw notAModel(name, made);
  const model = made;
  // A sequential model whose first layer knows no shape has none until it is used.
  const inputs = (model as { inputs?: tfl.SymbolicTensor[] | null }).inputs ?? [];
  if (inputs.length === 0) {
    throw modelFileError(
      `The model of ${name} does not know the shape of its input: its first layer "${model.layers[0]?.name ?? ''}" has no inputShape.`,
      'Give the first layer the inputShape that the function is called with: tf.layers.dense({ inputShape, … }).',
    );
  }
  checkInput(name, model, context);
  checkOutput(name, model, context);
  refuseUnfinished(name, model);
  if (model.trainableWeights.length === 0) {
    throw modelFileError(`The model of ${name} has no trainable weights, so there is nothing to learn.`);
  }
  return model;
}

function notAModel(name: string, made: unknown): Error {
  const looksLikeOne = typeof made === 'object' && made !== null && 'layers' in made && 'predict' in made;
  if (looksLikeOne) {
    return modelFileError(
      `The model of ${name} was made with another copy of TensorFlow.js than the one aimaas trains with.`,
      'Use the `tf` that the function is called with instead of importing @tensorflow/tfjs.',
    );
  }
  const what =
    made === undefined
      ? 'nothing'
      : made === null
        ? 'null'
        : typeof made === 'object'
          ? 'an object'
          : `a ${typeof made}`;
  return modelFileError(`The function of ${name} returned ${what}; expected a tf.LayersModel.`);
}

/** Layers of tfjs that compute shapes without the batch and fail in every model, and what to use instead. */
const UNFINISHED: Readonly<Partial<Record<string, string>>> = {
  Resizing: 'a layer of your own that calls tf.image.resizeBilinear, or tf.layers.upSampling2d',
  CenterCrop: 'tf.layers.cropping2D',
};

function refuseUnfinished(name: string, model: tfl.LayersModel): void {
  for (const layer of model.layers) {
    const kind = layer.getClassName();
    const instead = UNFINISHED[kind];
    if (instead === undefined) continue;
    throw modelFileError(
      `The layer "${layer.name}" of ${name} is a ${kind}, which TensorFlow.js has not finished: it does not work in a model.`,
      `Use ${instead}.`,
    );
  }
}

function checkInput(name: string, model: tfl.LayersModel, { layout }: ModelContext): void {
  const { inputs } = model;
  const [input] = inputs;
  if (inputs.length > 1 || input === undefined) {
    throw modelFileError(
      `The model of ${name} has ${inputs.length} inputs (${inputs.map((one) => one.name).join(', ')}); expected one that takes all ${layout.length} features.`,
      'Take the columns of each part out of one input: "Parts of the columns" in docs/models.md shows how.',
    );
  }
  const shape = input.shape.slice(1);
  const size = shape.includes(null) ? NaN : sizeOf(shape as number[]);
  if (size === layout.length) return;
  throw modelFileError(
    `The input layer "${input.sourceLayer.name}" of ${name} takes ${shown(input.shape)}; the features have ${layout.length} columns, so ${shown([null, layout.length])} was expected (or a shape of as many elements).`,
    'Use the inputShape that the function is called with; the features: aimaas preprocess.',
  );
}

function checkOutput(name: string, model: tfl.LayersModel, context: ModelContext): void {
  const { outputs } = model;
  const [output] = outputs;
  if (outputs.length > 1 || output === undefined) {
    throw modelFileError(
      `The model of ${name} has ${outputs.length} outputs (${outputs.map((one) => one.sourceLayer.name).join(', ')}); expected one.`,
      context.task === 'regression'
        ? 'One model predicts one number: train one for each target, or join the outputs: tf.layers.average().apply(outputs).'
        : 'One model predicts one target: train one for each, or join the outputs: tf.layers.average().apply(outputs).',
    );
  }
  const units = output.shape.length === 2 ? output.shape[1] : undefined;
  if (units === context.outputs || (context.task === 'binary' && units === 1)) return;
  const why = context.task === 'regression' ? 'the number to predict' : `the ${context.outputs} classes`;
  throw modelFileError(
    `The last layer "${output.sourceLayer.name}" of ${name} gives ${shown(output.shape)}; expected ${shown([null, context.outputs])} for ${why}.`,
    output.shape.length === 2
      ? 'Use the outputUnits that the function is called with: tf.layers.dense({ units: outputUnits, activation: outputActivation }).'
      : 'Add tf.layers.flatten() before the last layer.',
  );
}
