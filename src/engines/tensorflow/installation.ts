import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What `aimaas engines install tensorflow` writes beside the addon. */
export type InstallationRecord = {
  readonly schemaVersion: 1;
  /** Version of TensorFlow. */
  readonly version: string;
  /** Where TensorFlow's library is. */
  readonly library: string;
  /** The Python whose TensorFlow it is; null for a library downloaded by tfjs-node-gpu. */
  readonly python: string | null;
  /** Whether TensorFlow computed on a GPU when the installation was checked. */
  readonly gpu: boolean;
  readonly installed: string;
};

export interface Installation {
  readonly addon: string;
  /** undefined for an addon that npm's own install script put into the package. */
  readonly record: InstallationRecord | undefined;
}

export const ADDON = 'tfjs_binding.node';
export const RECORD = 'installation.json';
export const TFJS_NODE = '@tensorflow/tfjs-node-gpu';

/** The folder for what belongs to a user and no workspace: AIMAAS_HOME, or where the system keeps such things. */
function home(): string {
  const { AIMAAS_HOME, XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (AIMAAS_HOME !== undefined && AIMAAS_HOME !== '') return AIMAAS_HOME;
  switch (process.platform) {
    case 'win32':
      return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'aimaas');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'aimaas');
    default:
      return join(XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'aimaas');
  }
}

/** Where `aimaas engines install tensorflow` puts the engine. */
export function installationFolder(): string {
  return join(home(), 'engines', `tensorflow-${process.platform}-${process.arch}`);
}

/** The addon to use: the one that aimaas installed, else the one that npm did. */
export function findInstallation(): Installation | undefined {
  const own = join(installationFolder(), ADDON);
  if (existsSync(own)) return { addon: own, record: readRecord(installationFolder()) };
  const addon = addonOfPackage();
  return addon === undefined ? undefined : { addon, record: undefined };
}

export function readRecord(folder: string): InstallationRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as InstallationRecord;
  } catch {
    return undefined;
  }
}

/** The folder of the package tfjs-node-gpu, if it is installed. */
export function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return undefined;
  }
}

function addonOfPackage(): string | undefined {
  const folder = packageFolder();
  const lib = folder === undefined ? undefined : join(folder, 'lib');
  if (lib === undefined || !existsSync(lib)) return undefined;
  const made = readdirSync(lib).map((abi) => join(lib, abi, ADDON));
  return made.find((path) => existsSync(path));
}
