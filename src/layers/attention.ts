import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** Sizes of multi-head attention; those of the value heads and the output have the defaults of Keras. */
export interface AttentionSizes {
  readonly numHeads: number;
  /** Size of each head of query and key. */
  readonly keyDim: number;
  /** Size of each head of the values. */
  readonly valueDim: number;
  readonly useBias: boolean;
}

/** A linear map to or from heads; kernels [in, heads, size], for the output [heads, size, out]. */
interface Projection {
  readonly kernel: tfl.LayerVariable;
  readonly bias: tfl.LayerVariable | undefined;
}

export interface AttentionWeights {
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  readonly output: Projection;
}

/** Makes a weight of the layer: kernels by the layer's initializer, biases of zeros. */
export type MakeWeight = (
  name: string,
  shape: number[],
  kind: 'kernel' | 'bias' | 'ones',
) => tfl.LayerVariable;

/** The weights of an attention in the order and shapes of Keras. */
export function attentionWeights(
  make: MakeWeight,
  sizes: AttentionSizes,
  widths: { readonly query: number; readonly key: number; readonly value: number; readonly output: number },
): AttentionWeights {
  const { numHeads, keyDim, valueDim, useBias } = sizes;
  const projection = (name: string, kernel: number[], bias: number[]): Projection => ({
    kernel: make(`${name}_kernel`, kernel, 'kernel'),
    bias: useBias ? make(`${name}_bias`, bias, 'bias') : undefined,
  });
  return {
    query: projection('query', [widths.query, numHeads, keyDim], [numHeads, keyDim]),
    key: projection('key', [widths.key, numHeads, keyDim], [numHeads, keyDim]),
    value: projection('value', [widths.value, numHeads, valueDim], [numHeads, valueDim]),
    output: projection('output', [numHeads, valueDim, widths.output], [widths.output]),
  };
}

/** [batch, time, in] → [batch, heads, time, size]. */
function toHeads(x: tf.Tensor3D, { kernel, bias }: Projection): tf.Tensor4D {
  const [batch, time, width] = x.shape;
  const [, heads, size] = kernel.read().shape as [number, number, number];
  const flat = tf.matMul(
    tf.reshape(x, [batch * time, width]),
    tf.reshape<tf.Rank.R2>(kernel.read(), [width, heads * size]),
  );
  const shifted = bias === undefined ? flat : tf.add(flat, tf.reshape(bias.read(), [heads * size]));
  return tf.transpose(tf.reshape<tf.Rank.R4>(shifted, [batch, time, heads, size]), [0, 2, 1, 3]);
}

/** [batch, heads, time, size] → [batch, time, out]. */
function fromHeads(x: tf.Tensor4D, { kernel, bias }: Projection): tf.Tensor3D {
  const [batch, heads, time, size] = x.shape;
  const width = kernel.read().shape[2] as number;
  const rows = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * time, heads * size]);
  const flat = tf.matMul(rows, tf.reshape<tf.Rank.R2>(kernel.read(), [heads * size, width]));
  return tf.reshape<tf.Rank.R3>(bias === undefined ? flat : tf.add(flat, bias.read()), [batch, time, width]);
}

export interface AttentionMasks {
  /** [batch, time of the values]: which of them exist. */
  readonly values: tf.Tensor | undefined;
  /** Whether a position sees itself and those before it only. */
  readonly causal: boolean;
}

/** What is added to the scores of what must not be seen: its share is then 0 in float32. */
const UNSEEN = -1e9;

/** The masks as what is added to scores [batch, heads, queries, keys]; undefined where all is seen. */
function scoreMask(queries: number, keys: number, { values, causal }: AttentionMasks): tf.Tensor | undefined {
  const parts: tf.Tensor[] = [];
  if (values !== undefined) {
    const absent = tf.sub(1, tf.cast(values, 'float32'));
    parts.push(tf.reshape(tf.mul(absent, UNSEEN), [values.shape[0], 1, 1, keys]));
  }
  if (causal) {
    const later = Float32Array.from({ length: queries * keys }, (_, i) =>
      i % keys > Math.floor(i / keys) ? UNSEEN : 0,
    );
    parts.push(tf.tensor(later, [1, 1, queries, keys]));
  }
  const [first, second] = parts;
  return first === undefined || second === undefined ? first : tf.add(first, second);
}

/**
 * Scaled dot-product attention of several heads, softmax(QKᵀ/√d)V, between linear maps to the heads and back (Vaswani et
 * al. 2017): query [batch, queries, ·], key and value [batch, keys, ·] → [batch, queries, out].
 * @param drop dropout of the shares
 */
export function attend(
  weights: AttentionWeights,
  given: { readonly query: tf.Tensor3D; readonly key: tf.Tensor3D; readonly value: tf.Tensor3D },
  masks: AttentionMasks,
  drop: (shares: tf.Tensor) => tf.Tensor,
): tf.Tensor3D {
  const query = toHeads(given.query, weights.query);
  const key = toHeads(given.key, weights.key);
  const value = toHeads(given.value, weights.value);
  const size = query.shape[3];
  const scores = tf.matMul(tf.mul(query, 1 / Math.sqrt(size)), key, false, true);
  const mask = scoreMask(query.shape[2], key.shape[2], masks);
  const shares = drop(tf.softmax(mask === undefined ? scores : tf.add(scores, mask), -1));
  return fromHeads(tf.matMul<tf.Tensor4D>(shares, value), weights.output);
}
