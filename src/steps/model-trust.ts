import { AimaasError } from '../core/errors.js';
import type { BundleTrust } from '../workspace/bundle-files.js';
import type { BundleSecret } from '../workspace/encryption.js';
import { readEncryptionKey, readPassphrase, readPublicKey } from '../workspace/key-files.js';

/** What opens an encrypted model: a key file, else a passphrase. */
export interface SecretOptions {
  /** File that `aimaas keys generate encryption` wrote. */
  readonly encryptionKey?: string | undefined;
  /** File whose first line is the passphrase. */
  readonly passphraseFile?: string | undefined;
  /** The passphrase itself, from AIMAAS_PASSPHRASE. */
  readonly passphrase?: string | undefined;
}

/** What must be true of a model before it is used, and what opens it. */
export interface TrustOptions extends SecretOptions {
  /** Files of public keys, one of which must have signed the model. */
  readonly requireSignature?: readonly string[] | undefined;
}

/** @throws AimaasError USAGE for a file that holds no passphrase or key. */
export async function secretFrom(options: SecretOptions): Promise<BundleSecret | undefined> {
  const { encryptionKey, passphraseFile, passphrase } = options;
  if (encryptionKey !== undefined && passphraseFile !== undefined) {
    throw new AimaasError('USAGE', 'A model is encrypted with a key or with a passphrase, not with both.', {
      hint: 'Give one of --encryption-key and --passphrase-file.',
    });
  }
  if (encryptionKey !== undefined) return { kind: 'key', key: await readEncryptionKey(encryptionKey) };
  if (passphraseFile !== undefined) {
    return { kind: 'passphrase', passphrase: await readPassphrase(passphraseFile) };
  }
  return passphrase === undefined || passphrase === '' ? undefined : { kind: 'passphrase', passphrase };
}

/** @throws AimaasError USAGE for a file that holds no passphrase or key. */
export async function trustFrom(options: TrustOptions = {}): Promise<BundleTrust> {
  const { requireSignature = [] } = options;
  const secret = await secretFrom(options);
  if (requireSignature.length === 0) return { secret };
  return { secret, signers: await Promise.all(requireSignature.map(readPublicKey)) };
}
