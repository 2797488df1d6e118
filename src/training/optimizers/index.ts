import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import { OPTIMIZER_NAMES, type OptimizerName } from '../../core/training-names.js';
import { adadelta, adagrad, centeredRmsprop, rmsprop } from './adaptive.js';
import { adam, adamax, adamw, nadam } from './adam.js';
import { momentum, nesterov, sgd } from './descent.js';
import type { Optimizer } from './optimizer.js';

const OPTIMIZERS: Readonly<Record<OptimizerName, Optimizer>> = {
  sgd,
  momentum,
  nesterov,
  adagrad,
  adadelta,
  rmsprop,
  centered_rmsprop: centeredRmsprop,
  adam,
  adamw,
  adamax,
  nadam,
};

/** @throws AimaasError USAGE for a name that is none. */
export function optimizerNamed(name: string): Optimizer {
  if (Object.hasOwn(OPTIMIZERS, name)) return OPTIMIZERS[name as OptimizerName];
  const known = didYouMean(name, OPTIMIZER_NAMES);
  throw new AimaasError('USAGE', `There is no optimizer "${name}". ${known}`, {
    hint: 'aimaas train --optimizer adam',
  });
}
