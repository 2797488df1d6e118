import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DataContent } from '../core/artifacts.js';
import { sha256OfFile } from '../workspace/hash.js';
import type { Manifest } from '../workspace/manifest.js';

/**
 * Which files of a data set are not what they were, in words; empty when all are the same. Only a file that was written
 * since is read again. Addresses, stdin and files that are gone cannot be compared.
 */
export async function changedSources({ createdAt, content }: Manifest<DataContent>): Promise<string[]> {
  const changed: string[] = [];
  for (const { location, bytes, sha256 } of content.sources) {
    if (location === '-' || /^[a-z][a-z0-9+.-]+:\/\//i.test(location)) continue;
    const path = resolve(location);
    const file = await stat(path).catch(() => undefined);
    if (file?.isFile() !== true) continue;
    const isSame =
      file.size === bytes && (file.mtimeMs < Date.parse(createdAt) || (await sha256OfFile(path)) === sha256);
    if (!isSame) changed.push(location);
  }
  return changed;
}
