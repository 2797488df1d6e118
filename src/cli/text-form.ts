import { didYouMean, nearestName } from '../core/suggest.js';

/**
 * What the text of an option is made of, as far as that can be said without data. It is checked where the text is read
 * (command line, environment, aimaas.yaml), and editors know it from the schema.
 */
export interface TextForm {
  /** A name and "=" before the value: COL=KIND, or [COL=]HOW where it is optional. `of` lists the only ones, called `what`. */
  readonly name?:
    | { readonly optional?: true; readonly of?: undefined }
    | { readonly optional?: undefined; readonly of: readonly string[]; readonly what: string };
  /** Words that the value may be. */
  readonly words?: readonly string[];
  /** The words may also be written with capitals. */
  readonly anyCase?: true;
  readonly number?: { readonly integer?: true; readonly minimum?: number; readonly maximum?: number };
  /** What else the value may be: a regular expression, with the flag u, of the whole value. */
  readonly pattern?: string;
  /** What else it may be where no pattern says it; the schema then takes any text. */
  readonly takes?: (text: string) => boolean;
  /** Several values, separated by commas; exactly so many where it is a number. */
  readonly commas?: true | number;
  /** What the text has to be, in words. */
  readonly expected: string;
}

/** A number as text. */
export const NUMBER_PATTERN = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';

/** For patterns with the flag u, which allow no other escapes. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** utf-8 → [uU][tT][fF]-8 */
function inAnyCase(pattern: string): string {
  return pattern.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** The words and the pattern of a form as patterns; numbers are checked by their value. */
export function textPatterns({ words = [], anyCase, pattern }: TextForm): string[] {
  const ofWords = words.map(escaped).map((word) => (anyCase === true ? inAnyCase(word) : word));
  return pattern === undefined ? ofWords : [...ofWords, pattern];
}

function fits(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`, 'su').test(text);
}

function isInRange(
  { integer, minimum = -Infinity, maximum = Infinity }: NonNullable<TextForm['number']>,
  value: number,
): boolean {
  const isKind = integer === true ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isKind && value >= minimum && value <= maximum;
}

function isOne(form: TextForm, text: string): boolean {
  if (textPatterns(form).some((pattern) => fits(pattern, text))) return true;
  if (form.takes?.(text) === true) return true;
  return form.number !== undefined && fits(NUMBER_PATTERN, text) && isInRange(form.number, Number(text));
}

/** The values in a text without a name; blanks around them do not count, unless a blank is the value. */
function isValue(form: TextForm, text: string): boolean {
  const parts = form.commas === undefined ? [text] : text.split(',');
  if (typeof form.commas === 'number' && parts.length !== form.commas) return false;
  return parts.every((part) => isOne(form, part) || isOne(form, part.trim()));
}

function wrongValue(form: TextForm, text: string): string {
  const parts = form.commas === undefined ? [text] : text.split(',');
  const wrong = parts.find((part) => !isOne(form, part.trim())) ?? text;
  const near = nearestName(wrong.trim(), form.words ?? []);
  return near === undefined ? `Expected ${form.expected}.` : `Did you mean "${near}"?`;
}

/** What is wrong with a text, as a sentence with the nearest name; undefined for one that is right. */
export function formProblem(form: TextForm, text: string): string | undefined {
  const { name } = form;
  const isBare = name === undefined || name.optional === true;
  if (isBare && isValue(form, text)) return undefined;
  if (name === undefined) return wrongValue(form, text);
  const cuts = [...text.matchAll(/=/g)].map(({ index }) => index).filter((at) => at > 0);
  const isName = (left: string): boolean => name.of?.includes(left.trim()) ?? true;
  if (cuts.some((at) => isName(text.slice(0, at)) && isValue(form, text.slice(at + 1)))) return undefined;
  const cut = name.of === undefined ? cuts.at(-1) : cuts[0];
  if (cut === undefined) return isBare ? wrongValue(form, text) : `Expected ${form.expected}.`;
  const left = text.slice(0, cut).trim();
  if (!isName(left) && name.of !== undefined)
    return `There is no ${name.what} "${left}". ${didYouMean(left, name.of)}`;
  const value = text.slice(cut + 1);
  return `"${value}" is none of its values. ${wrongValue(form, value)}`;
}
