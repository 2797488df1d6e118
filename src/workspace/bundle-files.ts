import type { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { BundleManifest } from '../core/bundle.js';
import { AimaasError } from '../core/errors.js';
import { readError } from './atomic.js';
import { readBundle } from './bundle.js';
import { type BundleSecret, decryptBytes, ENCRYPTED, openContentKey } from './encryption.js';
import { sha256, sha256OfFile } from './hash.js';
import { checkSignature, SIGNATURE_FILE, untrusted } from './signature.js';

/** What must be true of a bundle before it is used, and what opens it. */
export interface BundleTrust {
  /** Public keys, one of which must have signed it. Without it unsigned bundles are used, too. */
  readonly signers?: readonly KeyObject[] | undefined;
  readonly secret?: BundleSecret | undefined;
}

/** The files of a run or bundle that was checked. */
export interface CheckedFiles {
  /** Id of the key that signed it; null if nobody did. */
  readonly signer: string | null;
  readonly encrypted: boolean;
  /**
   * The content of a file as it was exported: what the manifest says, decrypted.
   * @throws AimaasError ARTIFACT_CORRUPT naming the file when it is anything else; the system's error when there is none.
   */
  read(name: string): Promise<Buffer>;
}

const REMEDY = 'Get the model again from where it was exported, or export it again: aimaas export --force';

/**
 * Checks what a folder holds. Of a signed bundle (or with `all`, of any) every file is compared with the manifest; of any
 * other those that are read are. A run has no manifest of an export, and is taken as it is.
 * @throws AimaasError ARTIFACT_UNTRUSTED when it is not signed as required or its signature is wrong, ARTIFACT_CORRUPT
 * naming the first file that is missing, changed or not in the manifest, ARTIFACT_ENCRYPTED without the right secret.
 */
export async function openBundleFiles(
  folder: string,
  trust: BundleTrust = {},
  { all = false }: { readonly all?: boolean } = {},
): Promise<CheckedFiles> {
  const manifest = await readBundle(folder);
  if (manifest === undefined) {
    if (trust.signers !== undefined) {
      throw untrusted(
        `${folder} is not an exported model, so it cannot be signed, and a signature is required.`,
        'aimaas export --sign KEYFILE',
      );
    }
    return { signer: null, encrypted: false, read: (name) => readFile(join(folder, name)) };
  }
  const signer = await checkSigner(folder, manifest, trust);
  if (signer !== null || all) await checkAllFiles(folder, manifest);
  const { encryption = null } = manifest;
  const contentKey = encryption === null ? undefined : openContentKey(encryption, trust.secret, folder);
  return {
    signer,
    encrypted: contentKey !== undefined,
    async read(name) {
      const stored = contentKey === undefined ? name : `${name}${ENCRYPTED}`;
      const bytes = await readFile(join(folder, stored));
      const expected = manifest.files[stored]?.sha256;
      // The bytes themselves, not the file: it could be another by now.
      if (expected === undefined ? signer !== null : sha256(bytes) !== expected)
        throw changed(folder, stored);
      if (contentKey === undefined) return bytes;
      try {
        return decryptBytes(bytes, contentKey, name);
      } catch {
        throw changed(folder, stored);
      }
    },
  };
}

async function checkSigner(
  folder: string,
  manifest: BundleManifest,
  { signers }: BundleTrust,
): Promise<string | null> {
  const path = join(folder, 'manifest.json');
  const bytes = await readFile(path).catch((error: unknown) => {
    throw readError(error, path);
  });
  const signer = (await checkSignature(folder, bytes, signers)) ?? null;
  if (signer === null && typeof manifest.signedBy === 'string') {
    throw untrusted(
      `${join(folder, SIGNATURE_FILE)} is missing: the model was signed by ${manifest.signedBy}.`,
      REMEDY,
    );
  }
  if (signer === null) return null;
  // The manifest was read twice; what was parsed has to be what was signed.
  if (JSON.stringify(JSON.parse(bytes.toString('utf8'))) !== JSON.stringify(manifest))
    throw changed(folder, 'manifest.json');
  return signer;
}

/** Compares everything that lies in a bundle with its manifest. */
async function checkAllFiles(folder: string, { files }: BundleManifest): Promise<void> {
  const left = new Set(Object.keys(files));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const name = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (name === 'manifest.json' || name === SIGNATURE_FILE) continue;
    const expected = files[name];
    if (expected === undefined || !entry.isFile()) {
      const what = expected === undefined ? 'is not part of the model' : 'is not a plain file';
      throw new AimaasError('ARTIFACT_CORRUPT', `${join(folder, name)} ${what}.`, {
        hint: 'Remove it, or get the model again from where it was exported.',
        details: { file: name },
      });
    }
    if ((await sha256OfFile(join(folder, name))) !== expected.sha256) throw changed(folder, name);
    left.delete(name);
  }
  const [missing] = left;
  if (missing === undefined) return;
  throw new AimaasError('ARTIFACT_CORRUPT', `${join(folder, missing)} is missing from the model.`, {
    hint: REMEDY,
    details: { file: missing },
  });
}

function changed(folder: string, name: string): AimaasError {
  return new AimaasError(
    'ARTIFACT_CORRUPT',
    `${join(folder, name)} was changed after the model was exported: it is not what the manifest says.`,
    { hint: REMEDY, details: { file: name } },
  );
}
