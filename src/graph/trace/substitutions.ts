import { createRequire } from 'node:module';
import { AimaasError } from '../../core/errors.js';
import { randomNormal, randomUniform } from '../random-op.js';
import { withProperties } from './patch.js';
import { tf } from './tensorflow.js';

// The module object that tfjs-layers calls through; the ES module namespace is a frozen copy of it.
const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof tf;

/** tf.dropout over traced random numbers: keeps an element with probability 1 − rate and scales it by 1 / (1 − rate). */
function dropout(x: tf.Tensor, rate: number, noiseShape?: number[]): tf.Tensor {
  if (rate === 0) return tf.clone(x);
  return tf.tidy(() => {
    const shape = (noiseShape ?? x.shape).map((size, i) => size || (x.shape[i] ?? 1));
    const kept = tf.cast(tf.greaterEqual(randomUniform(shape), rate), 'float32');
    return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
  });
}

function uniform(
  shape: number[],
  minimum = 0,
  maximum = 1,
  dtype: tf.NumericDataType = 'float32',
): tf.Tensor {
  return tf.tidy(() => {
    const scaled = tf.add(tf.mul(randomUniform(shape), maximum - minimum), minimum);
    return dtype === 'float32' ? scaled : tf.cast(tf.floor(scaled), dtype);
  });
}

function normal(shape: number[], mean = 0, deviation = 1): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(randomNormal(shape), deviation), mean));
}

/** What tfjs' fused operations end with. */
interface Ending {
  // Callers pass null for "none", whatever tfjs' types say.
  readonly bias?: tf.Tensor | tf.TensorLike | null | undefined;
  readonly activation?: string | undefined;
  readonly preluActivationWeights?: tf.Tensor | undefined;
  readonly leakyreluAlpha?: number | undefined;
}

function finish(product: tf.Tensor, ending: Ending): tf.Tensor {
  const { bias } = ending;
  const sum = bias === undefined || bias === null ? product : tf.add(product, bias);
  switch (ending.activation ?? 'linear') {
    case 'relu':
      return tf.relu(sum);
    case 'relu6':
      return tf.relu6(sum);
    case 'elu':
      return tf.elu(sum);
    case 'sigmoid':
      return tf.sigmoid(sum);
    case 'leakyrelu':
      return tf.leakyRelu(sum, ending.leakyreluAlpha);
    case 'prelu':
      return tf.prelu(sum, ending.preluActivationWeights as tf.Tensor);
    default:
      return sum;
  }
}

type FusedMatMul = typeof tf.fused.matMul;

/**
 * tf.fused.matMul without fusing: tfjs would reshape to three dimensions for its fused kernel, which only hides the
 * matrix product from the compiler that fuses it again.
 */
const matMul = ((options: Parameters<FusedMatMul>[0]) =>
  tf.tidy(() =>
    finish(tf.matMul(options.a, options.b, options.transposeA, options.transposeB), options),
  )) as FusedMatMul;

type FusedConv2d = typeof tf.fused.conv2d;

/** tf.fused.conv2d without fusing: its gradient refuses dilations, and that of tf.conv2d is mended (gradient/). */
const conv2d = ((options: Parameters<FusedConv2d>[0]) =>
  tf.tidy(() => {
    const { x, filter, strides, pad, dataFormat, dilations, dimRoundingMode } = options;
    return finish(tf.conv2d(x, filter, strides, pad, dataFormat, dilations, dimRoundingMode), options);
  })) as FusedConv2d;

/** Operations that draw in JavaScript and have no traced form: the same numbers would come in every step. */
const FROZEN = ['truncatedNormal', 'randomGamma', 'multinomial', 'rand'] as const;

function refused(name: string): () => never {
  return () => {
    throw new AimaasError(
      'UNSUPPORTED',
      `tf.${name} draws its numbers while the model is compiled, so they would be the same in every step.`,
      { hint: 'Use tf.randomNormal, tf.randomUniform or tf.dropout, which are drawn anew in every step.' },
    );
  };
}

const frozen = Object.fromEntries(FROZEN.map((name) => [name, refused(name)]));

/** Replaces what tfjs computes in JavaScript, so would be frozen into the graph, for the time of `body`. */
export function withSubstitutions<T>(body: () => T): T {
  const fused = { ...core.fused, matMul, conv2d };
  const replaced = {
    ...frozen,
    dropout,
    randomUniform: uniform,
    randomNormal: normal,
    randomStandardNormal: (shape: number[]) => normal(shape),
    fused,
  };
  return withProperties(core, replaced, body);
}
