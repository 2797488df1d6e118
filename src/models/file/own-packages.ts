import { existsSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as ownLayers from '../../layers/index.js';
import { isUsersOwn } from './resolve-hook.js';
import { modelFileTf } from './tfjs.js';

/** The root of this package. */
const root = dirname(createRequire(import.meta.url).resolve('aimaas/package.json'));

/** A compiled module of this program: beside this one, or in dist where this one runs from its source. */
function compiled(path: string): string {
  const beside = fileURLToPath(new URL(path, import.meta.url));
  const file = existsSync(beside) ? beside : join(root, 'dist', 'models', 'file', path);
  return pathToFileURL(file).href;
}

/** What a model file may import by name though it is installed nowhere near: this program's own copies. */
const MODULES: Readonly<Record<string, string>> = {
  'aimaas/layers': compiled('../../layers/index.js'),
  '@tensorflow/tfjs': compiled('tfjs-import.js'),
  '@tensorflow/tfjs-core': compiled('tfjs-import.js'),
  '@tensorflow/tfjs-layers': compiled('tfjs-import.js'),
};

/** The same for require(). */
const REQUIRED: Readonly<Record<string, unknown>> = {
  'aimaas/layers': ownLayers,
  '@tensorflow/tfjs': modelFileTf,
  '@tensorflow/tfjs-core': modelFileTf,
  '@tensorflow/tfjs-layers': modelFileTf,
};

type Resolve = (
  specifier: string,
  context: { readonly parentURL?: string | undefined },
  next: (specifier: string, context: object) => unknown,
) => unknown;

/** Parts of Node's modules that its types leave out, or that only some versions have. */
interface Loaders {
  _load(request: string, parent: { readonly filename?: string | null } | undefined, isMain: boolean): unknown;
  registerHooks?(hooks: { readonly resolve: Resolve }): void;
  register(url: string, options: { readonly data: unknown }): void;
}

let provided = false;

/**
 * Lets model files import `aimaas/layers` and tfjs wherever they lie, and whatever is installed there: a second copy of tfjs
 * would make models that this program cannot train.
 */
export function provideOwnPackages(): void {
  if (provided) return;
  provided = true;
  const loaders = Module as unknown as Loaders;
  const load = loaders._load.bind(loaders);
  loaders._load = (request, parent, isMain) => {
    const path = parent?.filename;
    const own = Object.hasOwn(REQUIRED, request) && typeof path === 'string' && isUsersOwn(path, root);
    return own ? REQUIRED[request] : load(request, parent, isMain);
  };
  if (loaders.registerHooks === undefined) {
    loaders.register(compiled('resolve-hook.js'), { data: { modules: MODULES, root } });
    return;
  }
  loaders.registerHooks({
    resolve(specifier, context, next) {
      const url = Object.hasOwn(MODULES, specifier) ? MODULES[specifier] : undefined;
      const from = context.parentURL;
      if (url === undefined || from?.startsWith('file:') !== true || !isUsersOwn(fileURLToPath(from), root)) {
        return next(specifier, context);
      }
      return { url, format: 'module', shortCircuit: true };
    },
  });
}
