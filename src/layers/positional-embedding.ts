import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { serializedRules, type WeightArguments } from './identifiers.js';
import { BaseLayer, type LayerArguments, listOf, type Shape, shapesOf } from './layer.js';

export interface PositionalEmbeddingArguments extends LayerArguments {
  /** `learned`: a vector for every position; `sinusoidal`: waves of lengths from 2π to 2π·maxWavelength. Default learned. */
  readonly kind?: 'learned' | 'sinusoidal';
  /** Positions there are vectors for. Default: the length of the input. */
  readonly maxLength?: number | null;
  /** Default 10000. */
  readonly maxWavelength?: number;
  readonly embeddingsInitializer?: WeightArguments['initializer'];
}

/**
 * Adds to every step of a sequence [batch, time, width] what tells its position. Sinusoidal: sin(p/λ^(2i/width)) at the
 * even and cos(p/λ^(2i/width)) at the odd places (Vaswani et al. 2017), λ = maxWavelength.
 */
export class PositionalEmbedding extends BaseLayer {
  static className = 'PositionalEmbedding';
  private readonly given: PositionalEmbeddingArguments;
  private table: tfl.LayerVariable | undefined;

  constructor(given: PositionalEmbeddingArguments = {}) {
    super(given);
    this.given = given;
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [, time, width] = shapesOf(inputShape)[0] as [number | null, number | null, number];
    if (this.given.kind !== 'sinusoidal') {
      const length = this.given.maxLength ?? time;
      if (length === null) {
        throw new Error(`Layer "${this.name}" needs maxLength, as its input has no fixed length.`);
      }
      const make = this.maker({ initializer: this.given.embeddingsInitializer ?? 'glorotUniform' });
      this.table = make('embeddings', [length, width], 'kernel');
    }
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return shapesOf(inputShape)[0] as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = listOf(inputs)[0] as tf.Tensor3D;
      const [, time, width] = x.shape;
      if (this.table === undefined) return tf.add(x, waves(time, width, this.given.maxWavelength ?? 10_000));
      const table = this.table.read() as tf.Tensor2D;
      if (time > table.shape[0]) {
        throw new Error(`Layer "${this.name}" has ${table.shape[0]} positions; its input has ${time} steps.`);
      }
      return tf.add(x, tf.expandDims(tf.slice(table, [0, 0], [time, width]), 0));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { kind, maxLength, maxWavelength, embeddingsInitializer } = this.given;
    return {
      ...super.getConfig(),
      kind: kind ?? 'learned',
      maxLength: maxLength ?? null,
      maxWavelength: maxWavelength ?? 10_000,
      embeddingsInitializer: serializedRules({ initializer: embeddingsInitializer ?? 'glorotUniform' })
        .initializer,
    };
  }
}

/** [1, time, width] of sines and cosines. */
function waves(time: number, width: number, longest: number): tf.Tensor3D {
  const values = Float32Array.from({ length: time * width }, (_, i) => {
    const place = i % width;
    const angle = Math.floor(i / width) / longest ** ((2 * Math.floor(place / 2)) / width);
    return place % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tf.tensor3d(values, [1, time, width]);
}

tf.serialization.registerClass(PositionalEmbedding);
