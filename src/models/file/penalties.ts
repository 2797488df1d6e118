import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

type Layer = tfl.layers.Layer;

/** What layers hold others in: recurrent layers, stacked cells, wrappers, models within models. */
interface Holder {
  readonly cell?: Layer;
  readonly cells?: readonly Layer[];
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
  readonly layer?: Layer;
  readonly layers?: readonly Layer[];
}

/**
 * The penalties of a model's regularizers, scalars, each weight's once. tfjs' own calculateLosses() leaves out those of
 * sequential models, and of the cells of recurrent layers, which hold the weights that a regularizer of an LSTM is for.
 */
export function penaltiesOf(model: tfl.LayersModel): tf.Tensor[] {
  return model.layers.flatMap(layerPenalties);
}

function layerPenalties(layer: Layer): tf.Tensor[] {
  const { layers } = layer as unknown as Holder;
  if (layers !== undefined) return layers.flatMap(layerPenalties);
  return [...layer.calculateLosses(), ...heldPenalties(layer)];
}

/** What the layers that a layer holds add to what it says itself; a wrapper says what its layer says. */
function heldPenalties(layer: Layer): tf.Tensor[] {
  const { cell, cells, forwardLayer, backwardLayer, layer: wrapped } = layer as unknown as Holder;
  const own = [cell, ...(cells ?? [])].filter((one) => one !== undefined);
  const directions = [forwardLayer, backwardLayer].filter((one) => one !== undefined);
  const inner = directions.length > 0 || wrapped === undefined ? directions : [wrapped];
  return [
    ...own.flatMap((one) => [...one.calculateLosses(), ...heldPenalties(one)]),
    ...inner.flatMap((one) => ('layers' in one ? layerPenalties(one) : heldPenalties(one))),
  ];
}
