import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { makeFolder } from '../../core/make-folder.js';
import { LOG_PREFIX, LOG_SUFFIX } from '../../drift/index.js';

interface Limits {
  /** A file is closed and another begun at this size. */
  readonly maxFileBytes: number;
  /** The oldest files of the folder are removed so that it holds no more. */
  readonly maxTotalBytes: number;
  /** Lines that wait for the disk; beyond, new ones are dropped. */
  readonly maxPendingBytes: number;
  /** Milliseconds after a failure until the disk is tried again. */
  readonly retryAfter: number;
}

const MEBIBYTE = 1024 * 1024;

const LIMITS: Limits = {
  maxFileBytes: 64 * MEBIBYTE,
  maxTotalBytes: 1024 * MEBIBYTE,
  maxPendingBytes: 8 * MEBIBYTE,
  retryAfter: 5_000,
};

export interface PredictionLogOptions extends Partial<Limits> {
  readonly folder: string;
  /** Is told when writing fails, and when it works again. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Lines in files of bounded size in a folder of bounded size. Adding a line never waits and never fails: what cannot be
 * written is dropped and counted. Every process and thread writes files of its own.
 */
export class PredictionLog {
  /** Lines on the disk, and lines that were dropped. */
  written = 0;
  dropped = 0;
  private readonly options: PredictionLogOptions & Limits;
  private pending: string[] = [];
  private pendingBytes = 0;
  private writing: Promise<void> | undefined;
  private file: FileHandle | undefined;
  private fileBytes = 0;
  private files = 0;
  private failing = false;
  private closed = false;
  private readonly stopped = new AbortController();

  constructor(options: PredictionLogOptions) {
    this.options = { ...LIMITS, ...options };
  }

  /** @param line without its end. */
  add(line: string): void {
    if (this.closed || this.pendingBytes + line.length > this.options.maxPendingBytes) {
      this.dropped++;
      return;
    }
    this.pending.push(line);
    this.pendingBytes += line.length;
    this.writing ??= this.writeAll();
  }

  /** Writes what waits, as far as the disk takes it, and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    this.stopped.abort();
    await this.writing;
    this.dropped += this.pending.length;
    await this.closeFile();
  }

  private async writeAll(): Promise<void> {
    // Lines of one turn of the event loop, and those that come while the disk is busy, are written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.pending.length > 0) {
      const lines = this.pending;
      this.pending = [];
      this.pendingBytes = 0;
      try {
        await this.write(`${lines.join('\n')}\n`);
        this.written += lines.length;
        if (this.failing) this.options.onProblem('The prediction log is written again.');
        this.failing = false;
      } catch (error) {
        this.dropped += lines.length;
        await this.closeFile();
        if (!this.failing) {
          this.options.onProblem(
            `The prediction log cannot be written: ${(error as Error).message}. Predictions go on without it.`,
          );
        }
        this.failing = true;
        if (this.closed) break;
        const { signal } = this.stopped;
        await sleep(this.options.retryAfter, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    this.writing = undefined;
  }

  private async write(text: string): Promise<void> {
    this.file ??= await this.nextFile();
    await this.file.writeFile(text);
    this.fileBytes += Buffer.byteLength(text);
    if (this.fileBytes >= this.options.maxFileBytes) await this.closeFile();
  }

  /** A new file, which nobody but the owner may read: predictions are about somebody. */
  private async nextFile(): Promise<FileHandle> {
    const { folder } = this.options;
    await makeFolder(folder, { mode: 0o700 });
    await this.makeRoom();
    const time = new Date().toISOString().replace(/[-:.]/g, '');
    const name = `${LOG_PREFIX}${time}-${process.pid}-${threadId}-${this.files++}${LOG_SUFFIX}`;
    this.fileBytes = 0;
    return open(join(folder, name), 'a', 0o600);
  }

  /** Removes the oldest files until another full one fits. Other processes may do the same at the same time. */
  private async makeRoom(): Promise<void> {
    const { folder, maxFileBytes, maxTotalBytes } = this.options;
    const names = (await readdir(folder)).filter(
      (name) => name.startsWith(LOG_PREFIX) && name.endsWith(LOG_SUFFIX),
    );
    const files = await Promise.all(
      names.sort().map(async (name) => {
        const path = join(folder, name);
        const size = await stat(path).then(
          (found) => found.size,
          () => 0,
        );
        return { path, size };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (total + maxFileBytes <= maxTotalBytes) break;
      await rm(path, { force: true });
      total -= size;
    }
  }

  private async closeFile(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => undefined);
  }
}
