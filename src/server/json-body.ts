import { isUtf8 } from 'node:buffer';
import { badRequest } from './request-error.js';

/** A JSON string, or one of the number words that Python's json module writes and JSON does not have. */
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;

/** Beyond the largest double, so that JSON.parse reads it as an infinity. */
const WORDS: Readonly<Record<string, string>> = { NaN: 'null', Infinity: '1e999', '-Infinity': '-1e999' };

/**
 * Parses a request body. NaN is read as a missing value and Infinity as a number beyond all others, because Python
 * clients send those words for pandas' missing cells.
 * @throws RequestError 400 when the body is not UTF-8 or not JSON.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw badRequest('JSON Parse error: The document is empty');
  if (!isUtf8(body)) throw badRequest('JSON Parse error: The body is not UTF-8 text');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const rewritten = text.replace(STRING_OR_WORD, (found) => WORDS[found] ?? found);
    if (rewritten !== text) {
      try {
        return JSON.parse(rewritten);
      } catch {
        // The first error speaks of the text as it was sent.
      }
    }
    throw badRequest(`JSON Parse error: ${(error as Error).message}`);
  }
}

/** Some JSON value in an error message: as it was sent, but never more than a line of it. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
