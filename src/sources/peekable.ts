/** Bytes that can be looked at before they are read. */
export class Peekable {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private held: Uint8Array[] = [];
  ended = false;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.iterator = bytes[Symbol.asyncIterator]();
  }

  /** At least `size` bytes from the start, or all there are. */
  async peek(size: number): Promise<Buffer> {
    let length = this.held.reduce((sum, piece) => sum + piece.length, 0);
    while (length < size && !this.ended) {
      const next = await this.iterator.next();
      if (next.done === true) this.ended = true;
      else {
        const piece = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
        this.held.push(piece);
        length += piece.length;
      }
    }
    return Buffer.concat(this.held);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.held;
    this.held = [];
    while (!this.ended) {
      const next = await this.iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
}
