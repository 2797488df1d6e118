import { extname } from 'node:path';
import type { ModelFamily } from '../family.js';
import { fileFamily, unknownKind } from './family.js';
import { loadLayersModel } from './layers-model.js';
import { loadModule } from './module.js';

export { unreadableWeights, weightPaths } from './layers-model.js';

/** Endings of files that hold a model. */
const SCRIPTS: readonly string[] = ['.js', '.mjs', '.cjs'];

/** Whether a value of --model means a file rather than a family. */
export function isModelFile(model: string): boolean {
  return SCRIPTS.includes(extname(model)) || extname(model) === '.json' || /[\\/]/.test(model);
}

/**
 * The family of a model file.
 * @throws AimaasError MODEL_FILE when it cannot be used; UNSUPPORTED for another kind of file.
 */
export async function loadModelFile(path: string, name: string, sha256: string): Promise<ModelFamily> {
  if (SCRIPTS.includes(extname(path))) return fileFamily(await loadModule(path, name, sha256));
  if (extname(path) === '.json') return fileFamily(await loadLayersModel(path, name));
  throw unknownKind(name);
}
