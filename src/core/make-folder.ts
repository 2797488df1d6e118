import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. It is not `mkdir` with `recursive`, because that tries again for ever
 * where the file system says that the parent, which is there, is not: in /proc.
 * @throws the error of the system; ENOTSUP where a folder can never be made.
 */
export async function makeFolder(path: string, options: { readonly mode?: number } = {}): Promise<void> {
  const error = await tryToMake(path, options);
  if (error === undefined) return;
  if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
  const parent = dirname(path);
  if (await isFolder(parent)) throw unsupported(path, error);
  await makeFolder(parent, options);
  const again = await tryToMake(path, options);
  if (again !== undefined) throw again.code === 'ENOENT' ? unsupported(path, again) : again;
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

function unsupported(path: string, cause: Error): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOTSUP: no folder can be made here, mkdir '${path}'`, { cause }), {
    code: 'ENOTSUP',
    path,
  });
}
