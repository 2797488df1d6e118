import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { throwIfAborted } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';

/** What a file's bytes are, as far as it matters before it is read as a table. */
export type Fingerprint = {
  readonly bytes: number;
  readonly sha256: string;
  /** There is no NUL, and no carriage return without a line feed after it: DuckDB and csv-parse read it alike. */
  readonly plain: boolean;
  /** There is no "_" below the first line and no "+-": what DuckDB takes for numbers are numbers to us too, or "nan". */
  readonly plainNumbers: boolean;
};

type CacheEntry = Omit<Fingerprint, 'plainNumbers'> & {
  /** Entries that were written by the first versions have none. */
  readonly plainNumbers?: boolean;
  readonly size: number;
  readonly modified: number;
  readonly inode: number;
};
type Cache = Record<string, CacheEntry>;

const CR = 13;
const LF = 10;
const PLUS = 43;
/** Entries kept; the oldest are forgotten first. */
const MOST_ENTRIES = 1000;
/** A file changed this recently may change again within the resolution of its time stamp. */
const SETTLED = 2000;

async function scan(path: string, signal: AbortSignal | undefined): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  let plain = true;
  let plainNumbers = true;
  let endsInReturn = false;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    throwIfAborted(signal);
    hash.update(piece);
    bytes += piece.length;
    if (plainNumbers) {
      // The header often has underscores.
      const from = bytes === piece.length ? piece.indexOf(LF) + 1 : 0;
      plainNumbers = !piece.includes('_', from) && !piece.includes('+-') && piece[piece.length - 1] !== PLUS;
    }
    if (!plain) continue;
    if (endsInReturn && piece[0] !== LF) plain = false;
    endsInReturn = piece[piece.length - 1] === CR;
    if (piece.includes(0) || hasLoneReturn(piece)) plain = false;
  }
  return { bytes, sha256: hash.digest('hex'), plain: plain && !endsInReturn, plainNumbers };
}

/** A carriage return before the last byte that no line feed follows. */
function hasLoneReturn(piece: Buffer): boolean {
  for (let i = piece.indexOf(CR); i >= 0 && i < piece.length - 1; i = piece.indexOf(CR, i + 1)) {
    if (piece[i + 1] !== LF) return true;
  }
  return false;
}

/** Fingerprints of files, remembered by path, size and time of change, so that a large file is read once only. */
export class Fingerprints {
  private readonly path: string;

  /** @param folder Where to remember them. */
  constructor(folder: string) {
    this.path = join(folder, 'fingerprints.json');
  }

  private async load(): Promise<Cache> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Cache;
    } catch {
      return {};
    }
  }

  async of(path: string, signal?: AbortSignal): Promise<Fingerprint> {
    const key = resolve(path);
    const info = await stat(path);
    const cache = await this.load();
    const known = cache[key];
    if (known?.size === info.size && known.modified === info.mtimeMs && known.inode === info.ino) {
      const { bytes, sha256, plain, plainNumbers = false } = known;
      return { bytes, sha256, plain, plainNumbers };
    }
    const found = await scan(path, signal);
    if (Date.now() - info.mtimeMs > SETTLED) {
      const others = Object.entries(cache).filter(([other]) => other !== key);
      const kept = others.slice(-(MOST_ENTRIES - 1));
      const entry = { ...found, size: info.size, modified: info.mtimeMs, inode: info.ino };
      await this.save(Object.fromEntries([...kept, [key, entry]]));
    }
    return found;
  }

  private async save(cache: Cache): Promise<void> {
    const temporary = `${this.path}.${process.pid}`;
    await makeFolder(dirname(this.path));
    await writeFile(temporary, JSON.stringify(cache));
    await rename(temporary, this.path);
  }
}
