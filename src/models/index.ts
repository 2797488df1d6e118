import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { didYouMean } from '../core/suggest.js';
import type { ModelFamily } from './family.js';
import { linear } from './linear.js';
import { mlp } from './mlp.js';

const FAMILIES: readonly ModelFamily[] = [linear, mlp];

export const FAMILY_NAMES: readonly string[] = FAMILIES.map((family) => family.name);

/** The family that `auto` stands for. */
const DEFAULT_FAMILY = mlp;

/**
 * The family of that name; `auto` is the default one.
 * @throws AimaasError USAGE for a name that is none.
 */
export function modelFamily(name: string): ModelFamily {
  if (name === 'auto') return DEFAULT_FAMILY;
  const family = FAMILIES.find((candidate) => candidate.name === name);
  if (family !== undefined) return family;
  throw new AimaasError('USAGE', `There is no model family "${name}". ${didYouMean(name, FAMILY_NAMES)}`, {
    hint: `aimaas train --model ${DEFAULT_FAMILY.name}`,
  });
}

/**
 * Checks parameters against what the family declares.
 * @throws AimaasError USAGE naming the parameter, the value and what is allowed.
 */
export function checkParameters(family: ModelFamily, given: JsonObject): void {
  for (const [name, value] of Object.entries(given)) {
    const spec = family.parameters[name];
    if (spec === undefined) {
      const known = didYouMean(name, Object.keys(family.parameters));
      throw new AimaasError('USAGE', `The family "${family.name}" has no parameter "${name}". ${known}`);
    }
    const wrong = (expected: string): AimaasError =>
      new AimaasError(
        'USAGE',
        `Parameter "${name}" of "${family.name}" is ${JSON.stringify(value)}; expected ${expected}.`,
      );
    if (spec.type === 'choice') {
      if (!spec.choices.includes(value as string)) throw wrong(`one of ${spec.choices.join(', ')}`);
    } else if (spec.type === 'units') {
      const valid =
        Array.isArray(value) && value.every((units) => Number.isInteger(units) && Number(units) > 0);
      if (!valid) throw wrong('a list of whole numbers above 0, such as 128,64');
    } else {
      const whole = spec.type === 'integer';
      const valid = typeof value === 'number' && value >= spec.minimum && value <= spec.maximum;
      if (!valid || (whole && !Number.isInteger(value))) {
        throw wrong(`a ${whole ? 'whole ' : ''}number from ${spec.minimum} to ${spec.maximum}`);
      }
    }
  }
}
