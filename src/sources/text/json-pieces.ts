/** The text of a row, and the line on which it begins. */
export type JsonPiece = { readonly line: number; readonly text: string };

/** The non-empty lines of a JSON Lines text; null where the text pauses (an empty piece). */
export async function* linePieces(text: AsyncIterable<string>): AsyncGenerator<JsonPiece[] | null> {
  let rest = '';
  let line = 1;
  for await (const piece of text) {
    if (piece === '') {
      yield null;
      continue;
    }
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    const pieces: JsonPiece[] = [];
    for (const each of lines) {
      if (each.trim() !== '') pieces.push({ line, text: each });
      line++;
    }
    if (pieces.length > 0) yield pieces;
  }
  if (rest.trim() !== '') yield [{ line, text: rest }];
}

/** The elements of a JSON array of objects, each cut out by counting braces outside strings; null where the text pauses. */
export async function* arrayPieces(text: AsyncIterable<string>): AsyncGenerator<JsonPiece[] | null> {
  let line = 1;
  let depth = 0;
  let quoted = false;
  let escaped = false;
  let opened = false;
  let closed = false;
  let held = '';
  let startLine = 1;
  for await (const piece of text) {
    const pieces: JsonPiece[] = [];
    let start = held === '' ? -1 : 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (c === 10) line++;
      if (quoted) {
        if (escaped) escaped = false;
        else if (c === 92) escaped = true;
        else if (c === 34) quoted = false;
        continue;
      }
      const isBlank = c === 32 || c === 10 || c === 13 || c === 9;
      if (depth === 0) {
        if (c === 93) closed = true;
        if (!opened && c === 91) opened = true;
        else if (start >= 0 && (c === 44 || c === 93)) {
          pieces.push({ line: startLine, text: held + piece.slice(start, i) });
          held = '';
          start = -1;
        } else if (start < 0 && !isBlank && c !== 44 && c !== 93) {
          start = i;
          startLine = line;
        }
      }
      if (opened && start >= 0) {
        if (c === 34) quoted = true;
        else if (c === 123 || c === 91) depth++;
        else if (c === 125 || c === 93) depth = Math.max(0, depth - 1);
      }
    }
    if (start >= 0) held += piece.slice(start);
    if (pieces.length > 0) yield pieces;
    if (piece !== '') continue;
    // An object need not wait for the comma after it.
    if (depth === 0 && held.trimEnd().endsWith('}')) {
      yield [{ line: startLine, text: held }];
      held = '';
    }
    yield null;
  }
  if (held.trim() !== '') yield [{ line: startLine, text: held }];
  if (!closed) yield [{ line, text: '' }];
}
