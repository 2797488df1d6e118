/** --encoding name → WHATWG label. latin1 is windows-1252 there, which is latin1 with more printable characters. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  latin1: 'windows-1252',
  'latin-1': 'windows-1252',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

/** The names that are told; others are taken too. */
export const ENCODING_NAMES: readonly string[] = Object.keys(ENCODINGS);

/** The WHATWG label of an encoding: one of those above, or any other that TextDecoder knows, such as gbk or shift_jis. */
export function knownEncoding(name: string): string | undefined {
  return ENCODINGS[name.toLowerCase()] ?? otherLabel(name);
}

function otherLabel(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}
