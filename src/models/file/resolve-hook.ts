import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What own-packages.ts sends to the thread in which Node before 22.15 resolves imports. */
interface Given {
  readonly modules: Readonly<Record<string, string>>;
  readonly root: string;
}

let given: Given = { modules: {}, root: '' };

export function initialize(data: Given): void {
  given = data;
}

/** As in own-packages.ts, which Node's thread for this does not share memory with. */
export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string },
  next: (specifier: string, context: object) => Promise<unknown>,
): Promise<unknown> {
  const url = Object.hasOwn(given.modules, specifier) ? given.modules[specifier] : undefined;
  const from = context.parentURL;
  if (
    url === undefined ||
    from?.startsWith('file:') !== true ||
    !isUsersOwn(fileURLToPath(from), given.root)
  ) {
    return next(specifier, context);
  }
  return { url, format: 'module', shortCircuit: true };
}

/** Neither this program nor a package: those import what is theirs. */
export function isUsersOwn(path: string, root: string): boolean {
  const own = ['dist', 'src'].some((folder) => path.startsWith(join(root, folder) + sep));
  return !own && !path.includes(`${sep}node_modules${sep}`);
}
