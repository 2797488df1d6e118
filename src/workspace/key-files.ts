import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { AimaasError } from '../core/errors.js';
import { storageError } from './atomic.js';
import { signerId } from './signature.js';

/** Begins a file that holds a key for encryption: base64 of 32 bytes follow. */
const ENCRYPTION_KEY = 'aimaas-encryption-key-1:';

/**
 * Writes a new pair for signing: the private key to `path`, for its owner only, the public one to `path`.pub.
 * @returns the id by which signatures name it.
 * @throws AimaasError USAGE when one of the files exists: a key that is overwritten is lost.
 */
export async function writeSigningKeys(
  path: string,
): Promise<{ readonly id: string; readonly publicPath: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const publicPath = `${path}.pub`;
  await writeNew(publicPath, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
  await writeNew(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  return { id: signerId(publicKey), publicPath };
}

/** Writes a new key for encryption, for its owner only. @throws AimaasError USAGE when the file exists. */
export async function writeEncryptionKey(path: string): Promise<void> {
  await writeNew(path, `${ENCRYPTION_KEY}${randomBytes(32).toString('base64')}\n`, 0o600);
}

/** @throws AimaasError USAGE when the file is no private key for signing. */
export async function readSigningKey(path: string): Promise<KeyObject> {
  const text = await read('--sign', path);
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Reported below, like a key of another kind.
  }
  throw new AimaasError('USAGE', `--sign ${path} is not a private Ed25519 key in PEM form.`, {
    hint: 'Make one: aimaas keys generate signing FILE',
  });
}

/** @throws AimaasError USAGE when the file is no public key for signatures. */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const text = await read('--require-signature', path);
  if (!text.includes('PRIVATE KEY')) {
    try {
      const key = createPublicKey(text);
      if (key.asymmetricKeyType === 'ed25519') return key;
    } catch {
      // Reported below, like a key of another kind.
    }
  }
  throw new AimaasError('USAGE', `--require-signature ${path} is not a public Ed25519 key in PEM form.`, {
    hint: 'Name the .pub file that `aimaas keys generate signing FILE` wrote.',
  });
}

/** @throws AimaasError USAGE when the file is no key for encryption. */
export async function readEncryptionKey(path: string): Promise<Buffer> {
  const text = (await read('--encryption-key', path)).trim();
  const key = text.startsWith(ENCRYPTION_KEY)
    ? Buffer.from(text.slice(ENCRYPTION_KEY.length), 'base64')
    : undefined;
  if (key?.length === 32) return key;
  throw new AimaasError('USAGE', `--encryption-key ${path} is not a key for encryption.`, {
    hint: 'Make one: aimaas keys generate encryption FILE',
  });
}

/** The first line of a file. @throws AimaasError USAGE when it is empty. */
export async function readPassphrase(path: string): Promise<string> {
  const [line = ''] = (await read('--passphrase-file', path)).split(/\r?\n/);
  if (line !== '') return line;
  throw new AimaasError('USAGE', `--passphrase-file ${path} has an empty first line.`, {
    hint: 'Its first line is the passphrase.',
  });
}

async function read(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code;
    throw new AimaasError('USAGE', `${option} ${path} cannot be read: ${why}.`, {
      hint: 'Name a file of yours.',
      cause: error,
    });
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(error, path);
    throw new AimaasError('USAGE', `${path} exists, and a key that is overwritten is lost for good.`, {
      hint: 'Name a new file.',
    });
  }
}
