import { stringAttribute } from '../../attributes.js';
import type { GraphBuilder } from '../../builder.js';
import type { Attributes, ValueId } from '../../graph.js';
import { AimaasError } from '../../../core/errors.js';

interface Operand {
  readonly value: ValueId;
  /** One letter for each axis. */
  readonly axes: string;
}

/** Einstein summation over one or two tensors, as a product of batches of matrices: 'bij,bjk->bik'. */
export function einsum(builder: GraphBuilder, inputs: readonly ValueId[], attributes: Attributes): ValueId {
  const equation = stringAttribute(attributes, 'equation').replaceAll(' ', '');
  const [left = '', output = ''] = equation.split('->');
  const operands = left.split(',').map((axes, i): Operand => ({ axes, value: inputs[i] ?? -1 }));
  const repeats = operands.some(({ axes }) => new Set(axes).size < axes.length);
  if (operands.length > 2 || repeats || !equation.includes('->')) {
    throw new AimaasError('UNSUPPORTED', `The equation "${equation}" of an einsum cannot be compiled.`, {
      hint: 'Write one or two different tensors with different letters in each: "bij,bjk->bik".',
    });
  }
  const [a, b] = operands.map((operand, i) => {
    const other = operands[1 - i]?.axes ?? '';
    return sumOver(builder, operand, (axis) => !output.includes(axis) && !other.includes(axis));
  });
  if (a === undefined) throw new Error('An einsum has no operand.');
  if (b === undefined) return order(builder, a, output);
  const shared = Array.from(a.axes).filter((axis) => b.axes.includes(axis));
  const batch = shared.filter((axis) => output.includes(axis)).join('');
  const summed = shared.filter((axis) => !output.includes(axis)).join('');
  const own = (operand: Operand) =>
    Array.from(operand.axes)
      .filter((axis) => !shared.includes(axis))
      .join('');
  const [rows, columns] = [own(a), own(b)];
  const size = sizes(builder, [a, b]);
  const matrices = (operand: Operand, first: string, second: string): ValueId =>
    builder.op('Reshape', [order(builder, operand, batch + first + second)], {
      shape: [size(batch), size(first), size(second)],
    });
  const product = builder.op('BatchMatMul', [matrices(a, rows, summed), matrices(b, summed, columns)], {
    transposeA: false,
    transposeB: false,
  });
  const axes = batch + rows + columns;
  const shape = Array.from(axes).map((axis) => size(axis));
  return order(builder, { axes, value: builder.op('Reshape', [product], { shape }) }, output);
}

/** Product of the lengths of some axes. */
function sizes(builder: GraphBuilder, operands: readonly Operand[]): (axes: string) => number {
  const lengths = new Map<string, number>();
  for (const { axes, value } of operands) {
    Array.from(axes).forEach((axis, i) => lengths.set(axis, builder.info(value).shape[i] ?? 1));
  }
  return (axes) => Array.from(axes).reduce((product, axis) => product * (lengths.get(axis) ?? 1), 1);
}

function sumOver(builder: GraphBuilder, operand: Operand, gone: (axis: string) => boolean): Operand {
  const letters = Array.from(operand.axes);
  const axis = letters.flatMap((letter, i) => (gone(letter) ? [i] : []));
  if (axis.length === 0) return operand;
  const value = builder.op('Sum', [operand.value], { axis, keepDims: false });
  return { value, axes: letters.filter((letter) => !gone(letter)).join('') };
}

function order(builder: GraphBuilder, { value, axes }: Operand, wanted: string): ValueId {
  const perm = Array.from(wanted).map((axis) => axes.indexOf(axis));
  return perm.every((axis, i) => axis === i) ? value : builder.op('Transpose', [value], { perm });
}
