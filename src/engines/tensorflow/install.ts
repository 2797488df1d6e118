import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { compilation, compileAddon, runToEnd } from './build.js';
import {
  builtAddon,
  type InstallationRecord,
  installationRoot,
  packageFolder,
  readRecord,
  recordPath,
  TFJS_NODE,
} from './installation.js';
import { pythonTensorFlow } from './python.js';
import { verifyAddon } from './verify.js';

/** What an installation will do, decided and checked before anything is done. */
export interface InstallationPlan {
  /** Sentences for the user. */
  readonly actions: readonly string[];
  /** Puts the engine into a folder; gives the addon and what it is made of. */
  readonly build: (
    folder: string,
    signal: AbortSignal,
  ) => Promise<Pick<InstallationRecord, 'addon' | 'library' | 'python'>>;
}

/** Compiles tfjs-node-gpu's addon against the TensorFlow of a Python environment. */
export async function planFromPython(path: string): Promise<InstallationPlan> {
  const tensorflow = await pythonTensorFlow(path);
  const tools = compilation();
  return {
    actions: [
      `Compile the addon of ${TFJS_NODE} with ${tools.compiler} against TensorFlow ${tensorflow.version} in ${tensorflow.folder}`,
      ...common(),
    ],
    build: async (folder, signal) => ({
      addon: await compileAddon(tools, tensorflow, folder, signal),
      library: tensorflow.folder,
      python: tensorflow.python,
    }),
  };
}

/** Lets npm install tfjs-node-gpu with its own script, which downloads the library and an addon for it. */
export async function planDownload(): Promise<InstallationPlan> {
  const version = await packageVersion();
  return {
    actions: [
      `Let npm install ${TFJS_NODE}@${version} with its install script, which downloads libtensorflow 2.9.1 for CUDA 11.2 from storage.googleapis.com (about 400 MB)`,
      ...common(),
    ],
    build: async (folder, signal) => {
      await writeFile(join(folder, 'package.json'), '{"private": true}\n');
      const npm = ['install', `${TFJS_NODE}@${version}`, '--ignore-scripts=false', '--no-audit', '--no-fund'];
      try {
        await runToEnd('npm', [...npm, '--foreground-scripts'], { cwd: folder, signal });
      } catch (cause) {
        if (cause instanceof AimaasError && cause.code === 'INTERRUPTED') throw cause;
        throw new AimaasError(
          'ENGINE_UNAVAILABLE',
          `${TFJS_NODE} could not install itself: ${(cause as Error).message}`,
          {
            hint: 'Use the TensorFlow of a Python instead: aimaas engines install tensorflow --python PATH',
            details: cause instanceof AimaasError ? cause.details : undefined,
            cause,
          },
        );
      }
      const installed = join(folder, 'node_modules', ...TFJS_NODE.split('/'));
      const addon = builtAddon(installed);
      if (addon === undefined) {
        throw new AimaasError('ENGINE_UNAVAILABLE', `${TFJS_NODE} was installed, but without its addon.`, {
          hint: 'Use the TensorFlow of a Python instead: aimaas engines install tensorflow --python PATH',
        });
      }
      return { addon: relative(folder, addon), library: join(installed, 'deps', 'lib'), python: null };
    },
  };
}

function common(): string[] {
  return [
    `Keep it in ${installationRoot()}`,
    'Check it with a few training steps',
    ...(readRecord() === undefined ? [] : ['Replace what is installed there now']),
  ];
}

async function packageVersion(): Promise<string> {
  const folder = packageFolder(TFJS_NODE);
  if (folder === undefined) return '4.22.0';
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Carries out a plan: builds in a folder of its own, checks it, and only then makes it the one that is used. Whenever it is
 * interrupted or killed, what was installed before goes on working.
 */
export async function install(plan: InstallationPlan, signal: AbortSignal): Promise<InstallationRecord> {
  const root = installationRoot();
  const folder = randomBytes(6).toString('hex');
  const path = join(root, folder);
  try {
    await makeFolder(path);
    const made = await plan.build(path, signal);
    const { version, gpu } = await verifyAddon(join(path, made.addon));
    const record: InstallationRecord = { schemaVersion: 1, folder, version, gpu, ...made };
    const draft = `${recordPath()}.${folder}`;
    await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
    await rename(draft, recordPath());
    await removeOthers(folder);
    return record;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof AimaasError || code === undefined) throw error;
    throw new AimaasError('STORAGE', `${root} cannot be written: ${(error as Error).message}`, {
      hint: 'Name another folder in the environment variable AIMAAS_HOME.',
      cause: error,
    });
  }
}

/** Removes what `install` has made; false where there is nothing. */
export async function uninstall(): Promise<boolean> {
  const root = installationRoot();
  if (!existsSync(root)) return false;
  const [record] = [readRecord()];
  // The record first: without it the rest is not used any more, whatever happens to it.
  await rm(recordPath(), { force: true });
  await removeOthers(undefined);
  return record !== undefined;
}

/** Folders of earlier installations, and of those that were killed. */
async function removeOthers(kept: string | undefined): Promise<void> {
  const root = dirname(recordPath());
  for (const name of await readdir(root)) {
    if (/^[0-9a-f]{12}$/.test(name) && name !== kept)
      await rm(join(root, name), { recursive: true, force: true });
    if (name.startsWith('installation.json.')) await rm(join(root, name), { force: true });
  }
}
