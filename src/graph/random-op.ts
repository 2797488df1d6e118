import { sizeOf } from '../core/tensor.js';
import { AimaasError } from '../core/errors.js';
import { hasSymbolic } from './symbolic.js';
import { activeTracer } from './trace/active.js';
import { tf } from './trace/tensorflow.js';

/**
 * Uniform numbers in [0, 1), drawn anew in every step of the traced graph: a window of the input `randomPool` that
 * starts where `randomOffsets` says (see random.ts). Not differentiable, as it depends on nothing.
 */
export function randomUniform(shape: readonly number[]): tf.Tensor {
  if (hasSymbolic(shape)) {
    throw new AimaasError('UNSUPPORTED', 'Random numbers cannot be drawn for a batch of unknown size.', {
      hint: 'Trace the step with its actual batch size.',
    });
  }
  const tracer = activeTracer();
  if (sizeOf(shape) === 0) return tf.zeros([...shape]);
  return tracer.tensor(tracer.draw(shape));
}

/** Standard normal numbers: √(−2 ln(1 − u)) · cos(2πv) of two uniform draws (Box & Muller 1958). */
export function randomNormal(shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    const radius = tf.sqrt(tf.mul(tf.log(tf.sub(1, randomUniform(shape))), -2));
    return tf.mul(radius, tf.cos(tf.mul(randomUniform(shape), 2 * Math.PI)));
  });
}
