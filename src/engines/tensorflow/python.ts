import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AimaasError } from '../../core/errors.js';

/** The TensorFlow of a Python environment. */
export interface PythonTensorFlow {
  /** The interpreter. */
  readonly python: string;
  readonly version: string;
  /** The folder of the package tensorflow: its libraries, and `include` with their headers. */
  readonly folder: string;
  readonly libraries: readonly string[];
}

/** Finds the package without importing it, which would take seconds. */
const SCRIPT = `
import importlib.metadata, importlib.util, json
spec = importlib.util.find_spec("tensorflow")
version = None
for name in ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly", "tensorflow-rocm", "tensorflow-intel"):
    try:
        version = version or importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
folders = list(spec.submodule_search_locations) if spec and spec.submodule_search_locations else []
print(json.dumps({"folder": folders[0] if folders else None, "version": version}))
`;

/** Names of the libraries that hold TensorFlow's C interface, by the name's ending on each system. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  darwin: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
};

/**
 * The TensorFlow of a Python: an interpreter, or the folder of an environment.
 * @throws AimaasError ENGINE_UNAVAILABLE saying what is missing and how to get it.
 */
export async function pythonTensorFlow(path: string): Promise<PythonTensorFlow> {
  const names = LIBRARIES[process.platform];
  if (names === undefined) {
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `The TensorFlow of a Python can be used on Linux and macOS, not on ${process.platform}.`,
      { hint: 'aimaas engines install tensorflow' },
    );
  }
  const python = await interpreter(path);
  const found = await ask(python);
  if (found.folder === null || found.version === null) {
    throw new AimaasError('ENGINE_UNAVAILABLE', `${python} has no TensorFlow.`, {
      hint: `${python} -m pip install tensorflow   (with an NVIDIA GPU: 'tensorflow[and-cuda]')`,
    });
  }
  const { folder, version } = found;
  const libraries = names.map((name) => join(folder, name));
  const needed = [...libraries, join(folder, 'include', 'tensorflow', 'c', 'c_api.h')];
  const missing = needed.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `TensorFlow ${version} of ${python} lacks ${missing.join(', ')}. Versions from 2.12 on have these files.`,
      { hint: `${python} -m pip install --upgrade tensorflow` },
    );
  }
  return { python, version, folder, libraries };
}

async function interpreter(path: string): Promise<string> {
  const about = await stat(path).catch(() => undefined);
  if (about?.isDirectory() !== true) return path;
  const inside = ['bin/python', 'bin/python3'].map((name) => join(path, name));
  const found = inside.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new AimaasError(
    'USAGE',
    `${path} is a folder without bin/python, expected a Python or its environment.`,
    {
      hint: 'aimaas engines install tensorflow --python "$(which python3)"',
    },
  );
}

async function ask(
  python: string,
): Promise<{ readonly folder: string | null; readonly version: string | null }> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', SCRIPT], { timeout: 60_000 });
    return JSON.parse(stdout) as { folder: string | null; version: string | null };
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string };
    const why = code === 'ENOENT' ? 'there is no such program' : (stderr ?? (cause as Error).message).trim();
    throw new AimaasError('USAGE', `--python ${python} cannot be asked for its TensorFlow: ${why}`, {
      hint: 'aimaas engines install tensorflow --python "$(which python3)"',
      cause,
    });
  }
}
