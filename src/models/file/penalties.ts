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
 * The penalties of a model's regularizers, scalars. tfjs leaves out those of the cells of recurrent layers, which hold the
 * weights that a regularizer of an LSTM is for.
 */
export function penaltiesOf(model: tfl.LayersModel): tf.Tensor[] {
  return [...model.calculateLosses(), ...model.layers.flatMap(cellPenalties)];
}

function cellPenalties(layer: Layer): tf.Tensor[] {
  const { cell, cells, forwardLayer, backwardLayer, layer: wrapped, layers } = layer as unknown as Holder;
  const both = [forwardLayer, backwardLayer].filter((one) => one !== undefined);
  const inner = both.length > 0 ? both : wrapped === undefined ? [] : [wrapped];
  return [
    ...[...(cell === undefined ? [] : [cell]), ...(cells ?? [])].flatMap((one) => [
      ...one.calculateLosses(),
      ...cellPenalties(one),
    ]),
    ...[...inner, ...(layers ?? [])].flatMap(cellPenalties),
  ];
}
