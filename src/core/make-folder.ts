import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Times a folder is tried to be made whose parent is there, or was: other processes make and remove folders too. */
const ATTEMPTS = 10;

/**
 * Makes a folder and those above it that are missing. It is not `mkdir` with `recursive`, because that tries again for ever
 * where the file system says that the parent, which is there, is not: in /proc.
 * @throws the error of the system; ENOTSUP where a folder can never be made.
 */
export async function makeFolder(path: string, options: { readonly mode?: number } = {}): Promise<void> {
  const parent = dirname(path);
  let error: NodeJS.ErrnoException | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    error = await tryToMake(path, options);
    if (error === undefined) return;
    if (error.code !== 'ENOENT' || parent === path) throw error;
    if (!(await isFolder(parent))) await makeFolder(parent, options);
  }
  throw unsupported(path, error);
}

/** What stands in the way; nothing where the folder is there now. */
async function tryToMake(
  path: string,
  options: { readonly mode?: number },
): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, options);
    return undefined;
  } catch (error) {
    return (await isFolder(path)) ? undefined : (error as NodeJS.ErrnoException);
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function unsupported(path: string, cause: Error | undefined): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOTSUP: no folder can be made here, mkdir '${path}'`, { cause }), {
    code: 'ENOTSUP',
    path,
  });
}
