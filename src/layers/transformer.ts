import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import {
  attend,
  type AttentionMasks,
  type AttentionWeights,
  attentionWeights,
  type MakeWeight,
} from './attention.js';
import { activationNamed } from './identifiers.js';
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

export interface TransformerArguments extends LayerArguments {
  /** Units of the hidden layer of the feed-forward part. */
  readonly intermediateDim: number;
  /** Divides the width of the input. */
  readonly numHeads: number;
  /** Probability of dropping: shares of attention, and what each part adds. Default 0. */
  readonly dropout?: number;
  /** Of the hidden layer. Default relu. */
  readonly activation?: string;
  /** Normalise what goes into a part rather than what comes out of it (Xiong et al. 2020). Default false. */
  readonly normalizeFirst?: boolean;
  /** Default 1e-5. */
  readonly layerNormEpsilon?: number;
}

interface Normalization {
  readonly gamma: tfl.LayerVariable;
  readonly beta: tfl.LayerVariable;
}

/** A part of a block: what is added to its input, and the normalisation that belongs to it. */
type Part = (x: tf.Tensor3D) => tf.Tensor3D;

/** What encoder and decoder have in common: parts with residual connections, the last of them feed-forward. */
abstract class TransformerBlock extends BaseLayer {
  protected readonly given: TransformerArguments;
  private readonly drop: ReturnType<typeof dropoutOf>;
  private readonly activation: (x: tf.Tensor) => tf.Tensor;
  private feedForward:
    readonly [tfl.LayerVariable, tfl.LayerVariable, tfl.LayerVariable, tfl.LayerVariable] | undefined;

  constructor(given: TransformerArguments) {
    super(given);
    this.given = given;
    this.drop = dropoutOf(given.dropout ?? 0);
    this.activation = activationNamed(given.activation ?? 'relu');
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return shapesOf(inputShape)[0] as Shape;
  }

  override computeMask(_: tf.Tensor | tf.Tensor[], mask?: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return (mask === undefined ? null : (listOf(mask)[0] ?? null)) as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { intermediateDim, numHeads, dropout, activation, normalizeFirst, layerNormEpsilon } = this.given;
    return {
      ...super.getConfig(),
      intermediateDim,
      numHeads,
      dropout: dropout ?? 0,
      activation: activation ?? 'relu',
      normalizeFirst: normalizeFirst ?? false,
      layerNormEpsilon: layerNormEpsilon ?? 1e-5,
    };
  }

  protected makeAttention(make: MakeWeight, name: string, width: number, memory: number): AttentionWeights {
    const { numHeads } = this.given;
    if (width % numHeads !== 0) {
      throw new Error(`Layer "${this.name}" cannot divide a width of ${width} among ${numHeads} heads.`);
    }
    const size = width / numHeads;
    return attentionWeights(
      (part, shape, kind) => make(`${name}_${part}`, shape, kind),
      { numHeads, keyDim: size, valueDim: size, useBias: true },
      { query: width, key: memory, value: memory, output: width },
    );
  }

  protected makeNormalization(make: MakeWeight, name: string, width: number): Normalization {
    return { gamma: make(`${name}_gamma`, [width], 'ones'), beta: make(`${name}_beta`, [width], 'bias') };
  }

  protected makeFeedForward(make: MakeWeight, width: number): void {
    const { intermediateDim } = this.given;
    this.feedForward = [
      make('intermediate_kernel', [width, intermediateDim], 'kernel'),
      make('intermediate_bias', [intermediateDim], 'bias'),
      make('output_kernel', [intermediateDim, width], 'kernel'),
      make('output_bias', [width], 'bias'),
    ];
  }

  /** Attention as a part of the block. */
  protected attention(
    weights: AttentionWeights,
    memory: tf.Tensor3D | undefined,
    masks: AttentionMasks,
    kwargs: Kwargs,
  ): Part {
    return (x) => {
      const value = memory ?? x;
      return attend(weights, { query: x, key: value, value }, masks, (shares) => this.drop(shares, kwargs));
    };
  }

  /** x with what a part adds to it, normalised before or after. */
  protected residual(x: tf.Tensor3D, part: Part, norm: Normalization, kwargs: Kwargs): tf.Tensor3D {
    const first = this.given.normalizeFirst ?? false;
    const added = this.drop(part(first ? this.normalize(x, norm) : x), kwargs);
    const sum = tf.add<tf.Tensor3D>(x, added);
    return first ? sum : this.normalize(sum, norm);
  }

  protected feed(x: tf.Tensor3D): tf.Tensor3D {
    const [hiddenKernel, hiddenBias, kernel, bias] = (this.feedForward ?? []).map((weight) => weight.read());
    const [batch, time, width] = x.shape;
    const rows = tf.reshape(x, [batch * time, width]);
    const hidden = this.activation(
      tf.add(tf.matMul(rows, hiddenKernel as tf.Tensor2D), hiddenBias as tf.Tensor),
    );
    const out = tf.add(tf.matMul(hidden as tf.Tensor2D, kernel as tf.Tensor2D), bias as tf.Tensor);
    return tf.reshape(out, [batch, time, width]);
  }

  /** (x − mean)/√(variance + ε)·γ + β over the last axis (Ba et al. 2016). */
  private normalize(x: tf.Tensor3D, { gamma, beta }: Normalization): tf.Tensor3D {
    const { mean, variance } = tf.moments(x, -1, true);
    const scale = tf.rsqrt(tf.add(variance, this.given.layerNormEpsilon ?? 1e-5));
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), scale), gamma.read()), beta.read());
  }
}

/** Self-attention and a feed-forward network, each with a residual connection and a layer normalisation: [batch, time, width] → the same. */
export class TransformerEncoder extends TransformerBlock {
  static className = 'TransformerEncoder';
  private weightsOfSelf: AttentionWeights | undefined;
  private norms: readonly Normalization[] = [];

  override build(inputShape: Shape | Shape[]): void {
    const width = shapesOf(inputShape)[0]?.at(-1) as number;
    const make = this.maker({ initializer: 'glorotUniform' });
    this.weightsOfSelf = this.makeAttention(make, 'self_attention', width, width);
    const first = this.makeNormalization(make, 'self_attention_norm', width);
    this.makeFeedForward(make, width);
    this.norms = [first, this.makeNormalization(make, 'feed_forward_norm', width)];
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    return tf.tidy(() => {
      const [first, second] = this.norms as [Normalization, Normalization];
      const x = listOf(inputs)[0] as tf.Tensor3D;
      const masks = { values: masksOf(kwargs)[0], causal: false };
      const self = this.attention(this.weightsOfSelf as AttentionWeights, undefined, masks, kwargs);
      return this.residual(this.residual(x, self, first, kwargs), (h) => this.feed(h), second, kwargs);
    });
  }
}

/**
 * Causal self-attention, attention to the output of an encoder, and a feed-forward network: inputs [sequence, memory] or a
 * sequence alone, which leaves out the second part (as in GPT).
 */
export class TransformerDecoder extends TransformerBlock {
  static className = 'TransformerDecoder';
  private weightsOfSelf: AttentionWeights | undefined;
  private weightsOfMemory: AttentionWeights | undefined;
  private norms: Partial<Record<'self' | 'memory' | 'feed', Normalization>> = {};

  override build(inputShape: Shape | Shape[]): void {
    const [width, memory] = shapesOf(inputShape).map((shape) => shape.at(-1) as number) as [number, number?];
    const make = this.maker({ initializer: 'glorotUniform' });
    this.weightsOfSelf = this.makeAttention(make, 'self_attention', width, width);
    this.norms.self = this.makeNormalization(make, 'self_attention_norm', width);
    if (memory !== undefined) {
      this.weightsOfMemory = this.makeAttention(make, 'cross_attention', width, memory);
      this.norms.memory = this.makeNormalization(make, 'cross_attention_norm', width);
    }
    this.makeFeedForward(make, width);
    this.norms.feed = this.makeNormalization(make, 'feed_forward_norm', width);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    return tf.tidy(() => {
      const { self, memory, feed } = this.norms;
      const [sequence, encoded] = listOf(inputs) as readonly tf.Tensor3D[];
      const [own, ofMemory] = masksOf(kwargs);
      let x = this.residual(
        sequence as tf.Tensor3D,
        this.attention(
          this.weightsOfSelf as AttentionWeights,
          undefined,
          { values: own, causal: true },
          kwargs,
        ),
        self as Normalization,
        kwargs,
      );
      if (this.weightsOfMemory !== undefined) {
        const masks = { values: ofMemory, causal: false };
        x = this.residual(
          x,
          this.attention(this.weightsOfMemory, encoded, masks, kwargs),
          memory as Normalization,
          kwargs,
        );
      }
      return this.residual(x, (h) => this.feed(h), feed as Normalization, kwargs);
    });
  }
}

tf.serialization.registerClass(TransformerEncoder);
tf.serialization.registerClass(TransformerDecoder);
