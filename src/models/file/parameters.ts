import { isJsonObject, type Json } from '../../core/json.js';
import type { ParameterSpec } from '../family.js';
import { checkValue } from '../parameters.js';
import type { ParameterDefault } from './definition.js';
import { modelFileError } from './errors.js';

type Declared = ParameterSpec & ParameterDefault;

const EXAMPLE =
  "export const parameters = { units: { type: 'integer', minimum: 8, maximum: 256, default: 64 }, activation: { type: 'choice', choices: ['relu', 'gelu'], default: 'relu' } };";

/**
 * The parameters that a model file declares.
 * @throws AimaasError MODEL_FILE naming the one that is wrong.
 */
export function readParameters(file: string, exported: unknown): Record<string, Declared> {
  if (exported === undefined) return {};
  const wrong = (what: string): Error =>
    modelFileError(`The export "parameters" of ${file} ${what}`, EXAMPLE);
  if (!isJsonObject(exported)) throw wrong('is not an object of parameters by name.');
  const declared: Record<string, Declared> = {};
  for (const [name, spec] of Object.entries(exported as Record<string, unknown>)) {
    if (!/^[a-z_]\w*$/i.test(name))
      throw wrong(`has "${name}", which is not a name made of letters and digits.`);
    const problem = problemOf(spec);
    if (problem !== undefined) throw wrong(`has "${name}", which ${problem}.`);
    const given = spec as Partial<Declared>;
    declared[name] = { ...given, description: given.description ?? name } as Declared;
  }
  return declared;
}

function problemOf(spec: unknown): string | undefined {
  if (!isJsonObject(spec)) return 'is not an object';
  const { type, choices, minimum, maximum, default: first } = spec as Record<string, unknown>;
  if (type === 'choice' || type === 'units') {
    if (!Array.isArray(choices) || choices.length === 0) return 'has no list of choices';
  } else if (type === 'integer' || type === 'number') {
    if (typeof minimum !== 'number' || typeof maximum !== 'number' || !(minimum <= maximum))
      return 'has no minimum and maximum';
  } else {
    return `has the type ${JSON.stringify(type)}; expected integer, number, choice or units`;
  }
  if (first === undefined) return 'has no default';
  const expected = checkValue(spec as ParameterSpec, first as Json);
  return expected === undefined
    ? undefined
    : `has the default ${JSON.stringify(first)}; expected ${expected}`;
}
