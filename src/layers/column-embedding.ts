import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { serializedRules, type WeightArguments } from './identifiers.js';
import { BaseLayer, type LayerArguments, listOf, type Shape, shapesOf } from './layer.js';

/** What must be known of a column; the `columns` that a model file is given say it. */
export type EmbeddedColumn = {
  readonly name: string;
  readonly role: string;
  /** Number of codes of a column of the role "code". */
  readonly cardinality: number;
};

export interface ColumnEmbeddingArguments extends LayerArguments {
  readonly columns: readonly EmbeddedColumn[];
  /** Width of the vectors. Default 8. */
  readonly size?: number;
  readonly embeddingsInitializer?: WeightArguments['initializer'];
}

/**
 * Rows [batch, columns] with the codes of categories replaced by learned vectors: [batch, other columns + size · columns of
 * codes]. Code 0, which stands for missing and never seen, has a vector of its own.
 */
export class ColumnEmbedding extends BaseLayer {
  static className = 'ColumnEmbedding';
  private readonly given: ColumnEmbeddingArguments;
  private readonly tables = new Map<number, tfl.LayerVariable>();

  constructor(given: ColumnEmbeddingArguments) {
    super(given);
    this.given = given;
  }

  private get size(): number {
    return this.given.size ?? 8;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = shapesOf(inputShape)[0]?.at(-1);
    if (width !== this.given.columns.length) {
      throw new Error(
        `Layer "${this.name}" knows ${this.given.columns.length} columns; its input has ${String(width)}.`,
      );
    }
    const make = this.maker({ initializer: this.given.embeddingsInitializer ?? 'randomUniform' });
    this.given.columns.forEach(({ role, cardinality }, index) => {
      if (role === 'code')
        this.tables.set(index, make(`embeddings_${index}`, [cardinality, this.size], 'kernel'));
    });
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const codes = this.given.columns.filter(({ role }) => role === 'code').length;
    return [shapesOf(inputShape)[0]?.[0] ?? null, this.given.columns.length + codes * (this.size - 1)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = listOf(inputs)[0] as tf.Tensor2D;
      const parts: tf.Tensor[] = [];
      let plain = 0;
      const takePlain = (end: number): void => {
        if (end > plain) parts.push(tf.slice2d(x, [0, plain], [-1, end - plain]));
        plain = end + 1;
      };
      for (const [index, table] of this.tables) {
        takePlain(index);
        const codes = tf.cast(tf.reshape(tf.slice2d(x, [0, index], [-1, 1]), [x.shape[0]]), 'int32');
        parts.push(tf.gather(table.read(), codes));
      }
      takePlain(x.shape[1]);
      return parts.length === 1 ? (parts[0] as tf.Tensor) : tf.concat(parts, 1);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { columns, embeddingsInitializer } = this.given;
    return {
      ...super.getConfig(),
      columns: columns.map(({ name, role, cardinality }) => ({ name, role, cardinality })),
      size: this.size,
      embeddingsInitializer: serializedRules({ initializer: embeddingsInitializer ?? 'randomUniform' })
        .initializer,
    };
  }
}

tf.serialization.registerClass(ColumnEmbedding);
