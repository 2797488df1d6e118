import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';

/** --encoding name → WHATWG label. latin1 is windows-1252 there, which is latin1 with more printable characters. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  latin1: 'windows-1252',
  'latin-1': 'windows-1252',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

/** @throws AimaasError USAGE for an encoding that is not known. */
export function encodingLabel(name: string): string {
  const label = ENCODINGS[name.toLowerCase()];
  if (label !== undefined) return label;
  throw new AimaasError('USAGE', `Unknown encoding "${name}". ${didYouMean(name, Object.keys(ENCODINGS))}`, {
    hint: 'Example: --encoding latin1',
  });
}

/** The bytes of a file, unpacked. */
export function openBytes(path: string, gzip: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!gzip) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked);
}

function corruptGzip(location: string, error: unknown): AimaasError {
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
 * Bytes → text, with a byte order mark removed.
 * @throws AimaasError SOURCE_FORMAT naming the line whose bytes are not of the encoding, or a damaged gzip file.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string,
  location: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encodingLabel(encoding), { fatal: true });
  let line = 1;
  const iterator = bytes[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await iterator.next();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      throw code.startsWith('Z_') ? corruptGzip(location, error) : error;
    }
    let text: string;
    try {
      text = next.done === true ? decoder.decode() : decoder.decode(next.value, { stream: true });
    } catch (error) {
      const near = next.done === true ? line : line + linesBeforeError(next.value, encoding);
      throw new AimaasError(
        'SOURCE_FORMAT',
        `${location}, near line ${near}: the bytes are not ${encoding} text.`,
        {
          hint: 'If the file is from an older Windows or European system, try: --encoding latin1',
          details: { file: location, line: near },
          cause: error,
        },
      );
    }
    line += countNewlines(text);
    if (text !== '') yield text;
    if (next.done === true) return;
  }
}

function countNewlines(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

/** How many lines of the chunk decode before the first that does not. */
function linesBeforeError(chunk: Uint8Array, encoding: string): number {
  const decoder = new TextDecoder(encodingLabel(encoding), { fatal: true });
  let lines = 0;
  let start = 0;
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
    try {
      decoder.decode(chunk.subarray(start, end + 1));
    } catch {
      // The first line may begin inside a character that the previous chunk started.
      if (lines > 0) return lines;
    }
    lines++;
    start = end + 1;
  }
  return lines;
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
