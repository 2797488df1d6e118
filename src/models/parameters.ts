import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import { didYouMean, nearestName } from '../core/suggest.js';
import { FAMILY_NAMES } from '../core/training-names.js';
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
      throw unknownParameter(family, name);
    }
    const expected = checkValue(spec, value);
    if (expected === undefined) continue;
    throw new AimaasError(
      'USAGE',
      `Parameter "${name}" of "${family.name}" is ${JSON.stringify(value)}; expected ${expected}.`,
      { hint: exampleFor(family, name, spec) },
    );
  }
}

function unknownParameter(family: ModelFamily, name: string): AimaasError {
  const known = Object.keys(family.parameters);
  const flag = OPTIONS[name] === undefined ? '' : ` (${OPTIONS[name]})`;
  const near = nearestName(name, known) ?? known[0];
  const spec = near === undefined ? undefined : family.parameters[near];
  return new AimaasError(
    'USAGE',
    `The family "${family.name}" has no parameter "${name}"${flag}. ${didYouMean(name, known)}`,
    {
      hint:
        family.name === 'linear' && OPTIONS[name] !== undefined
          ? 'Hidden layers are of the family mlp: aimaas train --model mlp --layers 128,64'
          : near === undefined || spec === undefined
            ? 'Leave it out.'
            : exampleFor(family, near, spec),
      details: { family: family.name, parameter: name, expected: known },
    },
  );
}

/** Parameters that have an option of their own. */
const OPTIONS: Readonly<Record<string, string>> = {
  units: '--layers',
  activation: '--activation',
  dropout: '--dropout',
};

function asOption(name: string, value: string): string {
  return OPTIONS[name] === undefined ? `--param ${name}=${value}` : `${OPTIONS[name]} ${value}`;
}

function exampleFor(family: ModelFamily, name: string, spec: ParameterSpec): string {
  const model = FAMILY_NAMES.some((own) => own === family.name) ? family.name : 'FILE';
  return `aimaas train --model ${model} ${asOption(name, exampleOf(spec))}`;
}

/** A value that the parameter may have. */
function exampleOf(spec: ParameterSpec): string {
  if (spec.type === 'choice') return String(spec.choices[0] ?? '');
  if (spec.type === 'units') return '128,64';
  return String(spec.minimum > 0 ? spec.minimum : Math.min(spec.maximum, spec.type === 'integer' ? 1 : 0.1));
}
