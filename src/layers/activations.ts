import * as tf from '@tensorflow/tfjs-core';

/** hard_silu's gate: clip(x/6 + 1/2, 0, 1). */
const hardSigmoid = (x: tf.Tensor): tf.Tensor => tf.div(tf.relu6(tf.add(x, 3)), 6);

/** x·σ(x) (Elfwing et al. 2017). */
const silu = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.sigmoid(x));

/** x·½(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks & Gimpel 2016): GELU without the error function. */
const geluTanh = (x: tf.Tensor): tf.Tensor => {
  const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
};

/**
 * Activations by the names that Keras has for them, for `tf.layers.dense({ activation: 'silu' })` and all others that
 * take a name. tfjs has gelu (with the error function), gelu_new, mish, swish, elu, selu, relu6 and the classic ones itself.
 */
export const ACTIVATIONS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  silu,
  gelu_tanh: geluTanh,
  /** x·clip(x/6 + ½, 0, 1) (Howard et al. 2019). */
  hard_silu: (x) => tf.mul(x, hardSigmoid(x)),
  hard_swish: (x) => tf.mul(x, hardSigmoid(x)),
  /** max(0, x) + min(0, eˣ − 1) (Barron 2017, α = 1). */
  celu: (x) => tf.add(tf.relu(x), tf.expm1(tf.minimum(x, 0))),
  exponential: (x) => tf.exp(x),
  /** log σ(x) = −softplus(−x). */
  log_sigmoid: (x) => tf.neg(tf.softplus(tf.neg(x))),
  /** x for x > 0, else 0.2x, as in Keras 3. */
  leaky_relu: (x) => tf.leakyRelu(x, 0.2),
  /** ½(x + √(x² + 4)) (Barron 2021, b = 4). */
  squareplus: (x) => tf.mul(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 0.5),
  /** x − tanh(x). */
  tanh_shrink: (x) => tf.sub(x, tf.tanh(x)),
};

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Makes the activations known to tfjs by name, in the spelling of Keras and the one tfjs turns it into. */
function register(name: string, compute: (x: tf.Tensor) => tf.Tensor): void {
  class Activation extends tf.serialization.Serializable {
    static className = name;
    apply(x: tf.Tensor): tf.Tensor {
      return tf.tidy(() => compute(x));
    }
    getConfig(): tf.serialization.ConfigDict {
      return {};
    }
  }
  tf.serialization.registerClass(Activation);
}

for (const [name, compute] of Object.entries(ACTIVATIONS)) {
  for (const spelling of new Set([name, camelCase(name)])) register(spelling, compute);
}
