import { sizeOf, type TensorData } from '../../core/tensor.js';
import { broadcastShapes, normalizeAxes, reducedShape } from '../../graph/shapes.js';
import { fromDoubles } from './interpreter.js';
import { broadcastReader } from './own-ops.js';

/** Where a condition holds the one, elsewhere the other; tfjs' kernel takes equal shapes only. */
export function select(condition: TensorData, yes: TensorData, no: TensorData): TensorData {
  const shape = broadcastShapes(condition.shape, broadcastShapes(yes.shape, no.shape));
  const positions = [condition, yes, no].map((tensor) => broadcastReader(positionsOf(tensor), shape));
  const [at, then, otherwise] = positions;
  const chosen = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const holds = Number(condition.data[at?.(i) ?? 0]) !== 0;
    return holds ? yes.data[then?.(i) ?? 0] : no.data[otherwise?.(i) ?? 0];
  });
  const { dtype } = yes;
  if (dtype === 'string') return { dtype, shape, data: chosen as string[] };
  return { dtype, shape, data: fromDoubles(Float64Array.from(chosen, Number), dtype) };
}

/** Every element's position in the place of the element. */
function positionsOf({ shape }: TensorData): TensorData {
  return { dtype: 'int32', shape, data: Int32Array.from({ length: sizeOf(shape) }, (_, i) => i) };
}

const REDUCTIONS: Readonly<Record<string, readonly [start: number, (sum: number, x: number) => number]>> = {
  Sum: [0, (sum, x) => sum + x],
  Mean: [0, (sum, x) => sum + x],
  Prod: [1, (product, x) => product * x],
  Max: [-Infinity, (most, x) => Math.max(most, x)],
  Min: [Infinity, (least, x) => Math.min(least, x)],
  All: [1, (all, x) => (all !== 0 && x !== 0 ? 1 : 0)],
  Any: [0, (any, x) => (any !== 0 || x !== 0 ? 1 : 0)],
};

/** A reduction over axes in the type of its input, computed in doubles. */
export function reduce(op: string, x: TensorData, axis: readonly number[], keepDims: boolean): TensorData {
  const [start, combine] = REDUCTIONS[op] ?? [NaN, (sum: number) => sum];
  const axes = normalizeAxes(axis, x.shape.length);
  const kept = reducedShape(x.shape, axes, true);
  const result = new Float64Array(sizeOf(kept)).fill(start);
  // The position in the result that each element belongs to: the result's positions, broadcast over the input.
  const target = broadcastReader(positionsOf({ ...x, shape: kept }), x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const to = target(i);
    result[to] = combine(result[to] ?? start, Number(x.data[i]));
  }
  const count = sizeOf(x.shape) / Math.max(1, result.length);
  const values = op === 'Mean' ? result.map((sum) => sum / count) : result;
  return { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims), data: fromDoubles(values, x.dtype) };
}
