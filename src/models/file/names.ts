import type * as tfl from '@tensorflow/tfjs-layers';
import type { LayerWeight } from '../../graph/bind-weights.js';

/** A weight of a tf.layers model: its variable, and a name that is the same whenever the model is made. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly variable: tfl.LayerVariable & LayerWeight;
}

/**
 * The weights of a model in tfjs' order. tfjs numbers layers without a name of their own on and on while the process
 * lives (dense_Dense7); here they are numbered within the model, so that runs can be resumed and compared.
 */
export function namedWeights(model: tfl.LayersModel): NamedWeight[] {
  const trainable = new Set(model.trainableWeights);
  const owners = ownersOf(model);
  const taken = new Map<string, number>();
  return model.weights.map((variable) => {
    const part = variable.originalName.split('/').at(-1) ?? variable.originalName;
    const base = `${owners.get(variable) ?? 'model'}/${part}`;
    const count = (taken.get(base) ?? 0) + 1;
    taken.set(base, count);
    return {
      name: count === 1 ? base : `${base}_${count}`,
      shape: variable.shape as number[],
      trainable: trainable.has(variable),
      variable: variable,
    };
  });
}

/** Weight → the name of its layer within the model. */
function ownersOf(model: tfl.LayersModel): Map<tfl.LayerVariable, string> {
  const owners = new Map<tfl.LayerVariable, string>();
  const counts = new Map<string, number>();
  for (const layer of model.layers) {
    const name = stableName(layer, counts);
    for (const weight of layer.weights) if (!owners.has(weight)) owners.set(weight, name);
  }
  return owners;
}

function stableName(layer: tfl.layers.Layer, counts: Map<string, number>): string {
  const kind = layer.getClassName();
  const numbered = new RegExp(`^[a-z0-9_]*_${kind}\\d+$`);
  if (!numbered.test(layer.name)) return layer.name;
  const count = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, count);
  return `${kind} ${count}`;
}
