import { extname } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { MODEL_FILE_ENDINGS, MODEL_SCRIPT_ENDINGS } from '../../core/training-names.js';
import type { ModelFamily } from '../family.js';

export { unreadableWeights, weightPaths } from './weight-files.js';

/** Whether a value of --model means a file rather than a family. */
export function isModelFile(model: string): boolean {
  return MODEL_FILE_ENDINGS.includes(extname(model)) || /[\\/]/.test(model);
}

/**
 * The family of a model file. What reads and compiles such files is loaded here, as the families of aimaas do without.
 * @throws AimaasError MODEL_FILE when it cannot be used; UNSUPPORTED for another kind of file.
 */
export async function loadModelFile(path: string, name: string, sha256: string): Promise<ModelFamily> {
  const { fileFamily } = await import('./family.js');
  if (MODEL_SCRIPT_ENDINGS.includes(extname(path))) {
    const { loadModule } = await import('./module.js');
    return fileFamily(await loadModule(path, name, sha256));
  }
  if (extname(path) === '.json') {
    const { loadLayersModel } = await import('./layers-model.js');
    return fileFamily(await loadLayersModel(path, name));
  }
  throw new AimaasError('UNSUPPORTED', `${name} is neither a JavaScript file nor a model.json.`, {
    hint: 'aimaas train --model ./my-model.js',
  });
}
