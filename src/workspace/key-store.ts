import { readFile, stat } from 'node:fs/promises';
import { SCOPES, type ApiKey } from '../core/api-key.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { Reporter } from '../core/reporter.js';
import { readError, writeJsonAtomic } from './atomic.js';
import { withLock } from './lock.js';
import { privateFolder } from './private.js';
import type { Workspace } from './workspace.js';

/** Only the owner may read or write it. */
const PRIVATE_FILE = 0o600;

/**
 * The API keys of a workspace, in access/keys.json. Keys stay in it after they are revoked, so that logs and usage can
 * still name them, and so that revoking the last one does not open the server.
 */
export class KeyStore {
  readonly path: string;
  private readonly workspace: Workspace;

  constructor(workspace: Workspace, path: string = workspace.path('access', 'keys.json')) {
    this.workspace = workspace;
    this.path = path;
  }

  /**
   * All keys that were ever made, oldest first; undefined if none ever was.
   * @throws AimaasError ARTIFACT_CORRUPT when the file is not one of keys.
   */
  async read(): Promise<readonly ApiKey[] | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw readError(error, this.path);
    }
    return keysFrom(text, this.path);
  }

  /** Something that is different after every change of the file. */
  async revision(): Promise<string> {
    try {
      const { ino, mtimeMs, size } = await stat(this.path);
      return `${ino} ${mtimeMs} ${size}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw readError(error, this.path);
    }
  }

  /** Replaces the keys by what `change` makes of them, while no other process does. */
  async update<T>(
    reporter: Reporter,
    change: (keys: readonly ApiKey[]) => { readonly keys: readonly ApiKey[]; readonly result: T },
  ): Promise<T> {
    await privateFolder(this.workspace.path('access'));
    const lock = { reporter, what: 'the API keys' };
    return withLock(this.workspace.path('locks', 'keys.lock'), lock, async () => {
      const { keys, result } = change((await this.read()) ?? []);
      await writeJsonAtomic(this.path, { schemaVersion: 1, keys }, { mode: PRIVATE_FILE });
      return result;
    });
  }
}

function keysFrom(text: string, path: string): readonly ApiKey[] {
  try {
    const stored = JSON.parse(text) as Json;
    if (isJsonObject(stored) && stored.schemaVersion === 1 && Array.isArray(stored.keys)) {
      const keys = stored.keys as readonly Json[];
      if (keys.every(isApiKey)) return keys as unknown as readonly ApiKey[];
    }
  } catch {
    // Reported below, like any other content that is not keys.
  }
  throw new AimaasError('ARTIFACT_CORRUPT', `The API keys cannot be read: ${path}`, {
    hint: 'Put back a copy of the file, or remove it and make new keys: aimaas keys create NAME',
  });
}

function isApiKey(value: Json): boolean {
  const isTime = (time: Json | undefined): boolean =>
    time === null || (typeof time === 'string' && !Number.isNaN(Date.parse(time)));
  return (
    isJsonObject(value) &&
    [value.id, value.name, value.createdAt].every((text) => typeof text === 'string') &&
    typeof value.hash === 'string' &&
    /^[0-9a-f]{64}$/.test(value.hash) &&
    Array.isArray(value.scopes) &&
    value.scopes.every((scope: Json) => SCOPES.some((known) => known === scope)) &&
    Array.isArray(value.models) &&
    value.models.every((pattern: Json) => typeof pattern === 'string') &&
    isTime(value.expiresAt) &&
    isTime(value.revokedAt) &&
    (value.rateLimit === null || isJsonObject(value.rateLimit)) &&
    Array.isArray(value.quotas) &&
    value.quotas.every(isJsonObject)
  );
}
