/**
 * Words that TensorFlow's loader in Python cannot take for an argument: it makes one of every input of a signature, with "_"
 * for what is no letter or digit, and loads nothing of a model where that fails.
 */
const RESERVED = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** The argument that the loader makes of a name. */
function argumentOf(name: string): string {
  const swapped = name.replace(/[^\p{L}\p{N}]/gu, '_');
  return /^\p{L}/u.test(swapped) ? swapped : `arg_${swapped}`;
}

/** Whether Python takes it as it is; letters and digits beyond those, such as ², are no part of a Python name. */
function isArgument(text: string): boolean {
  return (
    /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(text) && text.normalize('NFKC') === text && !RESERVED.has(text)
  );
}

/**
 * What columns are called in the signature of a SavedModel: as they are, but for those that would keep Python from loading
 * it, because they are words of the language (class) or are no longer told apart from another (a b, a_b).
 * @returns column → key, for every column.
 */
export function signatureKeys(columns: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const keys = new Map<string, string>();
  // Names that need no change come first, so that no other takes their place.
  const isPlain = (name: string): boolean => argumentOf(name) === name;
  for (const name of [...columns.filter(isPlain), ...columns.filter((column) => !isPlain(column))]) {
    const wanted = argumentOf(name);
    if (isArgument(wanted) && !taken.has(wanted)) {
      taken.add(wanted);
      keys.set(name, name);
      continue;
    }
    const base = isArgument(`${wanted}_`) ? wanted : wanted.replace(/[^\p{ASCII}]/gu, '_');
    let copy = 1;
    while (taken.has(`${base}_${copy}`) || columns.includes(`${base}_${copy}`)) copy++;
    taken.add(`${base}_${copy}`);
    keys.set(name, `${base}_${copy}`);
  }
  return new Map(columns.map((column) => [column, keys.get(column) as string]));
}
