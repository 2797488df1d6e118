import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { withProperties } from '../../graph/trace/patch.js';
import type { TaskKind } from '../../core/task-kind.js';

/**
 * How a model's answers become what losses and calibration work with: logits, or the number itself. A softmax or sigmoid
 * at the end is left off, since the logarithm of a rounded probability is worth less than the logit it was made from.
 */
export interface ModelHead {
  /** Applies the model to rows and gives [rows, units]: logits of every class, or numbers. */
  apply(model: tfl.LayersModel, run: () => tf.Tensor): tf.Tensor2D;
  /** The model's own answers, [rows, units of the model], from what `apply` gives. */
  answers(outputs: tf.Tensor2D): tf.Tensor2D;
}

interface WithActivation {
  activation?: { getClassName(): string };
}

/** Smallest probability whose logarithm is taken, as in Keras' losses. */
const LEAST = 1e-7;

const identity = { getClassName: (): string => 'linear', apply: <T>(x: T): T => x };

/** The layer that makes the output, inside of models within models. */
function lastLayer(model: tfl.LayersModel): tfl.layers.Layer | undefined {
  const layer = model.outputs[0]?.sourceLayer;
  return layer !== undefined && 'outputs' in layer && 'layers' in layer
    ? lastLayer(layer as unknown as tfl.LayersModel)
    : layer;
}

/** The name of the activation at the end; undefined where that is not known, or the layer is used in two places. */
function lastActivation(layer: tfl.layers.Layer | undefined): string | undefined {
  const uses = (layer as unknown as { inboundNodes?: unknown[] } | undefined)?.inboundNodes?.length ?? 0;
  if (uses > 1) return undefined;
  return (layer as WithActivation | undefined)?.activation?.getClassName();
}

/** Two logits whose softmax is [1 − σ(z), σ(z)]. */
const bothClasses = (logit: tf.Tensor): tf.Tensor2D =>
  tf.concat([tf.zerosLike(logit), logit], 1) as tf.Tensor2D;

const bounded = (probability: tf.Tensor): tf.Tensor => tf.clipByValue(probability, LEAST, 1 - LEAST);

export function headOf(model: tfl.LayersModel, task: TaskKind): ModelHead {
  if (task === 'regression') {
    return { apply: (_, run) => run() as tf.Tensor2D, answers: (outputs) => outputs };
  }
  const single = model.outputs[0]?.shape[1] === 1;
  const layer = lastLayer(model);
  const activation = lastActivation(layer);
  const own = single ? 'sigmoid' : 'softmax';
  if (layer !== undefined && (activation === own || activation === 'linear')) {
    const raw = (run: () => tf.Tensor): tf.Tensor2D =>
      withProperties(layer, { activation: identity }, run) as tf.Tensor2D;
    const logits = (outputs: tf.Tensor2D): tf.Tensor2D =>
      single ? tf.slice2d(outputs, [0, 1], [-1, 1]) : outputs;
    return {
      apply: (_, run) => (single ? bothClasses(raw(run)) : raw(run)),
      answers: (outputs) => {
        if (activation === 'linear') return logits(outputs);
        return single ? tf.sigmoid(logits(outputs)) : tf.softmax(outputs, -1);
      },
    };
  }
  // The model ends in something else, which must be probabilities.
  return {
    apply: (_, run) => {
      const probabilities = bounded(run());
      if (!single) return tf.log(probabilities) as tf.Tensor2D;
      return bothClasses(tf.sub(tf.log(probabilities), tf.log(tf.sub(1, probabilities))));
    },
    answers: (outputs) => {
      const probabilities = tf.softmax(outputs, -1);
      return single ? tf.slice(probabilities, [0, 1], [-1, 1]) : probabilities;
    },
  };
}
