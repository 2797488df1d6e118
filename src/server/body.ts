import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { badRequest, RequestError } from './request-error.js';

function tooLarge(limit: number, what: string): RequestError {
  return new RequestError(413, 'BODY_TOO_LARGE', `The body is larger than ${limit} bytes${what}.`, {
    hint: 'Send fewer rows in a request, or start the server with a larger --max-body.',
  });
}

function tooMuchHeld(): RequestError {
  return new RequestError(503, 'OVERLOADED', 'The server has its hands full of large requests.', {
    hint: 'Try again later, or send fewer rows in a request.',
    headers: { 'Retry-After': '1' },
  });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** How many of the largest bodies are held at once. */
const LARGEST_AT_ONCE = 8;

/** Bytes of every body that are taken whatever is held, so that large bodies cannot keep out small ones. */
const ALWAYS_TAKEN = 64 * 1024;

export interface BodyLimits {
  /** Bytes of one body, as sent and decompressed. */
  readonly maxBodyBytes: number;
  /** Bytes of all bodies that have arrived, in whole or in part, and are not answered. Default: eight of the largest. */
  readonly maxHeldBytes?: number | undefined;
}

/** Reads the bodies of requests, and holds no more of them at once than memory is meant for. */
export class Bodies {
  private readonly limit: number;
  private readonly most: number;
  private held = 0;

  constructor({ maxBodyBytes, maxHeldBytes }: BodyLimits) {
    this.limit = maxBodyBytes;
    this.most = maxHeldBytes ?? maxBodyBytes * LARGEST_AT_ONCE;
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
    const hold = this.holdUntilAnswered(response);
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

  /** Counts what is held of a body, until it is let go or the request is over. */
  private holdUntilAnswered(response: ServerResponse): Hold {
    let counted = 0;
    const count = (bytes: number): void => {
      this.held += bytes - counted;
      counted = bytes;
    };
    return {
      grow: (bytes) => {
        const beyond = bytes - ALWAYS_TAKEN;
        if (beyond <= 0) return true;
        if (this.held + beyond - counted > this.most) return false;
        if (counted === 0) response.once('close', () => count(0));
        count(beyond);
        return true;
      },
      letGo: () => count(0),
    };
  }
}

/** What is held of one body. */
interface Hold {
  /** Whether a body may be so many bytes long by now. */
  grow(bytes: number): boolean;
  letGo(): void;
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
      if (bytes <= limit && hold.grow(bytes)) {
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
