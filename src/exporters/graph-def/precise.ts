import type { TensorData } from '../../core/tensor.js';
import type { LoweringContext } from './lower.js';
import type { Ref } from './writer.js';

/**
 * a + c or a − c for a double constant c in 32 bits: c is taken away in two parts, its nearest float and what that
 * leaves, so that a column of large numbers close to each other (years, say) keeps its differences when centered.
 * undefined where c is a float already, or no constant.
 */
export function inTwoParts(context: LoweringContext, op: 'AddV2' | 'Sub'): Ref | undefined {
  const { writer, input, constant } = context;
  const c = constant(1);
  if (c?.dtype !== 'float64') return undefined;
  const high = mapped(c, Math.fround);
  const low = mapped(c, (value) => {
    const rest = value - Math.fround(value);
    return Number.isFinite(rest) ? rest : 0;
  });
  if ((low.data as Float64Array).every((value) => value === 0)) return undefined;
  return writer.node(op, [writer.node(op, [input(0), writer.constant(high)]), writer.constant(low)]);
}

function mapped(tensor: TensorData, change: (value: number) => number): TensorData {
  return { ...tensor, data: (tensor.data as Float64Array).map(change) };
}
