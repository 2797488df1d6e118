import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, parse, relative, resolve } from 'node:path';
import { CONFIG_FILE } from '../config/file.js';
import { AimaasError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { shellWord } from '../core/shell.js';
import type { StepContext } from '../core/step.js';
import { didYouMean, nearestName } from '../core/suggest.js';
import { storageError, writeFileAtomic } from '../workspace/atomic.js';
import { exists } from '../workspace/workspace.js';

export interface InitOptions {
  /** The project's folder; made if it is not there. Default: the current one. */
  readonly directory?: string | undefined;
  /** The column to predict, where that is known already. */
  readonly target?: string | undefined;
  /** Replace an aimaas.yaml that is there. */
  readonly force?: boolean | undefined;
  /** Commented settings for the reader to choose from: lines of the section collect, and the sections below it. */
  readonly comments?: { readonly collect: readonly string[]; readonly below: string } | undefined;
}

export type InitResult = {
  readonly schemaVersion: 1;
  readonly directory: string;
  readonly config: string;
  /** Data files found in the folder (and its data/), largest first. */
  readonly dataFiles: readonly string[];
  readonly target: string | null;
  /** Columns of the file used, where its first line could be read. */
  readonly columns: readonly string[];
  readonly gitignore: 'written' | 'extended' | 'unchanged';
};

const DATA_FILE = /\.(csv|tsv|jsonl|ndjson|parquet)(\.gz)?$/i;
const TEXT_TABLE = /\.(csv|tsv)$/i;
const HEADER_BYTES = 256 * 1024;

/** The comment by which editors with YAML support find the schema. */
const SCHEMA_COMMENT = '# yaml-language-server: $schema=./node_modules/aimaas/dist/aimaas.schema.json';

/** Data files of the folder and of a data/ folder in it, largest first: paths relative to the folder. */
async function findDataFiles(directory: string): Promise<string[]> {
  const found: { readonly path: string; readonly bytes: number }[] = [];
  for (const folder of [directory, join(directory, 'data')]) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.startsWith('.') || !DATA_FILE.test(entry.name)) continue;
      const path = join(folder, entry.name);
      found.push({ path: relative(directory, path), bytes: (await stat(path)).size });
    }
  }
  return found.sort((a, b) => b.bytes - a.bytes || a.path.localeCompare(b.path)).map((file) => file.path);
}

/** The names in the first line of a CSV or TSV file; none for other formats or a line that cannot be read. */
async function readColumns(path: string): Promise<string[]> {
  if (!TEXT_TABLE.test(path)) return [];
  const { parse } = await import('csv-parse/sync');
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    const delimiter = /\.tsv$/i.test(path) ? '\t' : likeliestDelimiter(text);
    const [header] = parse(text, { bom: true, delimiter, toLine: 1 });
    return header ?? [];
  } catch {
    return [];
  } finally {
    await file.close();
  }
}

function likeliestDelimiter(text: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  const counts = [',', ';', '\t', '|'].map((delimiter) => [delimiter, line.split(delimiter).length] as const);
  return counts.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** The largest data file that has the target, or the largest of all. */
async function chooseDataFile(
  directory: string,
  dataFiles: readonly string[],
  target: string | undefined,
): Promise<{ readonly source: string | undefined; readonly columns: readonly string[] }> {
  const [source] = dataFiles;
  if (source === undefined) return { source, columns: [] };
  const columns = await readColumns(join(directory, source));
  if (target === undefined || columns.length === 0 || columns.includes(target)) return { source, columns };
  for (const other of dataFiles.slice(1)) {
    const its = await readColumns(join(directory, other));
    if (its.includes(target)) return { source: other, columns: its };
  }
  return { source, columns };
}

/** A text as a YAML scalar: plain where that is safe, else quoted as in JSON. */
function yamlText(text: string): string {
  const isPlain =
    /^[\p{L}_./][\p{L}\p{N}_./ -]*$/u.test(text) && !/^(true|false|yes|no|on|off|null|~)$/i.test(text);
  return isPlain && text.trim() === text ? text : JSON.stringify(text);
}

/** The section of the one command that cannot do without settings; what is not known yet stays a comment. */
function collectSection(source: string | undefined, target: string | undefined): string[] {
  const nothing = source === undefined && target === undefined;
  const setting = (name: string, value: string | undefined, sample: string, about: string): string =>
    `${nothing ? '# ' : ''}  ${value === undefined && !nothing ? '# ' : ''}${name}: ${yamlText(value ?? sample)}   # ${about}`;
  return [
    nothing ? '# collect:' : 'collect:',
    setting('sources', source, 'data.csv', 'file, glob, URL, or a list of them'),
    setting('target', target, 'COLUMN', 'the column to predict'),
  ];
}

function configText(
  source: string | undefined,
  target: string | undefined,
  comments: InitOptions['comments'],
): string {
  const lines = [
    SCHEMA_COMMENT,
    '#',
    '# Settings of this project. Flags beat environment variables (AIMAAS_TRAIN_EPOCHS=50), which beat this file.',
    '# "aimaas run" does every step that is missing or out of date; "aimaas status" says which that is.',
    '',
    ...collectSection(source, target),
    ...(comments?.collect ?? []),
  ];
  if (comments !== undefined) lines.push('', comments.below.trimEnd());
  return `${lines.join('\n')}\n`;
}

/** Adds the workspace to .gitignore, where it is not ignored yet. */
async function ignoreWorkspace(directory: string, workspace: string): Promise<InitResult['gitignore']> {
  const inside = relative(directory, resolve(directory, workspace));
  if (inside.startsWith('..') || inside === '') return 'unchanged';
  const entry = `${inside.replaceAll('\\', '/')}/`;
  const path = join(directory, '.gitignore');
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === undefined) {
    await writeOwn(path, `# What aimaas makes from the data\n${entry}\n`);
    return 'written';
  }
  const known = before.split(/\r?\n/).map((line) => line.trim().replace(/^\//, '').replace(/\/$/, ''));
  if (known.includes(entry.slice(0, -1))) return 'unchanged';
  await writeOwn(path, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${entry}\n`);
  return 'extended';
}

/** Says of a file that cannot be written what init can do about it. */
function writeOwn(path: string, text: string): Promise<void> {
  return writeFileAtomic(path, text).catch((error: unknown) => {
    const cause = error instanceof AimaasError ? error.cause : error;
    throw cause === undefined ? error : storageError(cause, path, 'choose another folder: aimaas init DIR');
  });
}

/** Refuses a file, which is most likely the data. */
async function requireProjectFolder(directory: string, name: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  const { dir } = parse(name);
  throw new AimaasError('USAGE', `${name} is a file; init takes the folder of a project.`, {
    hint: `aimaas init${dir === '' ? '' : ` ${shellWord(dir)}`}   (it finds the data in the folder)`,
    details: { argument: name },
  });
}

/**
 * Prepares a folder: a commented aimaas.yaml for the data found in it, and the workspace in .gitignore.
 * @throws AimaasError USAGE when there is an aimaas.yaml already and `force` is not set; COLUMN_NOT_FOUND when the
 * target is not a column of the data file.
 */
export async function init(options: InitOptions, context: StepContext): Promise<InitResult> {
  const directory = resolve(options.directory ?? '.');
  const config = join(directory, CONFIG_FILE);
  await requireProjectFolder(directory, options.directory ?? '.');
  if (options.force !== true && (await exists(config))) {
    throw new AimaasError('USAGE', `There is an ${CONFIG_FILE} in ${directory} already.`, {
      hint: 'Edit it, or replace it with: aimaas init --force',
    });
  }
  await makeFolder(directory).catch((error: unknown) => {
    throw storageError(error, directory, 'choose another folder: aimaas init DIR');
  });
  const dataFiles = await findDataFiles(directory);
  const { target } = options;
  const { source, columns } = await chooseDataFile(directory, dataFiles, target);
  if (target !== undefined && source !== undefined && columns.length > 0 && !columns.includes(target)) {
    throw new AimaasError(
      'COLUMN_NOT_FOUND',
      `${source} has no column "${target}". ${didYouMean(target, columns)}`,
      {
        hint: `aimaas init --target ${shellWord(nearestName(target, columns) ?? columns.at(-1) ?? 'COLUMN')}`,
        details: { column: target, columns },
      },
    );
  }
  await writeOwn(config, configText(source, target, options.comments));
  if (dataFiles.length > 1) {
    context.reporter.info(
      `Found ${dataFiles.length} data files; ${basename(config)} uses ${source ?? ''}${source === dataFiles[0] ? ', the largest' : `, the largest with a column ${target ?? ''}`}.`,
    );
  }
  const gitignore = await ignoreWorkspace(directory, context.workspace);
  return { schemaVersion: 1, directory, config, dataFiles, target: target ?? null, columns, gitignore };
}
