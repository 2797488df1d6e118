import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { UsageEntry } from '../core/usage.js';
import { namesIn, readError, writeJsonAtomic } from './atomic.js';
import { privateFolder } from './private.js';
import type { Workspace } from './workspace.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const PRIVATE_FILE = 0o600;

interface Cached {
  readonly revision: string;
  readonly entries: readonly UsageEntry[];
}

/**
 * What keys used, in usage/<day>/<server>.json. Each server that runs replaces only a file of its own, whole, so that
 * any number of them need no lock and a killed one loses what it had not yet written, and nothing else. A day's usage is
 * the sum of its files.
 */
export class UsageStore {
  private readonly workspace: Workspace;
  private readonly cache = new Map<string, Cached>();

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** Replaces what a server used in a day. */
  async write(day: string, server: string, entries: readonly UsageEntry[]): Promise<void> {
    const folder = this.workspace.path('usage', day);
    await privateFolder(this.workspace.path('usage'));
    await privateFolder(folder);
    const content = { schemaVersion: 1, day, server, entries };
    await writeJsonAtomic(join(folder, `${server}.json`), content, { mode: PRIVATE_FILE });
  }

  /** Days with usage from `first` to `last`, both included, in order. */
  async days(first: string, last: string): Promise<string[]> {
    const names = await namesIn(this.workspace.path('usage'));
    return names.filter((name) => DAY.test(name) && name >= first && name <= last).sort();
  }

  /**
   * What all servers used in a day, or all but one. Files that have not changed are not read again.
   * @throws AimaasError ARTIFACT_CORRUPT when a file is not one of usage.
   */
  async read(day: string, except?: string): Promise<readonly UsageEntry[]> {
    const folder = this.workspace.path('usage', day);
    const names = (await namesIn(folder)).filter(
      (name) => name.endsWith('.json') && !name.startsWith('.') && name !== `${String(except)}.json`,
    );
    const parts: UsageEntry[] = [];
    for (const name of names.sort()) parts.push(...(await this.entries(join(folder, name))));
    return parts;
  }

  private async entries(path: string): Promise<readonly UsageEntry[]> {
    let text: string;
    let revision: string;
    try {
      const { ino, mtimeMs, size } = await stat(path);
      revision = `${ino} ${mtimeMs} ${size}`;
      const cached = this.cache.get(path);
      if (cached?.revision === revision) return cached.entries;
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw readError(error, path);
    }
    const entries = entriesFrom(text, path);
    this.cache.set(path, { revision, entries });
    return entries;
  }
}

function entriesFrom(text: string, path: string): readonly UsageEntry[] {
  try {
    const stored = JSON.parse(text) as Json;
    if (isJsonObject(stored) && stored.schemaVersion === 1 && Array.isArray(stored.entries)) {
      const entries = stored.entries as readonly Json[];
      if (entries.every(isEntry)) return entries as unknown as readonly UsageEntry[];
    }
  } catch {
    // Reported below, like any other content that is not usage.
  }
  throw new AimaasError('ARTIFACT_CORRUPT', `A file of usage cannot be read: ${path}`, {
    hint: 'Put back a copy of the file, or remove it: what it counted is then missing from the sums.',
  });
}

function isEntry(value: Json): boolean {
  return (
    isJsonObject(value) &&
    typeof value.key === 'string' &&
    typeof value.model === 'string' &&
    (value.version === null || typeof value.version === 'number') &&
    [value.requests, value.errors, value.rows, value.computeSeconds].every(
      (count) => typeof count === 'number' && count >= 0,
    )
  );
}
