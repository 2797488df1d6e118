/**
 * The batch size that stands for "any". A graph traced with it runs for every batch size, because a dimension that is
 * a multiple of this large prime can only have come from the batch: lowering replaces it by the same multiple of the
 * batch size met at run time. No dimension of a model may be a multiple of it (8191, 16382, …).
 */
export const SYMBOLIC_BATCH = 8191;

export function isSymbolic(dimension: number): boolean {
  return dimension !== 0 && dimension % SYMBOLIC_BATCH === 0;
}

export function hasSymbolic(shape: readonly number[]): boolean {
  return shape.some(isSymbolic);
}

/** How many batches long a symbolic dimension is. */
export function batchMultiple(dimension: number): number {
  return dimension / SYMBOLIC_BATCH;
}

/** The dimension for an actual batch size. */
export function concreteDimension(dimension: number, batch: number): number {
  return isSymbolic(dimension) ? batchMultiple(dimension) * batch : dimension;
}

export function concreteShape(shape: readonly number[], batch: number): number[] {
  return shape.map((dimension) => concreteDimension(dimension, batch));
}
