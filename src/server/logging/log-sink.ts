import { type FileHandle, open, stat } from 'node:fs/promises';

/** Milliseconds that lines are gathered for. */
const EVERY = 100;

/** Bytes that may wait for a slow disk; lines beyond it are dropped and counted, so that memory stays flat. */
const MOST = 4 * 1024 * 1024;

export interface LogSinkOptions {
  /** Where whole lines go. */
  readonly write: (text: string) => Promise<void>;
  /** Is told, once until it is over, that lines cannot be written or were dropped. */
  readonly onProblem: (message: string) => void;
}

/** Writes lines without anyone waiting for it. */
export class LogSink {
  private readonly options: LogSinkOptions;
  private lines: string[] = [];
  private bytes = 0;
  private dropped = 0;
  private failing = false;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(options: LogSinkOptions) {
    this.options = options;
  }

  line(text: string): void {
    if (this.bytes > MOST) {
      this.dropped++;
      return;
    }
    this.lines.push(text);
    this.bytes += text.length + 1;
    this.timer ??= setTimeout(() => void this.flush(), EVERY).unref();
  }

  /** Writes what has been gathered; resolves when it is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    if (this.lines.length === 0) return;
    const { lines, dropped } = this;
    this.lines = [];
    this.dropped = 0;
    try {
      await this.options.write(`${lines.join('\n')}\n`);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.options.onProblem(`Lines of the log are lost: ${(error as Error).message}`);
      this.failing = true;
    }
    this.bytes = this.lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (dropped > 0)
      this.options.onProblem(`${dropped} lines of the log were dropped: it is written too slowly.`);
  }
}

/** Permissions of a log: it names models, keys and addresses. */
const PRIVATE = 0o640;

/**
 * A file that lines are added to. It is opened anew when it has been moved away (logrotate). Several processes may add to
 * one file: what each writes at once is whole lines.
 */
export class LogFile {
  private readonly path: string;
  private handle: FileHandle | undefined;
  private inode = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws the system's error when the file cannot be opened. */
  async open(): Promise<FileHandle> {
    const handle = await open(this.path, 'a', PRIVATE);
    this.inode = (await handle.stat()).ino;
    this.handle = handle;
    return handle;
  }

  async write(text: string): Promise<void> {
    const handle = await this.current();
    await handle.appendFile(text);
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  private async current(): Promise<FileHandle> {
    const { handle } = this;
    if (handle === undefined) return this.open();
    const inode = await stat(this.path).then(
      (file) => file.ino,
      () => undefined,
    );
    if (inode === this.inode) return handle;
    await handle.close();
    return this.open();
  }
}
