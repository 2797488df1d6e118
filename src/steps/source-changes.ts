import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DataContent } from '../core/artifacts.js';
import { sha256OfFile } from '../workspace/hash.js';
import type { Manifest } from '../workspace/manifest.js';

/**
 * Files that a glob now matches and that were not collected, and such that were and are gone, in words. A glob that matches
 * nothing any more says nothing: the data set is all there is of its files.
 * @param asked The sources as they were given, of which some may be globs.
 */
export async function changedMatches(
  asked: readonly string[],
  { content }: Manifest<DataContent>,
): Promise<string[]> {
  const { expandLocations } = await import('../sources/locations/locations.js');
  const { isGlob } = await import('../sources/locations/glob.js');
  const globs = asked.filter((location) => !isAddress(location) && isGlob(location));
  const found = await Promise.all(globs.map((location) => expandLocations([location], {}).catch(() => [])));
  if (globs.length === 0 || found.some((files) => files.length === 0)) return [];
  const now = new Set([...asked, ...found.flat().map(({ location }) => location)]);
  const before = new Set(content.sources.map(({ location }) => location));
  return [
    ...found
      .flat()
      .filter(({ location }) => !before.has(location))
      .map(({ location }) => `${location} is new`),
    ...[...before].filter((location) => !now.has(location)).map((location) => `${location} is gone`),
  ];
}

function isAddress(location: string): boolean {
  return location === '-' || /^[a-z][a-z0-9+.-]+:\/\//i.test(location);
}

/**
 * Which files of a data set are not what they were, in words; empty when all are the same. Only a file that was written
 * since is read again. Addresses, stdin and files that are gone cannot be compared.
 */
export async function changedSources({ createdAt, content }: Manifest<DataContent>): Promise<string[]> {
  const changed: string[] = [];
  for (const { location, bytes, sha256 } of content.sources) {
    if (isAddress(location)) continue;
    const path = resolve(location);
    const file = await stat(path).catch(() => undefined);
    if (file?.isFile() !== true) continue;
    const isSame =
      file.size === bytes && (file.mtimeMs < Date.parse(createdAt) || (await sha256OfFile(path)) === sha256);
    if (!isSame) changed.push(`${location} changed`);
  }
  return changed;
}
