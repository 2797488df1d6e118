import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import type { BundleEncryption, KeyWrap } from '../core/bundle-encryption.js';
import { AimaasError } from '../core/errors.js';

/** What opens an encrypted bundle. */
export type BundleSecret =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** 256 random bits. */
  | { readonly kind: 'key'; readonly key: Buffer };

/** Ending of the name of an encrypted file. */
export const ENCRYPTED = '.encrypted';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** What a passphrase costs to try: 128 MiB and a third of a second (RFC 7914; OWASP's first choice for scrypt). */
const SCRYPT = { cost: 2 ** 17, blockSize: 8, parallelization: 1 };

/** A manifest may not make its reader work for longer, or use more memory, than this. */
const SCRYPT_LIMITS = { cost: 2 ** 20, blockSize: 16, parallelization: 4 };
const SCRYPT_MEMORY = 1024 ** 3;

/** A new content key, and how it stands in the manifest. */
export function newContentKey(secret: BundleSecret): {
  readonly contentKey: Buffer;
  readonly encryption: BundleEncryption;
} {
  const contentKey = randomBytes(KEY_BYTES);
  const wrap: KeyWrap =
    secret.kind === 'passphrase'
      ? { method: 'scrypt', salt: randomBytes(16).toString('base64'), ...SCRYPT }
      : { method: 'key', id: keyId(secret.key) };
  const wrapped = encryptBytes(contentKey, wrappingKey(wrap, secret), 'content key');
  return {
    contentKey,
    encryption: { algorithm: 'AES-256-GCM', wrap, contentKey: wrapped.toString('base64') },
  };
}

/**
 * The content key of a bundle.
 * @throws AimaasError ARTIFACT_ENCRYPTED when there is no secret, or it is not the one.
 */
export function openContentKey(
  encryption: BundleEncryption,
  secret: BundleSecret | undefined,
  folder: string,
): Buffer {
  const { wrap } = encryption;
  const wanted = wrap.method === 'scrypt' ? 'passphrase' : 'key';
  const hint =
    wanted === 'passphrase'
      ? 'Set AIMAAS_PASSPHRASE, or give --passphrase-file FILE.'
      : 'Give the key that it was exported with: --encryption-key FILE';
  if (secret === undefined) {
    throw new AimaasError('ARTIFACT_ENCRYPTED', `The model in ${folder} is encrypted with a ${wanted}.`, {
      hint,
    });
  }
  const wrong = `The ${secret.kind} given is not the ${wanted} that the model in ${folder} is encrypted with.`;
  if (secret.kind !== wanted) throw new AimaasError('ARTIFACT_ENCRYPTED', wrong, { hint });
  try {
    return decryptBytes(
      Buffer.from(encryption.contentKey, 'base64'),
      wrappingKey(wrap, secret),
      'content key',
    );
  } catch (error) {
    if (error instanceof AimaasError) throw error;
    throw new AimaasError('ARTIFACT_ENCRYPTED', wrong, { hint, cause: error });
  }
}

/** Whether a secret is the one that a bundle is encrypted with. */
export function opens(encryption: BundleEncryption, secret: BundleSecret): boolean {
  try {
    openContentKey(encryption, secret, '');
    return true;
  } catch {
    return false;
  }
}

/**
 * A file under the content key: nonce, ciphertext, tag. Its name goes into the tag, so that files cannot change places.
 */
export function encryptBytes(plain: Uint8Array, key: Buffer, name: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(additional(name));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when a byte of it, its name or the key is not what it was encrypted with. */
export function decryptBytes(sealed: Buffer, key: Buffer, name: string): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('too short');
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additional(name));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

function additional(name: string): Buffer {
  return Buffer.from(`aimaas bundle v1\n${name}`, 'utf8');
}

function wrappingKey(wrap: KeyWrap, secret: BundleSecret): Buffer {
  if (wrap.method === 'key') {
    if (secret.kind !== 'key' || keyId(secret.key) !== wrap.id) throw new Error('another key');
    return Buffer.from(hkdfSync('sha256', secret.key, '', 'aimaas bundle v1 wrapping key', KEY_BYTES));
  }
  if (secret.kind !== 'passphrase') throw new Error('a passphrase is needed');
  const { salt, cost, blockSize, parallelization } = wrap;
  const isTooMuch =
    !(cost <= SCRYPT_LIMITS.cost) ||
    !(blockSize <= SCRYPT_LIMITS.blockSize) ||
    !(parallelization <= SCRYPT_LIMITS.parallelization);
  if (isTooMuch) {
    throw new AimaasError('ARTIFACT_CORRUPT', 'The passphrase of the model would take too long to try.', {
      hint: 'Export the model again.',
      details: { cost, blockSize, parallelization },
    });
  }
  // The same characters may be typed in different ways on different machines.
  return scryptSync(secret.passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), KEY_BYTES, {
    cost,
    blockSize,
    parallelization,
    maxmem: SCRYPT_MEMORY,
  });
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('aimaas key id\n').update(key).digest('hex').slice(0, 16);
}
