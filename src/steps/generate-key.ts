import { resolve } from 'node:path';
import { writeEncryptionKey, writeSigningKeys } from '../workspace/key-files.js';

export interface GenerateKeyOptions {
  readonly kind: 'signing' | 'encryption';
  /** A new file. */
  readonly file: string;
}

export type GenerateKeyResult = {
  readonly schemaVersion: 1;
  readonly kind: GenerateKeyOptions['kind'];
  /** The file to keep secret. */
  readonly file: string;
  /** What those who check signatures need; null for encryption. */
  readonly publicFile: string | null;
  /** By what signatures name the key; null for encryption. */
  readonly id: string | null;
};

/** Writes a new key for exported models. @throws AimaasError USAGE when a file exists. */
export async function generateKey({ kind, file }: GenerateKeyOptions): Promise<GenerateKeyResult> {
  const path = resolve(file);
  if (kind === 'encryption') {
    await writeEncryptionKey(path);
    return { schemaVersion: 1, kind, file: path, publicFile: null, id: null };
  }
  const { id, publicPath } = await writeSigningKeys(path);
  return { schemaVersion: 1, kind, file: path, publicFile: publicPath, id };
}
