/**
 * A residual network of your own, as docs/models.md describes it:
 *
 *     npx aimaas train --model ./network.js
 *     npx aimaas train --model ./network.js --param blocks=3 --members 8
 *     npx aimaas optimize --models ./network.js --trials 20
 */
export const parameters = {
  units: { type: 'integer', minimum: 8, maximum: 128, log: true, default: 32 },
  blocks: { type: 'integer', minimum: 1, maximum: 4, default: 2 },
  rate: { type: 'number', minimum: 0, maximum: 0.5, default: 0.1 },
  activation: { type: 'choice', choices: ['silu', 'gelu', 'relu'], default: 'silu' },
};

export default ({ tf, layers, inputShape, outputUnits, outputActivation, columns, params }) => {
  const { units, blocks, rate, activation } = params;

  // x + dense(dropout(dense(norm(x)))): a block learns what is to be added to its input.
  const block = (x) => {
    let y = tf.layers.layerNormalization().apply(x);
    y = tf.layers.dense({ units: 2 * units, activation, kernelInitializer: 'heNormal' }).apply(y);
    y = tf.layers.dropout({ rate }).apply(y);
    y = tf.layers.dense({ units }).apply(y);
    return tf.layers.add().apply([x, y]);
  };

  const input = tf.input({ shape: inputShape });
  // Categories come as codes where there are many of them; a vector is learned for each.
  let x = layers.columnEmbedding({ columns, size: 4 }).apply(input);
  x = tf.layers.dense({ units }).apply(x);
  for (let i = 0; i < blocks; i++) x = block(x);
  x = tf.layers.layerNormalization().apply(x);
  const output = tf.layers.dense({ units: outputUnits, activation: outputActivation }).apply(x);
  return tf.model({ inputs: input, outputs: output });
};
