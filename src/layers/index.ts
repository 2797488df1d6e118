/**
 * `aimaas/layers`: layers that TensorFlow.js lacks, made like those of tf.layers. They can be saved and loaded with models,
 * and importing this module makes their names and the activations of activations.ts known to tfjs.
 */
import type * as tfl from '@tensorflow/tfjs-layers';
import './activations.js';
import { type ColumnEmbeddingArguments, ColumnEmbedding } from './column-embedding.js';
import { type GruArguments, GruResetAfter } from './gru.js';
import { MultiHeadAttention, type MultiHeadAttentionArguments } from './multi-head-attention.js';
import { PositionalEmbedding, type PositionalEmbeddingArguments } from './positional-embedding.js';
import { type TransformerArguments, TransformerDecoder, TransformerEncoder } from './transformer.js';

export type {
  ColumnEmbeddingArguments,
  GruArguments,
  MultiHeadAttentionArguments,
  PositionalEmbeddingArguments,
  TransformerArguments,
};

/** Attention of several heads: apply(x), apply([query, value]) or apply([query, value, key]). */
export const multiHeadAttention = (given: MultiHeadAttentionArguments): tfl.layers.Layer =>
  new MultiHeadAttention(given);

/** Adds learned or sinusoidal positions to [batch, time, width]. */
export const positionalEmbedding = (given: PositionalEmbeddingArguments = {}): tfl.layers.Layer =>
  new PositionalEmbedding(given);

/** Self-attention and a feed-forward network. */
export const transformerEncoder = (given: TransformerArguments): tfl.layers.Layer =>
  new TransformerEncoder(given);

/** Causal self-attention, attention to a memory (where there is one) and a feed-forward network. */
export const transformerDecoder = (given: TransformerArguments): tfl.layers.Layer =>
  new TransformerDecoder(given);

/** A GRU whose reset gate comes after the matrix product, as in Keras and cuDNN. */
export const gruResetAfter = (given: GruArguments): tfl.layers.Layer => new GruResetAfter(given);

/** A learned vector for every code of the columns that hold codes; the other columns as they are. */
export const columnEmbedding = (given: ColumnEmbeddingArguments): tfl.layers.Layer =>
  new ColumnEmbedding(given);
