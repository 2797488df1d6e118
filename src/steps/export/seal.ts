import type { KeyObject } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest } from '../../core/bundle.js';
import { AimaasError } from '../../core/errors.js';
import { writeFileAtomic } from '../../workspace/atomic.js';
import {
  type BundleSecret,
  encryptBytes,
  ENCRYPTED,
  newContentKey,
  opens,
} from '../../workspace/encryption.js';
import { readSigningKey } from '../../workspace/key-files.js';
import { signerId, signManifest } from '../../workspace/signature.js';
import { describeFiles } from '../../workspace/workspace.js';
import { type SecretOptions, secretFrom } from '../model-trust.js';

/** How an exported model is to be protected. */
export interface Seal {
  readonly signingKey: KeyObject | undefined;
  readonly secret: BundleSecret | undefined;
}

export interface SealOptions extends SecretOptions {
  /** File of the private key to sign with. */
  readonly sign?: string | undefined;
  readonly encrypt?: boolean | undefined;
}

type Draft = Omit<BundleManifest, 'version' | 'createdAt'>;

/** @throws AimaasError USAGE when there is nothing to encrypt with, or a file holds no key. */
export async function sealFrom(options: SealOptions): Promise<Seal> {
  const signingKey = options.sign === undefined ? undefined : await readSigningKey(options.sign);
  const wants =
    options.encrypt ?? (options.encryptionKey !== undefined || options.passphraseFile !== undefined);
  if (!wants) return { signingKey, secret: undefined };
  const secret = await secretFrom(options);
  if (secret !== undefined) return { signingKey, secret };
  throw new AimaasError('USAGE', '--encrypt needs a key or a passphrase to encrypt with.', {
    hint: 'Set AIMAAS_PASSPHRASE, or give --passphrase-file FILE or --encryption-key FILE (aimaas keys generate encryption FILE).',
  });
}

/** Whether a model that was exported before is protected in just this way. */
export function isSealedBy(manifest: BundleManifest, { signingKey, secret }: Seal): boolean {
  const { encryption, signedBy } = manifest;
  const isSigned = signedBy === (signingKey === undefined ? undefined : signerId(signingKey));
  if (!isSigned || secret === undefined || encryption === undefined) {
    return isSigned && (secret === undefined) === (encryption === undefined);
  }
  return opens(encryption, secret);
}

/**
 * Protects the files of a finished bundle that is not published yet, and gives the manifest that says so. What values
 * the columns had is left out of the manifest of an encrypted one; the rest of it stays readable, so that it can be
 * listed and checked without the key.
 */
export async function seal(folder: string, draft: Draft, { signingKey, secret }: Seal): Promise<Draft> {
  const signed = signingKey === undefined ? {} : { signedBy: signerId(signingKey) };
  if (secret === undefined) return { ...draft, ...signed };
  const { contentKey, encryption } = newContentKey(secret);
  for (const name of Object.keys(draft.files)) {
    const path = join(folder, name);
    await writeFileAtomic(`${path}${ENCRYPTED}`, encryptBytes(await readFile(path), contentKey, name));
    await rm(path);
  }
  await writeFileAtomic(join(folder, 'README.md'), readme(draft, encryption.wrap.method === 'scrypt'));
  const formats = Object.entries(draft.formats).map(([format, about]) => [
    format,
    { ...about, files: about.files.map((file) => `${file}${ENCRYPTED}`), details: { encrypted: true } },
  ]);
  return {
    ...draft,
    ...signed,
    encryption,
    signature: {
      ...draft.signature,
      inputs: draft.signature.inputs.map((input) => ({ ...input, categories: null })),
    },
    formats: Object.fromEntries(formats) as Draft['formats'],
    files: await describeFiles(folder),
  };
}

/** What is done last: the manifest with its version lies in the folder, and is signed. */
export async function signBundle(folder: string, { signingKey }: Seal): Promise<void> {
  if (signingKey !== undefined) await signManifest(folder, signingKey);
}

function readme({ name }: Draft, byPassphrase: boolean): string {
  const how = byPassphrase
    ? 'Set `AIMAAS_PASSPHRASE` to its passphrase'
    : 'Give the key it was exported with by `--encryption-key FILE`';
  return `# ${name}

This model is encrypted (AES-256-GCM): every file but this one, \`manifest.json\` and \`signature.json\`. ${how}; then

    aimaas predict ./ new.csv
    aimaas serve ./

answer with it, decrypting in memory only.
`;
}
