import { sizeOf } from '../core/tensor.js';

/** The shape two shapes broadcast to (NumPy's rule). Throws RangeError where they do not. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
    }
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/** Axes as sorted non-negative numbers; null means every axis. */
export function normalizeAxes(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = typeof axis === 'number' ? [axis] : axis;
  return [...new Set(axes.map((a) => normalizeAxis(a, rank)))].sort((a, b) => a - b);
}

export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) throw new RangeError(`axis ${axis} is outside a tensor of rank ${rank}`);
  return normal;
}

/** The shape after reducing over `axes`. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  const reduced = new Set(axes);
  return shape.flatMap((dimension, i) => (reduced.has(i) ? (keepDims ? [1] : []) : [dimension]));
}

/** The shape with at most one -1 resolved against the number of elements. */
export function resolveShape(shape: readonly number[], size: number): number[] {
  const known = sizeOf(shape.filter((dimension) => dimension !== -1));
  const resolved = shape.map((dimension) => (dimension === -1 ? size / known : dimension));
  if (sizeOf(resolved) !== size || !resolved.every(Number.isInteger)) {
    throw new RangeError(`${size} elements cannot be reshaped to [${shape.join(', ')}]`);
  }
  return resolved;
}
