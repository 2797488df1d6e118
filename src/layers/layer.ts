import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { MakeWeight } from './attention.js';
import { weightRules, type WeightArguments } from './identifiers.js';

export type Shape = (number | null)[];
export type Kwargs = Readonly<Record<string, unknown>>;

/** Arguments that every layer takes. */
export interface LayerArguments {
  readonly name?: string;
  readonly trainable?: boolean;
  readonly inputShape?: Shape;
}

/** tfjs' Layer with what the layers of this room share. */
export abstract class BaseLayer extends tfl.layers.Layer {
  /** Makes float32 weights; kernels with these rules. */
  protected maker(kernels: WeightArguments): MakeWeight {
    const rules = weightRules(kernels);
    return (name, shape, kind) => {
      if (kind === 'kernel') {
        const { initializer, regularizer, constraint } = rules;
        return this.addWeight(name, shape, 'float32', initializer, regularizer, true, constraint);
      }
      const initializer = kind === 'ones' ? tfl.initializers.ones() : tfl.initializers.zeros();
      return this.addWeight(name, shape, 'float32', initializer);
    };
  }
}

/** The inputs of a layer as a list. */
export function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

/** The shapes of a layer's inputs: of one input tfjs gives the shape itself. */
export function shapesOf(shape: Shape | readonly Shape[]): readonly Shape[] {
  return Array.isArray(shape[0]) ? (shape as readonly Shape[]) : [shape as Shape];
}

/** Dropout by tfjs' own layer, whose random numbers are drawn anew in every traced step. */
export function dropoutOf(rate: number): (x: tf.Tensor, kwargs: Kwargs) => tf.Tensor {
  if (rate === 0) return (x) => x;
  const layer = tfl.layers.dropout({ rate });
  return (x, { training }) => layer.apply(x, { training: training === true }) as tf.Tensor;
}

/** The masks that tfjs hands to a layer, one for each input; undefined where an input has none. */
export function masksOf(kwargs: Kwargs): readonly (tf.Tensor | undefined)[] {
  const { mask } = kwargs as { mask?: tf.Tensor | null | (tf.Tensor | null)[] };
  return mask == null ? [] : listOf(mask).map((one) => one ?? undefined);
}
