import { AimaasError } from '../core/errors.js';
import type { ValueInfo } from '../graph/graph.js';
import { batchMultiple, isSymbolic } from '../graph/symbolic.js';
import type { Tensors } from './engine.js';

/**
 * Checks that the inputs are what the graph takes, and returns the batch size they have (undefined where nothing is
 * symbolic). Engines' own messages about shapes name nodes that no user has ever seen.
 */
export function checkInputs(
  expected: Readonly<Record<string, ValueInfo>>,
  inputs: Tensors,
): number | undefined {
  let batch: number | undefined;
  for (const [name, info] of Object.entries(expected)) {
    const given = inputs[name];
    if (given === undefined)
      throw new AimaasError('INTERNAL', `The input "${name}" of the model is not given.`);
    const wanted = `${info.dtype} [${info.shape.map((size) => (isSymbolic(size) ? 'batch' : size)).join(', ')}]`;
    const got = `${given.dtype} [${given.shape.join(', ')}]`;
    const mismatch = () => new AimaasError('INTERNAL', `The input "${name}" is ${got}, expected ${wanted}.`);
    if (given.dtype !== info.dtype || given.shape.length !== info.shape.length) throw mismatch();
    info.shape.forEach((size, i) => {
      const actual = given.shape[i] ?? 0;
      if (!isSymbolic(size)) {
        if (actual !== size) throw mismatch();
        return;
      }
      const rows = actual / batchMultiple(size);
      if (batch !== undefined && rows !== batch) throw mismatch();
      batch = rows;
    });
  }
  return batch;
}
