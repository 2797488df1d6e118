import * as tf from '@tensorflow/tfjs-core';
import { attend, type AttentionWeights, attentionWeights } from './attention.js';
import { serializedRules, type WeightArguments } from './identifiers.js';
import {
  BaseLayer,
  dropoutOf,
  type Kwargs,
  type LayerArguments,
  listOf,
  masksOf,
  type Shape,
  shapesOf,
} from './layer.js';

export interface MultiHeadAttentionArguments extends LayerArguments {
  readonly numHeads: number;
  /** Size of each head of query and key. */
  readonly keyDim: number;
  /** Size of each head of the values. Default: keyDim. */
  readonly valueDim?: number | null;
  /** Width of the output. Default: that of the query. */
  readonly outputDim?: number | null;
  /** Probability of dropping a share of attention. Default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly useBias?: boolean;
  /** Whether a position sees itself and those before it only. Default false. */
  readonly causal?: boolean;
  readonly kernelInitializer?: WeightArguments['initializer'];
  readonly kernelRegularizer?: WeightArguments['regularizer'];
  readonly kernelConstraint?: WeightArguments['constraint'];
}

/**
 * Attention of several heads, as Keras' layer of this name: inputs [query, value] or [query, value, key], each [batch, time,
 * width]; a single input attends to itself. Masks of value and key (`maskZero` of an embedding, masking layers) hide
 * what is padding.
 */
export class MultiHeadAttention extends BaseLayer {
  static className = 'MultiHeadAttention';
  private readonly given: MultiHeadAttentionArguments;
  private readonly drop: ReturnType<typeof dropoutOf>;
  private attention: AttentionWeights | undefined;

  constructor(given: MultiHeadAttentionArguments) {
    super(given);
    this.given = given;
    this.drop = dropoutOf(given.dropout ?? 0);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [query, value = query, key = value] = shapesOf(inputShape).map((shape) => shape.at(-1) as number);
    const { numHeads, keyDim, valueDim, useBias, outputDim } = this.given;
    this.attention = attentionWeights(
      this.maker(this.kernels()),
      { numHeads, keyDim, valueDim: valueDim ?? keyDim, useBias: useBias ?? true },
      { query, value, key, output: outputDim ?? query } as Record<
        'query' | 'value' | 'key' | 'output',
        number
      >,
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [query] = shapesOf(inputShape);
    return [...(query as Shape).slice(0, -1), this.given.outputDim ?? (query?.at(-1) as number)];
  }

  override computeMask(_: tf.Tensor | tf.Tensor[], mask?: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return (mask === undefined ? null : (listOf(mask)[0] ?? null)) as tf.Tensor;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    return tf.tidy(() => {
      const [query, value = query, key = value] = listOf(inputs) as readonly tf.Tensor3D[];
      const masks = masksOf(kwargs);
      const given = { query, value, key } as Record<'query' | 'value' | 'key', tf.Tensor3D>;
      return attend(
        this.attention as AttentionWeights,
        given,
        { values: value === query ? masks[0] : masks[1], causal: this.given.causal ?? false },
        (shares) => this.drop(shares, kwargs),
      );
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { numHeads, keyDim, valueDim, outputDim, dropout, useBias, causal } = this.given;
    const kernels = serializedRules(this.kernels());
    return {
      ...super.getConfig(),
      numHeads,
      keyDim,
      valueDim: valueDim ?? null,
      outputDim: outputDim ?? null,
      dropout: dropout ?? 0,
      useBias: useBias ?? true,
      causal: causal ?? false,
      kernelInitializer: kernels.initializer,
      kernelRegularizer: kernels.regularizer,
      kernelConstraint: kernels.constraint,
    };
  }

  private kernels(): WeightArguments {
    return {
      initializer: this.given.kernelInitializer ?? 'glorotUniform',
      regularizer: this.given.kernelRegularizer,
      constraint: this.given.kernelConstraint,
    };
  }
}

tf.serialization.registerClass(MultiHeadAttention);
