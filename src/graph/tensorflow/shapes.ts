import { isSymbolic } from '../symbolic.js';

/** A shape as TensorFlow declares it: what depends on the batch is open. */
export function openShape(shape: readonly number[]): number[] {
  return shape.map((size) => (isSymbolic(size) ? -1 : size));
}
