import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import { FAMILY_NAMES, type FamilyName } from '../core/training-names.js';
import type { ModelFamily } from './family.js';
import { linear } from './linear.js';
import { mlp } from './mlp.js';

const FAMILIES: Readonly<Record<FamilyName, ModelFamily>> = { linear, mlp };

/** The family that `auto` stands for. */
const DEFAULT_FAMILY = mlp;

/**
 * The family of that name; `auto` is the default one.
 * @throws AimaasError USAGE for a name that is none.
 */
export function modelFamily(name: string): ModelFamily {
  if (name === 'auto') return DEFAULT_FAMILY;
  if (Object.hasOwn(FAMILIES, name)) return FAMILIES[name as FamilyName];
  throw new AimaasError('USAGE', `There is no model family "${name}". ${didYouMean(name, FAMILY_NAMES)}`, {
    hint: `aimaas train --model ${DEFAULT_FAMILY.name}, or a file of your own: --model ./my-model.js`,
  });
}
