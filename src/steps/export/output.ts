import { cp, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { storageError, temporaryName } from '../../workspace/atomic.js';
import { readBundle } from '../../workspace/bundle.js';
import { ARTIFACT_FOLDERS } from '../../workspace/manifest.js';
import { foreignFiles, filesIn, replaceFolder } from '../../workspace/replace-folder.js';
import { SIGNATURE_FILE } from '../../workspace/signature.js';
import { isDamage } from '../../workspace/workspace.js';
import { requireFolder } from '../require-folder.js';

const ELSEWHERE = 'name another folder with --output';

/** A folder that an export writes, whole or not at all; of what is there only the files of an earlier export are replaced. */
export interface OutputFolder {
  /** As the user gave it, for messages. */
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** The files that an earlier export wrote there; undefined if none did. */
  readonly ours: readonly string[] | undefined;
}

/**
 * Looks at a folder before anything is written to it.
 * @param listed Gives the files that an earlier export of the kind wrote to the folder.
 * @throws AimaasError USAGE for a folder that others live in (the current one, a workspace, whatever they lie in), with
 * or without `force`; without it also for a folder that holds files but no earlier export.
 */
export async function openOutput(
  name: string,
  options: { readonly workspace: string; readonly force: boolean; readonly what: string },
  listed: (folder: string) => Promise<readonly string[] | undefined>,
): Promise<OutputFolder> {
  const path = await real(resolve(name));
  await requireOwnFolder(name, path, options.workspace);
  const ours = await listed(path);
  await requireFolder('--output', name);
  if (ours === undefined && !options.force && (await readdirOr(path)).length > 0) {
    throw new AimaasError('USAGE', `${name} holds files, but no ${options.what}.`, {
      hint: 'Name an empty or new folder with --output, or write beside what is there with --force.',
    });
  }
  return { name, path, ours };
}

/**
 * Writes the folder by way of a temporary one, which `write` fills.
 * @throws AimaasError USAGE when a file of somebody else is in the way, unless `force` says that it may be replaced.
 */
export async function writeOutput(
  output: OutputFolder,
  options: { readonly force: boolean; readonly last: string },
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const { path, ours = [] } = output;
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    await mkdir(temporary);
    await write(temporary);
    const written = await filesIn(temporary);
    const inTheWay = (await foreignFiles(path, ours)).filter((file) => written.includes(file));
    if (!options.force && inTheWay.length > 0) {
      throw new AimaasError(
        'USAGE',
        `${output.name} holds files that aimaas did not write and would replace: ${inTheWay.join(', ')}.`,
        { hint: 'Move them, name another folder with --output, or replace them with --force.' },
      );
    }
    await replaceFolder(temporary, path, ours, options.last);
  } catch (error) {
    throw storageError(error, path, ELSEWHERE);
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What an earlier export of a bundle wrote to a folder. */
export async function bundleFiles(folder: string): Promise<readonly string[] | undefined> {
  const manifest = await readBundle(folder).catch((error: unknown) => {
    // A manifest.json of something else.
    if (isDamage(error)) return undefined;
    throw error;
  });
  return manifest === undefined
    ? undefined
    : ['manifest.json', SIGNATURE_FILE, ...Object.keys(manifest.files)];
}

/** Copies a bundle to a folder; the same bundle stays as it is. */
export async function copyBundle(
  bundle: string,
  output: OutputFolder,
  { force }: { readonly force: boolean },
): Promise<string> {
  if (output.ours !== undefined) {
    const [ours, theirs] = [await readBundle(bundle), await readBundle(output.path)];
    if (ours !== undefined && JSON.stringify(ours) === JSON.stringify(theirs)) return resolve(output.name);
  }
  const last = 'manifest.json';
  await writeOutput(output, { force, last }, (folder) => cp(bundle, folder, { recursive: true }));
  return resolve(output.name);
}

/** Folders in which a mistake would be dear, whatever --force says. */
async function requireOwnFolder(name: string, path: string, workspace: string): Promise<void> {
  const refuse = (why: string): never => {
    throw new AimaasError('USAGE', `--output ${name} is ${why}; an export goes into a folder of its own.`, {
      hint: `Name a folder that is only for it: --output ${join(name, 'model')}`,
    });
  };
  const [current, root] = [await real(process.cwd()), await real(resolve(workspace))];
  if (current === path) refuse('the current folder');
  if (isWithin(current, path)) refuse('a folder that the current folder lies in');
  if (root === path || (await isWorkspace(path))) refuse('a workspace');
  if (isWithin(root, path)) refuse('a folder that the workspace lies in');
  if (isWithin(path, root)) {
    throw new AimaasError('USAGE', `--output ${name} lies in the workspace, which holds what aimaas keeps.`, {
      hint: `Name a folder elsewhere: --output ${basename(path)}`,
    });
  }
}

async function isWorkspace(folder: string): Promise<boolean> {
  const names = await readdirOr(join(folder, 'current'));
  return Object.keys(ARTIFACT_FOLDERS).some((kind) => names.includes(kind));
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

/** The path without symbolic links, also where its end is not there yet. */
async function real(path: string): Promise<string> {
  return realpath(path).catch(async () =>
    dirname(path) === path ? path : join(await real(dirname(path)), basename(path)),
  );
}

async function readdirOr(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw storageError(error, folder, ELSEWHERE);
  });
}
