import { isJsonObject } from '../../core/json.js';
import { didYouMean } from '../../core/suggest.js';
import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';

/** What of the answers is wanted, and how they are decided. */
export interface PredictOptions {
  /** Which model; undefined for the first. */
  readonly model: string | undefined;
  /** How many of the most probable classes have their probability told; undefined for all. */
  readonly top: number | undefined;
  /** Of two classes: the second is the answer if it is at least so probable. Of more: there is none below it. */
  readonly threshold: number | undefined;
  /** Members of an answer; undefined for all. */
  readonly fields: readonly Field[] | undefined;
}

export const FIELDS = ['prediction', 'probabilities'] as const;
export type Field = (typeof FIELDS)[number];

const NAMES = ['model', 'top', 'threshold', 'fields'] as const;
type Name = (typeof NAMES)[number];

/**
 * The options of POST /predict, from the query (`?top=2&fields=prediction`) or the body; the query wins.
 * @throws RequestError 400 for an option that there is not, or a value that is none.
 */
export function readOptions(query: URLSearchParams, body: unknown): PredictOptions {
  for (const name of query.keys()) {
    if ((NAMES as readonly string[]).includes(name)) continue;
    throw badRequest(`There is no option ${quote(name)}. ${didYouMean(name, NAMES)}`);
  }
  const given = (name: Name): unknown =>
    query.get(name) ?? (isJsonObject(body) && Object.hasOwn(body, name) ? body[name] : undefined);
  const model = given('model');
  if (model !== undefined && typeof model !== 'string')
    throw badRequest(`"model" is ${quote(model)}, not a name.`);
  return {
    model,
    top: numberOf(
      'top',
      given('top'),
      (value) => Number.isInteger(value) && value >= 1,
      'a whole number from 1',
    ),
    threshold: numberOf('threshold', given('threshold'), (value) => value >= 0 && value <= 1, 'from 0 to 1'),
    fields: fieldsOf(given('fields')),
  };
}

function numberOf(
  name: Name,
  value: unknown,
  fits: (value: number) => boolean,
  expected: string,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && fits(number)) return number;
  throw badRequest(`"${name}" is ${quote(value)}; expected ${expected}.`);
}

function fieldsOf(value: unknown): Field[] | undefined {
  if (value === undefined || value === null) return undefined;
  const names: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(names) || names.length === 0) {
    throw badRequest(`"fields" is ${quote(value)}; expected some of ${FIELDS.join(', ')}.`);
  }
  return names.map((name: unknown) => {
    const found = FIELDS.find((field) => field === name);
    if (found !== undefined) return found;
    const known = didYouMean(typeof name === 'string' ? name : '', FIELDS);
    throw badRequest(`There is no field ${quote(name)}. ${known}`);
  });
}
