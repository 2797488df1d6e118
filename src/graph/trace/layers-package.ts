import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * The prototype of a class of tf.layers, if the package is loaded: it is not loaded for the sake of tracing, as what is
 * traced without it has no layers.
 */
export function layersPrototype(className: string): object | undefined {
  const loaded = require.cache[require.resolve('@tensorflow/tfjs-layers')]?.exports as
    { layers: Readonly<Record<string, { prototype: object } | undefined>> } | undefined;
  return loaded?.layers[className]?.prototype;
}
