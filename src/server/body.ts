import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type HeldBytes, type Hold, tooMuchHeld } from './held-bytes.js';
import { badRequest, RequestError } from './request-error.js';

function tooLarge(limit: number, what: string): RequestError {
  return new RequestError(413, 'BODY_TOO_LARGE', `The body is larger than ${limit} bytes${what}.`, {
    hint: 'Send fewer rows in a request, or start the server with a larger --max-body.',
  });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Reads the bodies of requests, and holds no more of them at once than memory is meant for. */
export class Bodies {
  private readonly limit: number;
  private readonly held: HeldBytes;

  /** @param limit Bytes of one body, as sent and decompressed. */
  constructor(limit: number, held: HeldBytes) {
    this.limit = limit;
    this.held = held;
  }

  /**
   * The whole body of a request, decompressed (gzip, deflate, br).
   * @throws RequestError 413 when it is larger than the limit, as sent (known from its head or found while reading) or
   * decompressed, 415 for another encoding, 400 when it is not what its encoding says, 499 when the client goes away
   * before its end, 503 when too much is held already.
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
    const { limit } = this;
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit, ''));
    const hold = this.held.hold(() => response.once('close', () => hold.letGo()));
    if (encoding === 'identity' || encoding === '')
      return collect(request, request, { limit, what: '', hold });
    const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding]?.() : undefined;
    if (decoder === undefined) {
      return Promise.reject(
        new RequestError(415, 'UNSUPPORTED_MEDIA_TYPE', `Content-Encoding ${encoding} is not supported.`, {
          hint: `Send the body uncompressed, or as one of ${Object.keys(DECODERS).join(', ')}.`,
          headers: { 'Accept-Encoding': 'gzip, deflate, br' },
        }),
      );
    }
    request.pipe(decoder);
    return collect(request, decoder, { limit, what: ' when decompressed', hold });
  }
}

interface Collecting {
  readonly limit: number;
  /** What is said of a body that is too large, behind its size. */
  readonly what: string;
  readonly hold: Hold;
}

function collect(
  request: IncomingMessage,
  source: Readable,
  { limit, what, hold }: Collecting,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let refused = false;
    source.on('data', (chunk: Buffer) => {
      if (refused) return;
      bytes += chunk.length;
      if (bytes <= limit && hold.resize(bytes)) {
        chunks.push(chunk);
        return;
      }
      refused = true;
      chunks = [];
      hold.letGo();
      reject(bytes > limit ? tooLarge(limit, what) : tooMuchHeld());
      if (source === request) return;
      // Decompressing goes no further.
      request.unpipe();
      source.destroy();
      // The rest is read and forgotten: closing now would take the answer from a client that is still sending.
      request.resume();
    });
    source.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const gone = (): void => {
      source.destroy();
      reject(new RequestError(499, 'CLIENT_GONE', 'The client went away.'));
    };
    request.on('aborted', gone);
    request.on('error', gone);
    if (source === request) return;
    source.on('error', (error) => {
      request.unpipe();
      request.resume();
      reject(badRequest(`The body cannot be decompressed: ${error.message}.`));
    });
  });
}
