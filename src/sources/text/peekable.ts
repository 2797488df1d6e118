/** Bytes that can be looked at before they are read. */
export class Peekable {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private held: Uint8Array[] = [];
  ended = false;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.iterator = bytes[Symbol.asyncIterator]();
  }

  /** At least `size` bytes from the start, or all there are; fewer where an empty piece comes, a pause, and they suffice. */
  async peek(size: number, suffices?: (bytes: Buffer) => Promise<boolean>): Promise<Buffer> {
    let length = this.held.reduce((sum, piece) => sum + piece.length, 0);
    while (length < size && !this.ended) {
      const piece = await this.next();
      if (piece === undefined) break;
      this.held.push(piece);
      length += piece.length;
      const isPause = piece.length === 0;
      if (isPause && length > 0 && (await suffices?.(Buffer.concat(this.held))) === true) break;
    }
    return Buffer.concat(this.held);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.held;
    this.held = [];
    for (;;) {
      const piece = await this.next();
      if (piece === undefined) return;
      yield piece;
    }
  }

  private async next(): Promise<Uint8Array | undefined> {
    const next = this.ended ? undefined : await this.iterator.next();
    if (next === undefined || next.done === true) {
      this.ended = true;
      return undefined;
    }
    // A stream may be one of text.
    return typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
  }
}
