import type { JsonObject } from '../core/json.js';
import { escaped, NUMBER_PATTERN, type TextForm, textPatterns } from './text-form.js';

/** Texts, and what YAML takes for something else though it is meant as text: 2024, true. */
export const TEXT: JsonObject = { type: ['string', 'number', 'boolean'] };

/** A pattern of the whole text, which may have blanks around it. */
function wholeText(pattern: string): JsonObject {
  return { ...TEXT, pattern: `^\\s*(?:${pattern})\\s*$` };
}

function anyOf(alternatives: readonly JsonObject[]): JsonObject {
  return alternatives.length === 1 ? (alternatives[0] as JsonObject) : { anyOf: [...alternatives] };
}

/** One value, without a name before it and without others beside it. */
function oneSchema(form: TextForm): JsonObject {
  const { words, anyCase, number } = form;
  const { integer, ...range } = number ?? {};
  const patterns = anyCase === true ? textPatterns(form) : textPatterns({ ...form, words: [] });
  return anyOf([
    ...(words === undefined ? [] : [{ enum: [...words] }]),
    ...(number === undefined ? [] : [{ type: integer === true ? 'integer' : 'number', ...range }]),
    ...(number === undefined ? [] : [{ type: 'string', pattern: `^\\s*${NUMBER_PATTERN}\\s*$` }]),
    ...patterns.map(wholeText),
    ...(form.takes === undefined ? [] : [TEXT]),
  ]);
}

/** What a value may look like in a text that holds more than it. */
function valuePattern(form: TextForm): string {
  const numbers = form.number === undefined ? [] : [NUMBER_PATTERN];
  return `(?:${[...textPatterns(form), ...numbers].join('|')})`;
}

/** A value without a name: one, or several as a list or in a text. */
function valueSchema(form: TextForm): JsonObject {
  const { commas } = form;
  if (commas === undefined) return oneSchema(form);
  const value = valuePattern(form);
  const times = commas === true ? '*' : `{${commas - 1}}`;
  const count: JsonObject = commas === true ? { minItems: 1 } : { minItems: commas, maxItems: commas };
  return anyOf([
    ...(commas === true ? [oneSchema(form)] : []),
    wholeText(`${value}(?:\\s*,\\s*${value})${times}`),
    { type: 'array', items: oneSchema(form), ...count },
  ]);
}

/** The JSON Schema of the text: its words as an enum, so that editors can offer them, the rest as patterns. */
export function formSchema(form: TextForm): JsonObject {
  const { name } = form;
  if (name === undefined) return valueSchema(form);
  const names = name.of === undefined ? '.+' : `\\s*(?:${name.of.map(escaped).join('|')})\\s*`;
  const named = wholeText(`${names}=\\s*${valuePattern(form)}`);
  return name.optional === true ? anyOf([valueSchema(form), named]) : named;
}

/** The JSON Schema of a mapping from names to values, for forms with a name. */
export function mappingSchema(form: TextForm): JsonObject {
  const value = valueSchema(form);
  const of = form.name?.of;
  if (of === undefined) return { type: 'object', additionalProperties: value };
  const properties = Object.fromEntries(of.map((name) => [name, value]));
  return { type: 'object', additionalProperties: false, properties };
}
