import { layersPrototype } from './layers-package.js';
import { withProperties } from './patch.js';
import type { Tracer } from './tracer.js';

interface LayerPrototype {
  apply(this: { name: string }, ...given: unknown[]): unknown;
}

/** Errors that a layer threw, and the innermost layer that was being called. */
const failures = new WeakMap<object, string>();

/** The layer in which an error came up while a model was traced. */
export function failedLayer(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null ? failures.get(error) : undefined;
}

/** Tells the tracer which layer is being called while `body` runs. */
export function withLayerNames<T>(tracer: Tracer, body: () => T): T {
  const prototype = layersPrototype('Layer') as LayerPrototype | undefined;
  if (prototype === undefined) return body();
  // The method is only ever called with the layer it is called on, below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const original = prototype.apply;
  const apply = function (this: { name: string }, ...given: unknown[]): unknown {
    tracer.enterLayer(this.name);
    try {
      return original.apply(this, given);
    } catch (error) {
      if (typeof error === 'object' && error !== null && !failures.has(error)) failures.set(error, this.name);
      throw error;
    } finally {
      tracer.leaveLayer();
    }
  };
  return withProperties(prototype, { apply }, body);
}
