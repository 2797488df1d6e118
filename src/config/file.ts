import { readFile } from 'node:fs/promises';
import type { Document } from 'yaml';
import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import { isJsonObject } from '../core/json.js';
import type { ConfigProblem } from './problems.js';

export const CONFIG_FILE = 'aimaas.yaml';

/** A settings file that is valid: sections by command, and the settings that belong to none. */
export interface ConfigFile {
  /** As named by the user, for messages. */
  readonly path: string;
  readonly values: JsonObject;
}

export const NO_CONFIG: ConfigFile = { path: CONFIG_FILE, values: {} };

/** The text of the settings file: the one named, which must exist, else aimaas.yaml of the current folder, if any. */
async function readConfigText(named: string | undefined): Promise<string | undefined> {
  const path = named ?? CONFIG_FILE;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && named === undefined) return undefined;
    const why = code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new AimaasError('CONFIG', `Cannot read the settings file "${path}": ${why}.`, {
      hint: code === 'ENOENT' ? 'Write one with: aimaas init' : undefined,
      cause: error,
    });
  }
}

/**
 * Reads and checks the settings file.
 * @param problemsOf finds what is wrong with its content; called only when there is some.
 * @throws AimaasError CONFIG with every problem of the file, each with its line.
 */
export async function loadConfig(
  named: string | undefined,
  problemsOf: (values: Json) => Promise<readonly ConfigProblem[]>,
): Promise<ConfigFile> {
  const path = named ?? CONFIG_FILE;
  const text = await readConfigText(named);
  if (text === undefined) return NO_CONFIG;
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw configError(
      path,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        message: `this is not valid YAML: ${error.message}`,
      })),
    );
  }
  const values = withoutEmpty(document.toJS() as Json);
  if (values === null) return { path, values: {} };
  const problems = await problemsOf(values);
  if (problems.length > 0 || !isJsonObject(values)) {
    const located = problems.map((problem) => {
      const node = nodeOffset(document, problem.path);
      return { line: node === undefined ? 1 : lines.linePos(node).line, message: problem.message };
    });
    throw configError(path, located);
  }
  return { path, values };
}

/** The file without settings that have a name and no value ("epochs:"): they are not set. */
function withoutEmpty(values: Json): Json {
  if (!isJsonObject(values)) return values;
  const sections = Object.entries(values).map(([name, section]) => {
    if (!isJsonObject(section)) return [name, section] as const;
    return [name, Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null))] as const;
  });
  return Object.fromEntries(sections) as JsonObject;
}

/** Where a value (or, for a key in it, that key) begins in the text. */
function nodeOffset(document: Document.Parsed, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const parent: unknown =
      length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const items = (parent as { items?: unknown[] } | undefined)?.items;
    const found = items?.find((item) => {
      const pair = item as { key?: { value?: unknown; range?: readonly number[] } };
      return pair.key !== undefined && String(pair.key.value) === String(key);
    }) as { key: { range?: readonly number[] } } | undefined;
    const range =
      found?.key.range ??
      (document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return undefined;
}

interface LocatedProblem {
  readonly line: number;
  readonly message: string;
}

function configError(path: string, problems: readonly LocatedProblem[]): AimaasError {
  const sorted = [...problems].sort((a, b) => a.line - b.line);
  const list = sorted.map(({ line, message }) => `  ${path}:${line}: ${message}`).join('\n');
  const count = sorted.length === 1 ? 'a problem' : `${sorted.length} problems`;
  return new AimaasError('CONFIG', `The settings file has ${count}:\n${list}`, {
    hint: 'docs/cli.md lists every setting; "aimaas help COMMAND" shows those of one command.',
    details: { file: path, problems: sorted.map(({ line, message }) => ({ line, message })) },
  });
}
