import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { AuditEntry, AuditEvent } from '../core/audit.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import { silentReporter } from '../core/reporter.js';
import { readError, storageError, writeFileAtomic, writeJsonAtomic } from './atomic.js';
import { type ChainEnd, CHAIN_START, isSeal, nextLine, readLine, sealOf } from './audit-chain.js';
import { withLock } from './lock.js';
import { privateFolder } from './private.js';
import type { Workspace } from './workspace.js';

const PRIVATE = { mode: 0o600 } as const;

/** audit/head.json: how far the log goes, so that lines missing at its end are missed. */
type Head = ChainEnd & { readonly bytes: number };

export interface AuditReport {
  readonly entries: number;
  /** Place of the last line: what to keep elsewhere to find out later whether the log was written anew. */
  readonly head: ChainEnd;
  /** Whether seals were checked, for which it takes the key of the workspace. */
  readonly sealed: boolean;
  /** Things that are no proof of tampering, but worth knowing. */
  readonly notes: readonly string[];
}

/**
 * What was done in a workspace, one JSON line each, in audit/log.jsonl. Every line holds the hash of the one before and is
 * sealed with a key that only the owner of the workspace can read (access/audit.key), so a line that is changed, removed,
 * moved or added is found; a sealed head says how many lines there are. Any number of processes may append: they take
 * turns. See docs/adr/0022.
 */
export class AuditLog {
  readonly path: string;
  private readonly headPath: string;
  private readonly keyPath: string;
  private readonly workspace: Workspace;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
    this.path = workspace.path('audit', 'log.jsonl');
    this.headPath = workspace.path('audit', 'head.json');
    this.keyPath = workspace.path('access', 'audit.key');
  }

  /**
   * Writes events at the end of the log, durably.
   * @throws AimaasError STORAGE when it cannot be written.
   */
  async append(events: readonly AuditEvent[]): Promise<void> {
    if (events.length === 0) return;
    await privateFolder(this.workspace.path('audit'));
    const lock = { reporter: silentReporter, what: 'the audit log' };
    await withLock(this.workspace.path('locks', 'audit.lock'), lock, async () => {
      const key = await this.key();
      const { end, bytes, lost } = await this.end(key);
      const all = lost ? [HEAD_WAS_LOST, ...events] : events;
      await this.write(all, end, bytes, key);
    });
  }

  /**
   * Every entry, after it was checked against the ones before.
   * @throws AimaasError ARTIFACT_CORRUPT naming the first line that is wrong.
   */
  async *entries(): AsyncGenerator<AuditEntry, AuditReport> {
    const key = await this.readKey();
    const head = await this.readHead(key);
    const notes: string[] = [];
    let end: ChainEnd = CHAIN_START;
    let atHead: ChainEnd | undefined = head?.seq === 0 ? CHAIN_START : undefined;
    let rest = '';
    for await (const chunk of this.chunks()) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = readLine(line, end, key);
        if (typeof entry === 'string') throw this.broken(end.seq + 1, entry);
        if (entry.action === HEAD_WAS_LOST.action) {
          notes.push(
            `Line ${entry.seq}: the head of the log had been removed; lines before it may be missing.`,
          );
        }
        end = { seq: entry.seq, hash: entry.hash };
        if (end.seq === head?.seq) atHead = end;
        yield entry;
      }
    }
    if (head === undefined) {
      if (end.seq > 0 || rest !== '')
        throw this.broken(end.seq + 1, 'may be missing: the head of the log is gone');
    } else if (end.seq < head.seq) {
      throw this.broken(end.seq + 1, `is missing: the log had ${head.seq} lines, and has ${end.seq}`);
    } else if (atHead?.hash !== head.hash) {
      throw this.broken(head.seq, 'is not the one that the head of the log names');
    }
    if (rest !== '') notes.push('The last line was not written to its end; the next entry replaces it.');
    return { entries: end.seq, head: end, sealed: key !== undefined, notes };
  }

  private async write(
    events: readonly AuditEvent[],
    start: ChainEnd,
    bytes: number,
    key: Buffer,
  ): Promise<void> {
    let end = start;
    let text = '';
    for (const event of events) {
      const next = nextLine(event, end, key, new Date());
      text += next.line;
      end = next.end;
    }
    try {
      const file = await open(this.path, 'a+', PRIVATE.mode);
      try {
        // What a killed process left of a line that it had not finished.
        if ((await file.stat()).size > bytes) await file.truncate(bytes);
        await file.writeFile(text);
        await file.sync();
        const size = (await file.stat()).size;
        await this.writeHead({ ...end, bytes: size }, key);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw storageError(error, this.path);
    }
  }

  /**
   * Where the next line goes. Lines beyond the head are those of a process that was killed before it wrote the head, if
   * they are right. If the log is shorter than its head says, the chain goes on from the head all the same, so that the
   * gap stays to be seen.
   */
  private async end(
    key: Buffer,
  ): Promise<{ readonly end: ChainEnd; readonly bytes: number; readonly lost: boolean }> {
    const head = await this.readHead(key);
    const size = await this.size();
    if (head !== undefined && size <= head.bytes) return { end: head, bytes: size, lost: false };
    let end: ChainEnd = head ?? CHAIN_START;
    let bytes = head?.bytes ?? 0;
    const lines = (await this.textFrom(bytes)).split('\n');
    const torn = lines.pop() ?? '';
    for (const line of lines) {
      const entry = readLine(line, end, key);
      // Somebody else's line: what follows cannot hide it.
      if (typeof entry === 'string') return { end, bytes: size, lost: head === undefined };
      end = { seq: entry.seq, hash: entry.hash };
      bytes += Buffer.byteLength(line) + 1;
    }
    return { end, bytes: torn === '' ? size : bytes, lost: head === undefined && size > 0 };
  }

  private async size(): Promise<number> {
    try {
      return (await stat(this.path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw readError(error, this.path);
    }
  }

  private async textFrom(start: number): Promise<string> {
    let text = '';
    for await (const chunk of this.chunks(start)) text += chunk;
    return text;
  }

  private async *chunks(start = 0): AsyncGenerator<string> {
    try {
      const stream = createReadStream(this.path, { encoding: 'utf8', start });
      for await (const chunk of stream) yield chunk as string;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw readError(error, this.path);
    }
  }

  private async writeHead({ seq, hash, bytes }: Head, key: Buffer): Promise<void> {
    const seal = sealOf(headText({ seq, hash, bytes }), key);
    await writeJsonAtomic(this.headPath, { schemaVersion: 1, seq, hash, bytes, seal }, PRIVATE);
  }

  private async readHead(key: Buffer | undefined): Promise<Head | undefined> {
    const text = await readOrNothing(this.headPath);
    if (text === undefined) return undefined;
    try {
      const json = JSON.parse(text) as Json;
      if (
        isJsonObject(json) &&
        typeof json.seq === 'number' &&
        typeof json.hash === 'string' &&
        typeof json.bytes === 'number'
      ) {
        const head = { seq: json.seq, hash: json.hash, bytes: json.bytes };
        if (key === undefined || isSeal(json.seal, headText(head), key)) return head;
      }
    } catch {
      // Reported below, like any other content that is not a head.
    }
    throw new AimaasError('ARTIFACT_CORRUPT', `The head of the audit log was changed: ${this.headPath}`, {
      hint: 'Keep a copy of the folder for whoever looks into it, then put back the head from a backup.',
    });
  }

  private async key(): Promise<Buffer> {
    const found = await this.readKey();
    if (found !== undefined) return found;
    const key = randomBytes(32);
    await privateFolder(this.workspace.path('access'));
    await writeFileAtomic(this.keyPath, `${key.toString('base64')}\n`, PRIVATE);
    return key;
  }

  private async readKey(): Promise<Buffer | undefined> {
    const text = await readOrNothing(this.keyPath);
    if (text === undefined) return undefined;
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length === 32) return key;
    throw new AimaasError('ARTIFACT_CORRUPT', `The key of the audit log cannot be read: ${this.keyPath}`, {
      hint: 'Put it back from a backup.',
    });
  }

  private broken(line: number, what: string): AimaasError {
    return new AimaasError('ARTIFACT_CORRUPT', `The audit log was tampered with: line ${line} ${what}.`, {
      hint: `Keep a copy of ${this.path} for whoever looks into it.`,
      details: { file: this.path, line },
    });
  }
}

const HEAD_WAS_LOST: AuditEvent = {
  actor: 'aimaas',
  action: 'audit.head-lost',
  target: 'audit log',
  result: 'ok',
  details: {},
};

function headText({ seq, hash, bytes }: Head): string {
  return `head ${seq} ${hash} ${bytes}`;
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw readError(error, path);
  }
}
