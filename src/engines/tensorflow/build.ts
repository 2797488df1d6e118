import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { ADDON, packageFolder, TFJS_NODE } from './installation.js';
import type { PythonTensorFlow } from './python.js';

const HEADERS = 'node-api-headers';

/** Time that a compiler or a download may take. */
const BUILD_MILLISECONDS = 900_000;

/** Characters of a failing program's words that an error keeps. */
const LAST_WORDS = 6000;

export interface Compilation {
  readonly compiler: string;
  /** The addon's sources in tfjs-node-gpu. */
  readonly sources: readonly string[];
  readonly headers: string;
}

/**
 * What there is to compile the addon with.
 * @throws AimaasError ENGINE_UNAVAILABLE naming what is missing.
 */
export function compilation(): Compilation {
  const folders = [TFJS_NODE, HEADERS].map((name) => {
    const folder = packageFolder(name);
    if (folder !== undefined) return folder;
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `The optional package ${name} is not installed beside aimaas.`,
      { hint: `npm install --ignore-scripts ${TFJS_NODE} ${HEADERS}   (with -g if aimaas is installed so)` },
    );
  });
  const [addon = '', headers = ''] = folders.map((folder, i) =>
    join(folder, i === 0 ? 'binding' : 'include'),
  );
  const sources = readdirSync(addon)
    .filter((name) => name.endsWith('.cc'))
    .sort()
    .map((name) => join(addon, name));
  return { compiler: findCompiler(), sources, headers };
}

function findCompiler(): string {
  const { CXX } = process.env;
  const candidates = CXX === undefined || CXX === '' ? ['c++', 'g++', 'clang++'] : [CXX];
  const found = candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found !== undefined) return found;
  throw new AimaasError(
    'ENGINE_UNAVAILABLE',
    `There is no C++ compiler: looked for ${candidates.join(', ')}.`,
    {
      hint:
        process.platform === 'darwin'
          ? 'xcode-select --install'
          : 'Install one, such as: apt-get install g++   (or name it in CXX)',
    },
  );
}

/** Compiles the addon against the TensorFlow of a Python; gives the addon's name in `folder`. */
export async function compileAddon(
  { compiler, sources, headers }: Compilation,
  tensorflow: PythonTensorFlow,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const system = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  await runToEnd(
    compiler,
    [
      ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', ...system],
      ...[`-I${headers}`, `-I${join(tensorflow.folder, 'include')}`],
      ...sources,
      ...['-o', join(folder, ADDON)],
      ...tensorflow.libraries,
      // By its full path: what these libraries need lies beside them.
      ...['-Xlinker', '-rpath', '-Xlinker', tensorflow.folder],
    ],
    { signal },
  );
  return ADDON;
}

/** Runs a program; its words are kept for the error. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  let words = '';
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, [...args], {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILD_MILLISECONDS,
      shell: process.platform === 'win32',
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString('utf8')).slice(-LAST_WORDS)));
    }
    child.on('error', (error) => {
      reject(options.signal.aborted ? new AimaasError('INTERRUPTED', 'Interrupted.') : error);
    });
    child.on('close', (code, killed) => {
      if (code === 0) resolve();
      else {
        const how = killed === null ? `ended with exit code ${code ?? 0}` : `was ended by ${killed}`;
        const details = { output: words.trim() };
        reject(new AimaasError('ENGINE_UNAVAILABLE', `${program} ${how}: ${telling(words)}`, { details }));
      }
    });
  });
}

/** The line of a program's output that says what went wrong: the first with an error in it, else the last. */
function telling(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /\berror: |Error: /.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim();
}
