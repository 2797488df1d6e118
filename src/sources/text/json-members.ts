/**
 * The text of a member's value in the text of a JSON object that is known to be one: the last of that name, as JSON.parse
 * takes it; undefined when there is none. Line ends in it, which can only stand between values, become blanks.
 */
export function memberText(object: string, name: string): string | undefined {
  let found: string | undefined;
  let at = object.indexOf('{') + 1;
  for (;;) {
    const key = object.indexOf('"', at);
    if (key < 0) return found?.replaceAll(/\s*[\r\n]\s*/g, ' ');
    const keyEnd = endOfString(object, key);
    const start = object.indexOf(':', keyEnd) + 1;
    const end = endOfValue(object, start);
    if (JSON.parse(object.slice(key, keyEnd)) === name) found = object.slice(start, end).trim();
    at = end;
  }
}

/** Index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Index of the comma or brace after the value that begins at `start` or the blanks there. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text[at];
    if (c === '"') at = endOfString(text, at) - 1;
    else if (c === '{' || c === '[') depth++;
    else if (depth === 0 && (c === ',' || c === '}')) return at;
    else if (c === '}' || c === ']') depth--;
  }
  return text.length;
}
