import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleManifest } from '../core/bundle.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import { VERSION } from '../core/version.js';
import { readError } from './atomic.js';

/**
 * The manifest of an exported model in `folder`, or undefined when the folder holds none (another kind of artifact, or
 * nothing at all).
 * @throws AimaasError ARTIFACT_CORRUPT when it cannot be read, ARTIFACT_INCOMPATIBLE when a newer aimaas wrote it.
 */
export async function readBundle(folder: string): Promise<BundleManifest | undefined> {
  const path = join(folder, 'manifest.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw readError(error, path);
  }
  let manifest: Json;
  try {
    manifest = JSON.parse(text) as Json;
  } catch (error) {
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `The manifest of an exported model is not valid JSON: ${path}`,
      {
        hint: `Remove ${dirname(path)} and run: aimaas export`,
        cause: error,
      },
    );
  }
  if (!isJsonObject(manifest) || manifest.kind !== 'model') return undefined;
  if (manifest.schemaVersion !== 1) {
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `${path} has format version ${JSON.stringify(manifest.schemaVersion ?? null)}; this aimaas ${VERSION} reads version 1.`,
      { hint: 'Use a newer aimaas, or export the model again with this one.' },
    );
  }
  return manifest as unknown as BundleManifest;
}
