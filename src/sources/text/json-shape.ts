/** A JSON text that is neither an object a line nor an array of objects: what it is, and the jq program that makes lines of it. */
export type JsonShape = { readonly what: string; readonly program: string };

/** What the value of a member begins like. */
type Kind = 'objects' | 'arrays' | 'values' | 'object' | 'scalar';
type Member = { readonly name: string; readonly kind: Kind; readonly firstKey: string | undefined };

/** The members of the object that a text begins with, as far as they are there; `end` is where it ends, if it does. */
type Outline = { readonly members: readonly Member[]; readonly end: number | undefined };

/**
 * What a text is that begins with an object but goes on with its members on the next line, or has nothing but that object.
 * Undefined for JSON Lines, and for what is no JSON.
 */
export function jsonShape(head: string, whole: boolean): JsonShape | undefined {
  const text = head.trimStart();
  const outline = outlineOf(text);
  if (outline === undefined) return undefined;
  const { members, end } = outline;
  const lineEnd = text.indexOf('\n');
  const spansLines = lineEnd >= 0 && (end === undefined || lineEnd < end);
  const isAlone = end === undefined ? !whole : text.slice(end).trim() === '' && whole;
  if (!spansLines && !isAlone) return undefined;
  const shape = tableShape(members, spansLines);
  if (shape !== undefined || !spansLines) return shape;
  return { what: 'has a JSON object that spans several lines', program: '.' };
}

const NAMES_OF_ROWS = /^(?:data|rows|records|results|features|entries|observations|samples)$/i;

function tableShape(members: readonly Member[], spansLines: boolean): JsonShape | undefined {
  const kinds = new Map(members.map(({ name, kind }) => [name, kind]));
  const [rows] = members.filter(({ kind }) => kind === 'objects');
  // On a line of its own it may be a row with a list in it.
  const isTable = rows !== undefined && (spansLines || members.length === 1 || NAMES_OF_ROWS.test(rows.name));
  if (isTable) {
    const what = `is one JSON object, whose "${rows.name}" holds the rows`;
    return { what, program: `${path(rows.name)}[]` };
  }
  if (kinds.get('columns') === 'values' && kinds.get('data') === 'arrays') {
    const program = '.columns as $c | .data[] | [$c, .] | transpose | map({(.[0]|tostring): .[1]}) | add';
    return { what: 'is one JSON object of columns and data', program };
  }
  if (members.length > 0 && members.every(({ kind }) => kind === 'object')) {
    const isNumber = (key: string | undefined): boolean => key !== undefined && /^\d+$/.test(key);
    if (members.every(({ firstKey }) => isNumber(firstKey))) {
      const program = '. as $t | (map(keys_unsorted)[0])[] as $row | $t | map_values(.[$row])';
      return { what: 'is one JSON object of columns, each with its cells by row', program };
    }
    if (spansLines || members.every(({ name }) => isNumber(name))) {
      return { what: 'is one JSON object of rows by name', program: '.[]' };
    }
  }
  const areLists = members.length > 0 && members.every(({ kind }) => kind === 'values' || kind === 'arrays');
  if (areLists && (spansLines || members.length > 1)) {
    const program = '. as $t | range(map(length) | max) as $row | $t | map_values(.[$row])';
    return { what: 'is one JSON object of columns, each a list of its cells', program };
  }
  return undefined;
}

function path(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `.[${JSON.stringify(name)}]`;
}

/** Undefined where the text is no JSON object, as far as it goes. */
function outlineOf(text: string): Outline | undefined {
  const members: Member[] = [];
  if (!text.startsWith('{')) return undefined;
  let at = skipBlanks(text, 1);
  for (;;) {
    if (at >= text.length) return { members, end: undefined };
    if (text[at] === '}') return { members, end: at + 1 };
    const keyEnd = stringEnd(text, at);
    if (text[at] !== '"') return undefined;
    if (keyEnd >= text.length) return { members, end: undefined };
    const colon = skipBlanks(text, keyEnd);
    if (colon >= text.length) return { members, end: undefined };
    if (text[colon] !== ':') return undefined;
    const value = skipBlanks(text, colon + 1);
    const name = nameOf(text.slice(at, keyEnd));
    if (name === undefined) return undefined;
    members.push({ name, ...kindAt(text, value) });
    at = skipBlanks(text, valueEnd(text, value));
    if (text[at] === ',') at = skipBlanks(text, at + 1);
    else if (at < text.length && text[at] !== '}') return undefined;
  }
}

function nameOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

function kindAt(text: string, at: number): Pick<Member, 'kind' | 'firstKey'> {
  const inner = skipBlanks(text, at + 1);
  if (text[at] === '{') {
    const firstKey = text[inner] === '"' ? nameOf(text.slice(inner, stringEnd(text, inner))) : undefined;
    return { kind: 'object', firstKey };
  }
  if (text[at] !== '[') return { kind: 'scalar', firstKey: undefined };
  return {
    kind: text[inner] === '{' ? 'objects' : text[inner] === '[' ? 'arrays' : 'values',
    firstKey: undefined,
  };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? '')) at++;
  return at;
}

/** Index after the string that begins at `start`; the length of the text where it is cut off. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

/** Index after the value that begins at `start`. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const c = text[at];
    if (c === '"') {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (c === ',' || /\s/.test(c ?? ''))) return at;
    at++;
  }
  return at;
}
