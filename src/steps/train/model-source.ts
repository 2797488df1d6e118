import { createHash } from 'node:crypto';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { MODEL_SCRIPT_ENDINGS } from '../../core/training-names.js';
import { makeFolder } from '../../core/make-folder.js';
import type { ModelFamily } from '../../models/family.js';
import { isModelFile, loadModelFile, unreadableWeights, weightPaths } from '../../models/file/index.js';
import { modelFamily } from '../../models/index.js';
import { writeFileAtomic } from '../../workspace/atomic.js';

/** Folder of a run that holds a copy of the model file it was trained with. */
const FOLDER = 'source';

/** A model file with everything it is made of. */
export interface ModelSource {
  /** Absolute path of the file that was named. */
  readonly path: string;
  /** Its name, and its path from the folder that all files have in common. */
  readonly name: string;
  readonly entry: string;
  /** Of the paths (from the common folder) and contents of all files. */
  readonly sha256: string;
  readonly root: string;
  /** Paths from `root`: the file itself, the files it imports by relative paths, the weights of a model.json. */
  readonly files: readonly string[];
  /** How Node is told what a .js file is: the "type" of its package, or what its syntax says. */
  readonly type: 'module' | 'commonjs';
}

/** What a run's settings say of the file it was trained with. */
export type SourceRecord = { readonly name: string; readonly entry: string; readonly sha256: string };

export interface FoundFamily {
  readonly family: ModelFamily;
  readonly source: ModelSource | undefined;
}

/**
 * The family that a value of --model stands for: one of aimaas, or a file.
 * @throws AimaasError USAGE for a name that is none; MODEL_FILE where the file cannot be used.
 */
export async function findFamily(model: string | undefined): Promise<FoundFamily> {
  const name = model ?? 'auto';
  if (!isModelFile(name)) return { family: modelFamily(name), source: undefined };
  const source = await readSource(resolve(name), name);
  const family = await loadModelFile(source.path, source.name, source.sha256);
  return { family, source };
}

export function recordOf({ name, entry, sha256 }: ModelSource): SourceRecord {
  return { name, entry, sha256 };
}

/** Path of a run's copy of its model file; undefined where it was trained with a family of aimaas. */
export function copiedSource(runFolder: string, options: JsonObject): string | undefined {
  const source = options['source'] as SourceRecord | null | undefined;
  return source == null ? undefined : join(runFolder, FOLDER, source.entry);
}

/** Copies the files of a model into the folder of a run, so that the run can be repeated whatever becomes of them. */
export async function copySource(source: ModelSource, runFolder: string): Promise<void> {
  const folder = join(runFolder, FOLDER);
  for (const file of source.files) {
    const target = join(folder, file);
    if (target === join(source.root, file)) continue;
    await makeFolder(dirname(target));
    await copyFile(join(source.root, file), target);
  }
  await writeFileAtomic(join(folder, 'package.json'), `${JSON.stringify({ type: source.type })}\n`);
}

async function readSource(path: string, given: string): Promise<ModelSource> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new AimaasError(
      'MODEL_FILE',
      `There is no model file ${given}: ${found === undefined ? 'no such file' : 'that is a folder'}.`,
      { hint: 'aimaas train --model ./my-model.js, or a family: aimaas train --model mlp' },
    );
  }
  const all = await reachable(path);
  const root = commonFolder(all);
  const files = all.map((file) => relative(root, file)).sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(join(root, file)).catch((cause: unknown) => {
      throw extname(path) === '.json'
        ? unreadableWeights(relative(dirname(path), join(root, file)), basename(path), cause)
        : cause;
    });
    hash.update(`${file.replaceAll('\\', '/')}\n${content.length}\n`).update(content);
  }
  return {
    path,
    name: basename(path),
    entry: relative(root, path),
    sha256: hash.digest('hex'),
    root,
    files,
    type: await typeOf(path),
  };
}

/** Relative paths in import and export statements, import() and require(). */
const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/** The file and the files it is made of, each once. */
async function reachable(entry: string): Promise<string[]> {
  if (extname(entry) === '.json') {
    const paths = weightPaths(parsed(await readFile(entry, 'utf8')));
    return [entry, ...new Set(paths.map((path) => join(dirname(entry), path)))];
  }
  const found = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (!MODEL_SCRIPT_ENDINGS.includes(extname(path))) continue;
    const text = await readFile(path, 'utf8');
    for (const [, , wanted] of text.matchAll(IMPORTS)) {
      const imported = resolved(path, wanted ?? '');
      if (imported !== undefined) waiting.push(imported);
    }
  }
  return [...found];
}

function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    // The loader says what is wrong with it.
    return {};
  }
}

/** The file a relative import means; undefined where Node will not find one either. */
function resolved(from: string, wanted: string): string | undefined {
  try {
    return createRequire(from).resolve(wanted);
  } catch {
    return undefined;
  }
}

function commonFolder(files: readonly string[]): string {
  let root = dirname(files[0] as string);
  while (files.some((file) => relative(root, file).startsWith('..'))) root = dirname(root);
  return root;
}

async function typeOf(path: string): Promise<'module' | 'commonjs'> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const { type } = parsed(text);
      if (type === 'module' || type === 'commonjs') return type;
      break;
    }
    if (dirname(folder) === folder) break;
  }
  const text = await readFile(path, 'utf8');
  return /^\s*(?:export|import)\b(?!\s*\()/m.test(text) ? 'module' : 'commonjs';
}
