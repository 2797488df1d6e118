import { Writable } from 'node:stream';

/** A stream that keeps what is written; with a width it says it is a terminal and does what ora asks of one. */
export class TerminalStream extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  private readonly chunks: Buffer[] = [];

  constructor(width: number | undefined) {
    super();
    this.isTTY = width !== undefined;
    this.columns = width;
  }

  override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  clearLine(): boolean {
    return true;
  }

  cursorTo(): boolean {
    return true;
  }

  moveCursor(): boolean {
    return true;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** The text without colours and cursor movements. */
export function plainLines(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
}
