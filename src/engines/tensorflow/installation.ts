import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { AimaasError } from '../../core/errors.js';

/** What `aimaas engines install tensorflow` keeps about what it installed. */
export type InstallationRecord = {
  readonly schemaVersion: 1;
  /** Folder beside the record that holds what was installed. */
  readonly folder: string;
  /** The addon in that folder. */
  readonly addon: string;
  /** Version of TensorFlow. */
  readonly version: string;
  /** Where TensorFlow's library is. */
  readonly library: string;
  /** The Python whose TensorFlow it is; null for a library downloaded by tfjs-node-gpu. */
  readonly python: string | null;
  /** Whether TensorFlow computed on a GPU when the installation was checked. */
  readonly gpu: boolean;
};

export interface Installation {
  readonly addon: string;
  /** undefined for an addon that npm's own install script put into the package. */
  readonly record: InstallationRecord | undefined;
}

export const ADDON = 'tfjs_binding.node';
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

/** Where `aimaas engines install tensorflow` puts the engine: a folder for every installation, and the record of one. */
export function installationRoot(): string {
  return join(home(), 'engines', `tensorflow-${process.platform}-${process.arch}`);
}

export function recordPath(): string {
  return join(installationRoot(), 'installation.json');
}

/** What aimaas itself has installed; undefined where it has not, or where it is damaged. */
export function readRecord(): InstallationRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(), 'utf8')) as InstallationRecord;
    return existsSync(addonOf(record)) ? record : undefined;
  } catch {
    return undefined;
  }
}

function addonOf({ folder, addon }: InstallationRecord): string {
  return join(installationRoot(), folder, addon);
}

/** The addon to use: the one that aimaas installed, else the one that npm did. */
export function findInstallation(): Installation | undefined {
  const record = readRecord();
  if (record !== undefined) return { addon: addonOf(record), record };
  const folder = packageFolder(TFJS_NODE);
  const addon = folder === undefined ? undefined : builtAddon(folder);
  return addon === undefined ? undefined : { addon, record: undefined };
}

export const NOT_INSTALLED =
  'TensorFlow is not set up: npm brings tfjs-node-gpu without the library, which is hundreds of megabytes.';

/** @throws AimaasError ENGINE_UNAVAILABLE when there is no addon to use. */
export function requireInstallation(): Installation {
  const found = findInstallation();
  if (found !== undefined) return found;
  throw new AimaasError('ENGINE_UNAVAILABLE', NOT_INSTALLED, { hint: 'aimaas engines install tensorflow' });
}

/** The folder of an optional package, if it is installed. */
export function packageFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The addon that the package's own install script has made in a copy of the package. */
export function builtAddon(folder: string): string | undefined {
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((abi) => join(lib, abi, ADDON))
    .find((path) => existsSync(path));
}
