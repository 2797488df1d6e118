import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** {a,b} → the patterns with a and with b. */
function expandBraces(pattern: string): string[] {
  const match = /\{([^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + match[0].length);
  return (match[1] ?? '').split(',').flatMap((choice) => expandBraces(before + choice + after));
}

/** A pattern of one path segment (*, ?, [abc], [!abc]) as a regular expression. */
function segmentPattern(segment: string): RegExp {
  const source = segment.replace(/\[!?[^\]]+\]|[\\^$.*+?()|[\]{}]/g, (found) => {
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    if (found.length > 2) return found.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return `\\${found}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

async function walk(folder: string, segments: readonly string[], found: Set<string>): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => []);
  if (segment === '**') {
    await walk(folder, rest, found);
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        await walk(join(folder, entry.name), segments, found);
    }
    return;
  }
  if (!isGlob(segment)) {
    const path = join(folder, segment);
    if (rest.length > 0) await walk(path, rest, found);
    else if (entries.some((entry) => entry.name === segment)) found.add(path);
    return;
  }
  const pattern = segmentPattern(segment);
  for (const entry of entries) {
    const hidden = entry.name.startsWith('.') && !segment.startsWith('.');
    if (hidden || !pattern.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (rest.length > 0) await walk(path, rest, found);
    else if (!entry.isDirectory()) found.add(path);
  }
}

/** The files that match a pattern of *, ?, [abc], {a,b} and **, in natural order (part-2 before part-10). */
export async function glob(pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for (const each of expandBraces(pattern.replaceAll('\\', '/'))) {
    const absolute = each.startsWith('/');
    const segments = each.split('/').filter((segment) => segment !== '');
    await walk(absolute ? '/' : '', segments, found);
  }
  return [...found].sort(new Intl.Collator('en', { numeric: true }).compare);
}
