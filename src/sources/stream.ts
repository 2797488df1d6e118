import { stat } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { alignedText } from './text/aligned.js';
import { decodeHead, readError } from './text/decode.js';
import { dialectOf, hasRow, sniffDelimiter } from './text/dialect.js';
import { formatByText, inspectText, markedEncoding } from './inspect.js';
import { jsonRows } from './text/json.js';
import { withPauses } from './text/pauses.js';
import { Peekable } from './text/peekable.js';
import type { ReadOptions, Source } from './source.js';

/** How much of a stream is looked at to see what it is; one that ends before is looked at whole. */
const HEAD_BYTES = 1 << 16;

/** Whether a path names a pipe or a device, which can be read once only, from its beginning: /dev/stdin, <(command). */
export async function isPipe(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.isFIFO() || found.isCharacterDevice() || found.isSocket());
}

/**
 * A stream of CSV, JSON Lines or a JSON array, gzipped or not: what it is, and its bytes from the start, with an empty
 * piece where it pauses. A stream that pauses after a row or more is looked at that far only.
 * @throws AimaasError SOURCE_FORMAT for what is empty or no table.
 */
export async function inspectStream(
  stream: Readable,
  location: string,
  options: ReadOptions & { readonly signal?: AbortSignal | undefined },
): Promise<{ readonly source: Source; readonly bytes: AsyncIterable<Uint8Array> }> {
  const { signal } = options;
  throwIfAborted(signal);
  // It may be waited for when the user interrupts.
  if (signal !== undefined) addAbortSignal(signal, stream);
  const packed = new Peekable(stream);
  const start = await packed.peek(4);
  if (start.toString('latin1') === 'PAR1') {
    throw new AimaasError(
      'SOURCE_FORMAT',
      'Parquet cannot be read from a stream: its contents are listed at its end.',
      {
        hint: 'Save it to a file and give its name.',
      },
    );
  }
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  const bytes = new Peekable(withPauses(gzip ? unpacked(packed.read()) : packed.read()));
  const textOf = (head: Buffer): string => decodeHead(head, bytes.ended, encodingOf(head, options), location);
  const head = await bytes
    .peek(HEAD_BYTES, (some) => showsRow(textOf(some), location, options))
    .catch((error: unknown) => {
      throw readError(error, location);
    });
  const file = { location, path: '', gzip: false, encoding: encodingOf(head, options) };
  return { source: await inspectText(file, textOf(head), bytes.ended, options), bytes: bytes.read() };
}

function unpacked(bytes: AsyncIterable<Uint8Array>): Readable {
  const gunzip = createGunzip();
  const packed = Readable.from(bytes);
  packed.on('error', (error) => gunzip.destroy(error));
  return packed.pipe(gunzip);
}

function encodingOf(head: Buffer, options: ReadOptions): string {
  return options.encoding ?? markedEncoding(head);
}

/** Whether the beginning of a text shows what its columns are: it has a row, whole. */
async function showsRow(head: string, location: string, { delimiter }: ReadOptions): Promise<boolean> {
  const format = formatByText(head);
  const lines = head.slice(0, head.lastIndexOf('\n') + 1);
  if (format === 'csv') {
    const given = delimiter === undefined ? undefined : dialectOf(delimiter);
    if (given?.aligned === true) return hasRow(alignedText(lines), given.delimiter);
    return hasRow(lines, given?.delimiter ?? sniffDelimiter(lines, false));
  }
  const text = format === 'jsonl' ? lines : head;
  const names: string[] = [];
  for await (const batch of jsonRows(once(text), { format, names, location })) {
    if (batch.some(({ problem }) => problem === undefined)) return true;
  }
  return false;
}

async function* once(text: string): AsyncGenerator<string> {
  if (text !== '') yield text;
  await Promise.resolve();
}
