import { AimaasError } from '../core/errors.js';

type Translation = readonly [
  code: 'STORAGE' | 'USAGE' | 'SOURCE_NOT_FOUND' | 'ENGINE_UNAVAILABLE',
  text: string,
  hint: string,
];

const FREE_SPACE = 'Free some space, or choose another place with --workspace DIR.';
const PERMISSIONS = 'Fix the permissions, or choose another place with --workspace DIR.';
const OFFLINE = 'Check the address and the network connection.';
const REINSTALL =
  'Install aimaas again on this machine (npm install), without copying node_modules from another.';

/** Failures of the system that can meet any command, by the code Node gives them. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  ENOSPC: ['STORAGE', 'The disk is full', FREE_SPACE],
  EFBIG: ['STORAGE', 'A file is larger than is allowed here', 'Raise the limit with: ulimit -f unlimited'],
  EDQUOT: ['STORAGE', 'The disk quota is used up', FREE_SPACE],
  EACCES: ['STORAGE', 'Permission denied', PERMISSIONS],
  EPERM: ['STORAGE', 'The operation is not permitted', PERMISSIONS],
  EROFS: ['STORAGE', 'The file system is read-only', PERMISSIONS],
  EIO: ['STORAGE', 'The disk or network drive failed', 'Check the disk, then run the command again.'],
  EMFILE: ['STORAGE', 'Too many files are open', 'Raise the limit with: ulimit -n 4096'],
  ENFILE: [
    'STORAGE',
    'Too many files are open on this machine',
    'Close other programs, then run the command again.',
  ],
  ENOENT: ['STORAGE', 'A file or folder is not there', 'Was it removed while the command ran? Run it again.'],
  ENOTDIR: ['STORAGE', 'A parent of the path is a file, not a folder', PERMISSIONS],
  EISDIR: ['STORAGE', 'The path is a folder, not a file', 'Name a file.'],
  EEXIST: ['STORAGE', 'A file of that name is in the way', 'Remove it, or choose another name.'],
  ENOTSUP: ['STORAGE', 'No folder can be made there', PERMISSIONS],
  ENAMETOOLONG: ['STORAGE', 'The path is too long', 'Choose a shorter name.'],
  EADDRINUSE: [
    'USAGE',
    'The port is already in use',
    'Choose another with --port N, or 0 for any that is free.',
  ],
  EADDRNOTAVAIL: ['USAGE', 'This machine has no such address', 'Choose another with --host.'],
  ENOTFOUND: ['SOURCE_NOT_FOUND', 'The host name is not known', OFFLINE],
  EAI_AGAIN: ['SOURCE_NOT_FOUND', 'The host name could not be looked up', OFFLINE],
  ECONNREFUSED: ['SOURCE_NOT_FOUND', 'The connection was refused', OFFLINE],
  ECONNRESET: ['SOURCE_NOT_FOUND', 'The connection was cut', OFFLINE],
  ETIMEDOUT: ['SOURCE_NOT_FOUND', 'The connection timed out', OFFLINE],
  ERR_DLOPEN_FAILED: [
    'ENGINE_UNAVAILABLE',
    'A native part of aimaas cannot be loaded on this machine',
    REINSTALL,
  ],
};

/** The user's version of a failure of the system, or undefined when it is no such failure. */
export function systemError(thrown: unknown): AimaasError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code, path, address, port } = thrown as NodeJS.ErrnoException & { address?: string; port?: number };
  const translation = code === undefined ? undefined : TRANSLATIONS[code];
  if (translation === undefined || code === undefined) {
    return thrown.cause === undefined ? undefined : systemError(thrown.cause);
  }
  const [errorCode, text, hint] = translation;
  const place =
    path ?? (address === undefined ? undefined : `${address}${port === undefined ? '' : `:${port}`}`);
  return new AimaasError(errorCode, `${text}${place === undefined ? '' : `: ${place}`} (${code}).`, {
    hint,
    details: { system: code, ...(place === undefined ? {} : { path: place }) },
    cause: thrown,
  });
}
