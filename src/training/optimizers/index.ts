import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import { adagrad, adam, adamw, rmsprop } from './adaptive.js';
import { momentum, nesterov, sgd } from './descent.js';
import type { Optimizer } from './optimizer.js';

const OPTIMIZERS: readonly Optimizer[] = [sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw];

export const OPTIMIZER_NAMES: readonly string[] = OPTIMIZERS.map((optimizer) => optimizer.name);

/** @throws AimaasError USAGE for a name that is none. */
export function optimizerNamed(name: string): Optimizer {
  const optimizer = OPTIMIZERS.find((candidate) => candidate.name === name);
  if (optimizer !== undefined) return optimizer;
  const known = didYouMean(name, OPTIMIZER_NAMES);
  throw new AimaasError('USAGE', `There is no optimizer "${name}". ${known}`, {
    hint: 'aimaas train --optimizer adam',
  });
}
