import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import { didYouMean } from '../core/suggest.js';
import type { ModelFamily, ParameterSpec } from './family.js';

/** What was expected of a value, if it is not what the specification allows. */
export function checkValue(spec: ParameterSpec, value: Json): string | undefined {
  if (spec.type === 'choice') {
    return spec.choices.includes(value as string) ? undefined : `one of ${spec.choices.join(', ')}`;
  }
  if (spec.type === 'units') {
    const valid =
      Array.isArray(value) && value.every((units) => Number.isInteger(units) && Number(units) > 0);
    return valid ? undefined : 'a list of whole numbers above 0, such as 128,64';
  }
  const whole = spec.type === 'integer';
  const valid = typeof value === 'number' && value >= spec.minimum && value <= spec.maximum;
  if (valid && (!whole || Number.isInteger(value))) return undefined;
  return `a ${whole ? 'whole ' : ''}number from ${spec.minimum} to ${spec.maximum}`;
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
      const flag = name === 'units' ? ' (--layers)' : '';
      throw new AimaasError(
        'USAGE',
        `The family "${family.name}" has no parameter "${name}"${flag}. ${known}`,
      );
    }
    const expected = checkValue(spec, value);
    if (expected === undefined) continue;
    throw new AimaasError(
      'USAGE',
      `Parameter "${name}" of "${family.name}" is ${JSON.stringify(value)}; expected ${expected}.`,
    );
  }
}
