import { AimaasError } from '../../core/errors.js';
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

/** What a layer gave, if it is made of tensors; a call() that is async or returns nothing is found out about here, by name. */
function checked(given: unknown): unknown {
  for (const one of Array.isArray(given) ? (given as unknown[]) : [given]) {
    if (typeof one === 'object' && one !== null && 'dtype' in one && 'shape' in one) continue;
    const promised = one instanceof Promise;
    // Nobody waits for it any more, so that its failure is nobody's either.
    if (promised) one.catch(() => undefined);
    const what = promised
      ? 'a promise'
      : one === undefined
        ? 'nothing'
        : one === null
          ? 'null'
          : `a ${typeof one}`;
    throw new AimaasError('MODEL_FILE', `Its call() returned ${what}; expected a tensor.`, {
      hint: promised
        ? 'Write call(inputs) without async: a model is compiled from what call() does, and nothing can be waited for.'
        : 'Return the tensor that call(inputs) computes.',
    });
  }
  return given;
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
      return checked(original.apply(this, given));
    } catch (error) {
      if (typeof error === 'object' && error !== null && !failures.has(error)) failures.set(error, this.name);
      throw error;
    } finally {
      tracer.leaveLayer();
    }
  };
  return withProperties(prototype, { apply }, body);
}
