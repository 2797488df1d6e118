import { pathToFileURL } from 'node:url';
import type * as tfl from '@tensorflow/tfjs-layers';
import { didYouMean } from '../../core/suggest.js';
import type { ModelArguments, ModelDefinition } from './definition.js';
import { modelFileError, thrownByFile } from './errors.js';
import { provideOwnPackages } from './own-packages.js';
import { readParameters } from './parameters.js';

type Factory = (given: ModelArguments) => unknown;

/**
 * Loads a JavaScript model file (ES module or CommonJS).
 * @param path of the file, or of a copy of it
 * @param name of the file, for messages
 * @param sha256 of its content: a changed file is another module
 * @throws AimaasError MODEL_FILE when it cannot be loaded or exports no function.
 */
export async function loadModule(path: string, name: string, sha256: string): Promise<ModelDefinition> {
  const url = pathToFileURL(path);
  url.searchParams.set('sha256', sha256);
  provideOwnPackages();
  let exports: Record<string, unknown>;
  try {
    exports = (await import(url.href)) as Record<string, unknown>;
  } catch (error) {
    throw thrownByFile(name, 'cannot be loaded', error);
  }
  const factory = factoryOf(exports, name);
  return {
    name,
    parameters: readParameters(name, exports['parameters'] ?? commonJs(exports)?.['parameters']),
    build: async (given) => {
      try {
        // What a function of a user's own returns is anyone's guess; checks.ts looks at it.
        return (await factory(given)) as tfl.LayersModel;
      } catch (error) {
        throw thrownByFile(name, 'failed while it made its model', error);
      }
    },
  };
}

/** `module.exports` of a CommonJS file, which import gives as the default export. */
function commonJs(exports: Record<string, unknown>): Record<string, unknown> | undefined {
  const { default: main } = exports;
  return (typeof main === 'object' || typeof main === 'function') && main !== null
    ? (main as Record<string, unknown>)
    : undefined;
}

function factoryOf(exports: Record<string, unknown>, name: string): Factory {
  const { default: main } = exports;
  if (typeof main === 'function') return main as Factory;
  // Code translated to CommonJS has its default export as a property of module.exports.
  const inner = commonJs(exports)?.['default'];
  if (typeof inner === 'function') return inner as Factory;
  const names = Object.keys(exports).filter((key) => key !== 'default' && key !== 'module.exports');
  const functions = names.filter((key) => typeof exports[key] === 'function');
  const found =
    main !== undefined
      ? `its default export is ${describe(main)}`
      : names.length === 0
        ? 'it exports nothing'
        : `it exports ${names.join(', ')}. ${functions.length === 1 ? '' : didYouMean('default', names)}`.trim();
  const [only] = functions;
  throw modelFileError(
    `${name} has no function as its default export: ${found}. Expected: export default ({ tf, inputShape, outputUnits, outputActivation }) => a tf.LayersModel.`,
    main === undefined && only !== undefined ? `Write "export default ${only}" in ${name}.` : undefined,
  );
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
