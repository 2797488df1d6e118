import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { isTooDeepToParse, replaceTokens } from './json-text.js';
import { badRequest, RequestError } from './request-error.js';

/**
 * How deep lists and objects may be nested in a body. A tensor has at most 32 axes, so nothing that is meant comes near;
 * what works its way through a document may call itself so often.
 */
const DEEPEST = 100;

/** Number words that Python's json module writes and JSON lacks. Beyond the largest double is an infinity. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['NaN', 'null'],
  ['Infinity', '1e999'],
  ['-Infinity', '-1e999'],
]);

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Parses a request body. NaN is read as a missing value and Infinity as a number beyond all others, because Python
 * clients send those words for pandas' missing cells.
 * @throws RequestError 400 when the body is not UTF-8, not JSON, or nested deeper than 100 levels.
 */
export function parseJson(body: Buffer): unknown {
  const text = textOf(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    value = parseWithWords(text, error as Error);
  }
  if (isDeeper(value, DEEPEST)) throw tooDeep();
  return value;
}

function textOf(body: Buffer): string {
  if (body.length === 0) throw badRequest('JSON Parse error: The document is empty');
  if (!isUtf8(body)) throw badRequest('JSON Parse error: The body is not UTF-8 text');
  const text = body.toString('utf8');
  if (isTooDeepToParse(text, DEEPEST)) throw tooDeep();
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function tooDeep(): RequestError {
  return badRequest(
    `JSON Parse error: The document is nested deeper than ${DEEPEST} levels of lists and objects`,
  );
}

function parseWithWords(text: string, error: Error): unknown {
  const rewritten = replaceTokens(text, (token) => WORDS.get(token) ?? token);
  if (rewritten !== text) {
    try {
      return JSON.parse(rewritten);
    } catch {
      // The first error speaks of the text as it was sent.
    }
  }
  throw badRequest(`JSON Parse error: ${error.message}`);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const part of value) if (typeof part === 'object' && isDeeper(part, levels - 1)) return true;
    return false;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    const part = object[key];
    if (typeof part === 'object' && isDeeper(part, levels - 1)) return true;
  }
  return false;
}

/** A whole number that JSON.parse has rounded, where the exact one is needed. See `readExactly`. */
export class RoundedInteger extends RequestError {
  constructor(value: number) {
    const message = `${value} is beyond the whole numbers that are exact in JSON; send it as a string of digits.`;
    super(400, 'MALFORMED_REQUEST', message);
  }
}

/**
 * Reads what may have whole numbers of 64 bits: where `read` throws RoundedInteger, `again` reads it from parseExactly's
 * document. Bodies without such numbers are parsed once, and not looked through.
 */
export function readExactly<T>(read: () => T, again: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RoundedInteger) return again();
    throw error;
  }
}

/** The document of a body that parseJson has read, every whole number that a double does not hold exactly a bigint. */
export function parseExactly(body: Buffer): unknown {
  // Not to be guessed, so that no text in the document can be taken for a number.
  const mark = randomUUID();
  const text = replaceTokens(textOf(body), (token) => {
    const word = WORDS.get(token) ?? token;
    const value = Number(word);
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return word;
    return `"${mark}${/^-?\d+$/.test(word) ? word : String(BigInt(value))}"`;
  });
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** How much of a value an error message shows. */
const SHOWN = 200;

/** Some JSON value in an error message: as it was sent, but never more than a line of it. */
export function quote(value: unknown): string {
  if (value === undefined) return 'undefined';
  let text = '';
  // As JSON.stringify does, but no further than it is shown, so that neither size nor depth matters.
  const write = (part: unknown): void => {
    if (text.length > SHOWN) return;
    if (typeof part === 'string') {
      text += JSON.stringify(part.slice(0, SHOWN));
    } else if (Array.isArray(part)) {
      text += '[';
      for (let i = 0; i < part.length && text.length <= SHOWN; i++) {
        if (i > 0) text += ',';
        write(part[i]);
      }
      text += ']';
    } else if (typeof part === 'object' && part !== null) {
      writeMembers(part as Readonly<Record<string, unknown>>);
    } else {
      text += typeof part === 'bigint' ? String(part) : JSON.stringify(part ?? null);
    }
  };
  const writeMembers = (object: Readonly<Record<string, unknown>>): void => {
    let separator = '{';
    for (const key in object) {
      if (text.length > SHOWN) return;
      if (object[key] === undefined) continue;
      text += `${separator}${JSON.stringify(key.slice(0, SHOWN))}:`;
      separator = ',';
      write(object[key]);
    }
    text += separator === '{' ? '{}' : '}';
  };
  write(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
