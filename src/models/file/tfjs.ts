import { createRequire } from 'node:module';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';

const require = createRequire(import.meta.url);
const modules = [
  require('@tensorflow/tfjs-layers') as typeof Layers,
  require('@tensorflow/tfjs-core') as typeof Core,
] as const;

/** What a model file knows as `tf`: the operations of tfjs-core and all of tfjs-layers. */
export type ModelFileTf = typeof Core & typeof Layers;

/**
 * tfjs as model files are given it. Every name is looked up when it is used, since tracing replaces some operations for
 * a while (random numbers), which a copy would miss.
 */
export const modelFileTf: ModelFileTf = Object.defineProperties(
  {},
  Object.fromEntries(
    modules.flatMap((module) =>
      Object.keys(module).map((name) => [
        name,
        { enumerable: true, get: (): unknown => (module as unknown as Record<string, unknown>)[name] },
      ]),
    ),
  ),
) as ModelFileTf;
