/** JSON as text, looked at in one pass over its characters: what a body of many megabytes must not be able to make slow. */

const QUOTE = 34;
const BACKSLASH = 92;

/** A number, a word, or what else stands outside strings and between punctuation. */
const TOKEN = /[-+.\w]+/y;

/** The index behind a string that begins at `start`, or the end of the text where it does not end. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return text.length;
}

/** The text with every number and word outside its strings replaced by what `replace` gives for it. */
export function replaceTokens(text: string, replace: (token: string) => string): string {
  const pieces: string[] = [];
  let kept = 0;
  for (let i = 0; i < text.length;) {
    if (text.charCodeAt(i) === QUOTE) {
      i = stringEnd(text, i);
      continue;
    }
    TOKEN.lastIndex = i;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) {
      i++;
      continue;
    }
    const replacement = replace(token);
    if (replacement !== token) {
      pieces.push(text.slice(kept, i), replacement);
      kept = i + token.length;
    }
    i += token.length;
  }
  return kept === 0 ? text : pieces.join('') + text.slice(kept);
}

/** Opening brackets from which on it is looked for deep nesting before parsing, which costs 0.4 µs a nested bracket. */
const MANY = 50_000;

/**
 * Whether lists and objects are nested deeper than `levels`, as far as it must be known before parsing: text with few
 * brackets, such as most bodies and large tensors are, is not looked at.
 */
export function isTooDeepToParse(text: string, levels: number): boolean {
  if (text.length < MANY || countOf(text, '[') + countOf(text, '{') < MANY) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = stringEnd(text, i) - 1;
        break;
      case 91: // [
      case 123: // {
        if (++depth > levels) return true;
        break;
      case 93: // ]
      case 125: // }
        depth--;
        break;
      default:
    }
  }
  return false;
}

/** How often a character occurs, counted up to MANY. */
function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1 && count < MANY; at = text.indexOf(character, at + 1)) {
    count++;
  }
  return count;
}
