/** The two layers of the transformer workload that tf.layers lacks. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

const { Layer } = layers.layers;
type Weight = ReturnType<InstanceType<typeof Layer>['addWeight']>;

function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const input = Array.isArray(inputs) ? inputs[0] : inputs;
  if (input === undefined) throw new Error('The layer was called without an input.');
  return input;
}

/** Multi-head self-attention (Vaswani et al. 2017): [batch, steps, width] → the same. */
export class Attention extends Layer {
  static readonly className = 'BenchAttention';
  private readonly heads: number;
  private readonly depth: number;
  private projection: Weight | undefined;
  private projectionBias: Weight | undefined;
  private output_: Weight | undefined;
  private outputBias: Weight | undefined;

  constructor(heads: number, depth: number) {
    super({});
    this.heads = heads;
    this.depth = depth;
  }

  override build(shape: layers.Shape | layers.Shape[]): void {
    const width = (shape as layers.Shape).at(-1) ?? 1;
    const inner = this.heads * this.depth;
    const glorot = layers.initializers.glorotUniform({});
    const zeros = layers.initializers.zeros();
    this.projection = this.addWeight('projection', [width, 3 * inner], 'float32', glorot);
    this.projectionBias = this.addWeight('projectionBias', [3 * inner], 'float32', zeros);
    this.output_ = this.addWeight('output', [inner, width], 'float32', glorot);
    this.outputBias = this.addWeight('outputBias', [width], 'float32', zeros);
    super.build(shape);
  }

  override computeOutputShape(shape: layers.Shape | layers.Shape[]): layers.Shape | layers.Shape[] {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = only(inputs);
      const [batch = 1, steps = 1, width = 1] = x.shape;
      const weight = (value: Weight | undefined) => value?.read() as tf.Tensor;
      const flat = tf.reshape(x, [batch * steps, width]);
      const all = tf.add(tf.matMul(flat, weight(this.projection)), weight(this.projectionBias));
      const [q, k, v] = tf
        .split(all, 3, 1)
        .map((part) =>
          tf.transpose(tf.reshape(part, [batch, steps, this.heads, this.depth]), [0, 2, 1, 3]),
        ) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(this.depth));
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
      const joined = tf.reshape(mixed, [batch * steps, this.heads * this.depth]);
      const output = tf.add(tf.matMul(joined, weight(this.output_)), weight(this.outputBias));
      return tf.reshape(output, [batch, steps, width]);
    });
  }
}

/** Adds a learned vector to every position of a sequence. */
export class Positions extends Layer {
  static readonly className = 'BenchPositions';
  private readonly steps: number;
  private table: Weight | undefined;

  constructor(steps: number) {
    super({});
    this.steps = steps;
  }

  override build(shape: layers.Shape | layers.Shape[]): void {
    const width = (shape as layers.Shape).at(-1) ?? 1;
    const zeros = layers.initializers.zeros();
    this.table = this.addWeight('table', [this.steps, width], 'float32', zeros);
    super.build(shape);
  }

  override computeOutputShape(shape: layers.Shape | layers.Shape[]): layers.Shape | layers.Shape[] {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.add(only(inputs), this.table?.read() as tf.Tensor);
  }
}
