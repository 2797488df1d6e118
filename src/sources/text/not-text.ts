import { AimaasError } from '../../core/errors.js';
import { encodingLabel } from './encoding.js';

/** Bytes that a character has at most. */
const LONGEST_CHARACTER = 4;

/** How far a text has been read. */
export class BytesRead {
  /** The line that is being read. */
  line = 1;
  bytes = 0;
  /** The last of the bytes: a few of them, or a piece. */
  last: Uint8Array = new Uint8Array(0);

  add(piece: Uint8Array, text: string): void {
    this.line += countNewlines(text);
    this.bytes += piece.length;
    const few = piece.length < LONGEST_CHARACTER;
    this.last = few ? Buffer.concat([this.last.subarray(-LONGEST_CHARACTER), piece]) : piece;
  }
}

/** The SOURCE_FORMAT error that names the line and the first byte (counted from 0) that is not of the encoding. */
export function notText(
  read: BytesRead,
  piece: Uint8Array,
  encoding: string,
  location: string,
  cause: unknown,
): AimaasError {
  const begun = beforePiece(read, encoding);
  const bytes = Buffer.concat([begun, piece]);
  const at = firstBadByte(bytes, encoding);
  const byte = read.bytes - begun.length + at;
  const good = new TextDecoder(encodingLabel(encoding)).decode(bytes.subarray(0, at));
  const line = read.line + countNewlines(good);
  const value = `0x${(bytes[at] ?? 0).toString(16).padStart(2, '0').toUpperCase()}`;
  return new AimaasError(
    'SOURCE_FORMAT',
    `${location}, line ${line}: the bytes are not ${encoding} text, from byte ${byte} (${value}) on.`,
    {
      hint: /^utf-?8$/i.test(encoding)
        ? 'If it is from an older Windows or European system, try --encoding latin1; from a Chinese one, --encoding gbk.'
        : 'It may have another encoding: --encoding utf-8, latin1, utf-16le, utf-16be, gbk, shift_jis …',
      details: { file: location, line, byte },
      cause,
    },
  );
}

function countNewlines(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

/** The end of what has been read, from where a character surely begins. */
function beforePiece({ bytes, last }: BytesRead, encoding: string): Uint8Array {
  if (encodingLabel(encoding).startsWith('utf-16')) return last.subarray(last.length - (bytes % 2));
  const line = last.subarray(last.lastIndexOf(10) + 1);
  // Of a line that begins earlier, the first bytes may be the end of a character of UTF-8.
  const start = line.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return encodingLabel(encoding) === 'utf-8' && start > 0 ? line.subarray(start) : line;
}

/** Position of the first byte that begins no character of the encoding, or one that is cut off. */
function firstBadByte(bytes: Uint8Array, encoding: string): number {
  const label = encodingLabel(encoding);
  const decodes = (length: number, stream: boolean): boolean => {
    try {
      new TextDecoder(label, { fatal: true }).decode(bytes.subarray(0, length), { stream });
      return true;
    } catch {
      return false;
    }
  };
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(middle, true)) good = middle;
    else bad = middle;
  }
  // The last of these bytes may belong to the character that turned out to be none.
  for (let at = good; at > good - LONGEST_CHARACTER && at > 0; at--) if (decodes(at, false)) return at;
  return Math.max(0, good - LONGEST_CHARACTER);
}
