import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AimaasError } from '../../core/errors.js';
import { encodingLabel } from './encoding.js';
import { BytesRead, notText } from './not-text.js';

/** The bytes of a file, unpacked. */
export function openBytes(path: string, gzip: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!gzip) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked);
}

/** What reading failed with, in words for the user where it is a damaged gzip file. */
export function readError(error: unknown, location: string): unknown {
  if (!((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')) return error;
  return new AimaasError(
    'SOURCE_FORMAT',
    `${location} is not a whole gzip file: ${(error as Error).message}.`,
    {
      hint: `Check it with: gzip -t ${location}`,
      cause: error,
    },
  );
}

/**
 * Bytes → text, with a byte order mark removed. An empty piece stays one.
 * @throws AimaasError SOURCE_FORMAT naming the line and the byte that is not of the encoding, or a damaged gzip file.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string,
  location: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encodingLabel(encoding), { fatal: true });
  const read = new BytesRead();
  const iterator = bytes[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array, undefined>;
    try {
      next = (await iterator.next()) as typeof next;
    } catch (error) {
      throw readError(error, location);
    }
    const piece = next.value ?? new Uint8Array(0);
    let text: string;
    try {
      text = decoder.decode(piece, { stream: next.done !== true });
    } catch (error) {
      throw notText(read, piece, encoding, location, error);
    }
    read.add(piece, text);
    const isPause = piece.length === 0 && next.done !== true;
    if (text !== '' || isPause) yield text;
    if (next.done === true) return;
  }
}

/** The text that bytes begin with; at their end (`whole`) no character may be cut off. @throws as decodeText */
export function decodeHead(bytes: Uint8Array, whole: boolean, encoding: string, location: string): string {
  const decoder = new TextDecoder(encodingLabel(encoding), { fatal: true });
  try {
    return decoder.decode(bytes, { stream: !whole });
  } catch (error) {
    throw notText(new BytesRead(), bytes, encoding, location, error);
  }
}

/** The first `limit` characters or so, and whether there is more. */
export async function readHead(
  path: string,
  gzip: boolean,
  encoding: string,
  location: string,
  limit = 1 << 18,
): Promise<{ text: string; whole: boolean }> {
  const bytes = openBytes(path, gzip);
  let text = '';
  try {
    for await (const piece of decodeText(bytes, encoding, location)) {
      text += piece;
      if (text.length >= limit) return { text: text.slice(0, limit), whole: false };
    }
  } finally {
    bytes.destroy();
  }
  return { text, whole: true };
}
