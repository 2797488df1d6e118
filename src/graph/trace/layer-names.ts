import { createRequire } from 'node:module';
import type { Tracer } from './tracer.js';
import { withProperties } from './patch.js';

const require = createRequire(import.meta.url);

interface LayerPrototype {
  apply(this: { name: string }, ...given: unknown[]): unknown;
}

/** tfjs-layers' Layer.prototype, if the package is loaded: it is not loaded for the sake of names. */
function layerPrototype(): LayerPrototype | undefined {
  const loaded = require.cache[require.resolve('@tensorflow/tfjs-layers')]?.exports as
    { layers: { Layer: { prototype: LayerPrototype } } } | undefined;
  return loaded?.layers.Layer.prototype;
}

/** Tells the tracer which layer is being called while `body` runs. */
export function withLayerNames<T>(tracer: Tracer, body: () => T): T {
  const prototype = layerPrototype();
  if (prototype === undefined) return body();
  // The method is only ever called with the layer it is called on, below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const original = prototype.apply;
  const apply = function (this: { name: string }, ...given: unknown[]): unknown {
    tracer.enterLayer(this.name);
    try {
      return original.apply(this, given);
    } finally {
      tracer.leaveLayer();
    }
  };
  return withProperties(prototype, { apply }, body);
}
