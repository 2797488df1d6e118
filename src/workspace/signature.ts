import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import { jsonFile, readError, writeJsonAtomic } from './atomic.js';

/** The file beside the manifest that holds its signature. */
export const SIGNATURE_FILE = 'signature.json';

/** signature.json of an exported model. */
type BundleSignature = {
  readonly schemaVersion: 1;
  readonly kind: 'signature';
  readonly algorithm: 'Ed25519';
  /** base64 of the 32 bytes. */
  readonly publicKey: string;
  /** base64 of the signature of PREFIX and the bytes of manifest.json, in which the hash of every file stands. */
  readonly signature: string;
};

/** Keeps a signature of a manifest from being taken for one of anything else. */
const PREFIX = Buffer.from('aimaas bundle signature v1\n');

const HINT = 'Get the model again from where it was exported.';

/** Signs the manifest that lies in `folder`. */
export async function signManifest(folder: string, privateKey: KeyObject): Promise<void> {
  const manifest = await readFile(join(folder, 'manifest.json'));
  const signature = signatureOf(
    rawPublicKey(createPublicKey(privateKey)),
    sign(null, Buffer.concat([PREFIX, manifest]), privateKey),
  );
  await writeJsonAtomic(join(folder, SIGNATURE_FILE), signature);
}

function signatureOf(publicKey: Buffer, signature: Buffer): BundleSignature {
  return {
    schemaVersion: 1,
    kind: 'signature',
    algorithm: 'Ed25519',
    publicKey: publicKey.toString('base64'),
    signature: signature.toString('base64'),
  };
}

/** By what a public key is called: the beginning of its hash. */
export function signerId(key: KeyObject): string {
  return idOfRaw(rawPublicKey(key.type === 'private' ? createPublicKey(key) : key));
}

/**
 * Checks the signature of a manifest.
 * @returns the id of the signer; undefined when there is no signature.
 * @throws AimaasError ARTIFACT_UNTRUSTED when it is wrong, or is not by one of the `required` keys.
 */
export async function checkSignature(
  folder: string,
  manifest: Buffer,
  required: readonly KeyObject[] | undefined,
): Promise<string | undefined> {
  const path = join(folder, SIGNATURE_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw readError(error, path);
    if (required === undefined) return undefined;
    throw untrusted(
      `The model in ${folder} is not signed, and a signature is required.`,
      'aimaas export --sign KEYFILE',
    );
  }
  const { publicKey, signature } = signatureFrom(text, path);
  const key = publicKeyFromRaw(publicKey);
  if (key === undefined || !verify(null, Buffer.concat([PREFIX, manifest]), key, signature)) {
    throw untrusted(`The signature of ${join(folder, 'manifest.json')} is wrong: it was changed.`, HINT);
  }
  const id = idOfRaw(publicKey);
  if (required !== undefined && !required.some((one) => rawPublicKey(one).equals(publicKey))) {
    throw untrusted(
      `The model in ${folder} is signed by ${id}, not by ${required.map(signerId).join(' or ')} as is required.`,
      'Name the public key of its signer with --require-signature, if you trust it.',
    );
  }
  return id;
}

/** Reads a signature. There is one way to write it, so that no byte of the file can be changed unseen. */
function signatureFrom(
  text: string,
  path: string,
): { readonly publicKey: Buffer; readonly signature: Buffer } {
  try {
    const json = JSON.parse(text) as Json;
    if (isJsonObject(json) && typeof json.publicKey === 'string' && typeof json.signature === 'string') {
      const publicKey = Buffer.from(json.publicKey, 'base64');
      const signature = Buffer.from(json.signature, 'base64');
      if (text === jsonFile(signatureOf(publicKey, signature))) return { publicKey, signature };
    }
  } catch {
    // Reported below, like any other content that is not a signature.
  }
  throw untrusted(`${path} is not a signature.`, HINT);
}

/** A signature that is wrong, or not by who it should be. */
export function untrusted(message: string, hint: string): AimaasError {
  return new AimaasError('ARTIFACT_UNTRUSTED', message, { hint });
}

function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function publicKeyFromRaw(raw: Buffer): KeyObject | undefined {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function idOfRaw(raw: Buffer): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}
