import type { IncomingMessage } from 'node:http';
import { RequestError } from './request-error.js';

function tooLarge(limit: number): RequestError {
  return new RequestError(413, 'BODY_TOO_LARGE', `The body is larger than ${limit} bytes.`, {
    hint: 'Send fewer rows in a request, or start the server with a larger --max-body.',
  });
}

/**
 * The whole body of a request.
 * @throws RequestError 413 when it is larger than `limit` bytes (known from its head or found while reading), 415 when
 * it is compressed, 499 when the client goes away before its end.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return Promise.reject(
      new RequestError(415, 'UNSUPPORTED_MEDIA_TYPE', `Content-Encoding ${encoding} is not supported.`, {
        hint: 'Send the body uncompressed.',
      }),
    );
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) {
        chunks.push(chunk);
        return;
      }
      // The rest is read and forgotten: closing now would take the answer from a client that is still sending.
      chunks = [];
      reject(tooLarge(limit));
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const gone = (): void => reject(new RequestError(499, 'CLIENT_GONE', 'The client went away.'));
    request.on('error', gone);
    request.on('aborted', gone);
  });
}
