import { tf } from '../tensorflow.js';

/** The gradient for an operand is the einsum of the output's gradient with the other operand (tfjs 4.22 has none). */
export const einsumGradient: tf.GradConfig = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradFunc: (dy, saved, attributes) => {
    const { equation } = attributes as unknown as { equation: string };
    const [left = '', output = ''] = equation.replaceAll(' ', '').split('->');
    const operands = left.split(',');
    return Object.fromEntries(
      operands.map((axes, i) => [
        String(i),
        () => gradientFor(axes, saved[i] as tf.Tensor, output, dy as tf.Tensor, operands, saved, i),
      ]),
    );
  },
};

function gradientFor(
  axes: string,
  operand: tf.Tensor,
  output: string,
  dy: tf.Tensor,
  operands: readonly string[],
  saved: readonly tf.Tensor[],
  index: number,
): tf.Tensor {
  const other = operands[1 - index];
  const known = Array.from(axes).filter((axis) => output.includes(axis) || other?.includes(axis) === true);
  const wanted = known.join('');
  const gradient =
    other === undefined
      ? tf.einsum(`${output}->${wanted}`, dy)
      : tf.einsum(`${output},${other}->${wanted}`, dy, saved[1 - index] as tf.Tensor);
  // An axis that was summed over before anything else: its elements all get the same.
  const shape = Array.from(axes).map((axis, i) => (known.includes(axis) ? (operand.shape[i] ?? 1) : 1));
  return tf.broadcastTo(tf.reshape(gradient, shape), operand.shape);
}
