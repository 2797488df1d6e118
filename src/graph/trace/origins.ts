/**
 * Makes an error that the user's own code led to one that its author understands.
 * @param layer the layer that was being called, or whose gradient was being taken
 */
export type Origin = (error: unknown, layer: string | undefined) => Error;

let current: Origin | undefined;

/** Who made the operations that are being traced, if it is not aimaas itself. */
export function currentOrigin(): Origin | undefined {
  return current;
}

/** Runs code of an origin: also what its gradients throw later is the origin's. */
export function withinOrigin<T>(origin: Origin, body: () => T): T {
  const outer = current;
  current = origin;
  try {
    return body();
  } finally {
    current = outer;
  }
}
