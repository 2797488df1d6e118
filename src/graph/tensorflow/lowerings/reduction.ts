import type { DType } from '../../../core/tensor.js';
import { axisAttribute, booleanAttribute, numberAttribute } from '../../attributes.js';
import { normalizeAxes } from '../../shapes.js';
import { isFloat, type Lowering, type Lowerings, type NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';

/** A reduction over the node's axes, computed in the type that `working` gives for the input. */
function over(working: (c: NodeLowering) => Ref): Lowering {
  return (c) => {
    const axes = normalizeAxes(axisAttribute(c.attributes), c.shape().length);
    const x = working(c);
    if (axes.length === 0) return c.castToOutput(x);
    const keep = { keep_dims: booleanAttribute(c.attributes, 'keepDims') };
    return c.castToOutput(c.op(c.node.op, [x, c.writer.integers(axes)], keep));
  };
}

const numbers = (c: NodeLowering): Ref =>
  c.input().type === 'bool' ? c.cast(c.input(), 'int32') : c.input();
const floats = (c: NodeLowering): Ref => (isFloat(c.input()) ? c.input() : c.cast(c.input(), 'float32'));
const truths = (c: NodeLowering): Ref => c.cast(c.input(), 'bool');

const argument: Lowering = (c) =>
  c.op(c.node.op, [numbers(c), c.writer.integers(numberAttribute(c.attributes, 'axis', 0))], {
    output_type: c.writer.typeOf('int32' satisfies DType),
  });

const running: Lowering = (c) =>
  c.op(c.node.op, [c.input(), c.writer.integers(numberAttribute(c.attributes, 'axis', 0))], {
    exclusive: booleanAttribute(c.attributes, 'exclusive'),
    reverse: booleanAttribute(c.attributes, 'reverse'),
  });

/** Kernels that take axes away, and running sums and products. */
export const reduction: Lowerings = {
  Sum: over(numbers),
  Prod: over(numbers),
  Max: over(numbers),
  Min: over(numbers),
  Mean: over(floats),
  All: over(truths),
  Any: over(truths),
  ArgMax: argument,
  ArgMin: argument,
  Cumsum: running,
  Cumprod: running,
  TopK: (c) =>
    c.writer.ops('TopKV2', [c.input(), c.writer.integers(numberAttribute(c.attributes, 'k'))], {
      sorted: true,
    }),
};
