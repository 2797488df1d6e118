import { ERROR_CODES, EXIT, type ErrorCode } from '../core/error-codes.js';
import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';

/** What a failed request is called in `{"error": {"code": …}}` when no code of `ERROR_CODES` says it. */
export type RequestErrorCode =
  | ErrorCode
  | 'BODY_TOO_LARGE'
  | 'CLIENT_GONE'
  | 'DEADLINE'
  | 'FORBIDDEN'
  | 'MALFORMED_REQUEST'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'NOT_READY'
  | 'OVERLOADED'
  | 'QUOTA_EXCEEDED'
  | 'RATE_LIMITED'
  | 'UNAUTHENTICATED'
  | 'UNSUPPORTED_MEDIA_TYPE';

export interface RequestErrorOptions {
  readonly hint?: string | undefined;
  readonly details?: Json | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Why a request is not answered with 200, in words that are safe to show to whoever sent it. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: RequestErrorCode;
  readonly hint: string | undefined;
  readonly details: Json | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RequestErrorCode, message: string, options: RequestErrorOptions = {}) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** 400: the request itself is wrong. */
export function badRequest(message: string, options: RequestErrorOptions = {}): RequestError {
  return new RequestError(400, 'MALFORMED_REQUEST', message, options);
}

/**
 * What to tell the client of anything thrown while answering. Errors about its rows are the client's; anything else is
 * the server's own failure, of which it learns nothing but that it happened.
 */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof AimaasError) {
    const { exit } = ERROR_CODES[error.code];
    if (exit === EXIT.data || exit === EXIT.usage)
      return new RequestError(400, error.code, error.message, { hint: error.hint, details: error.details });
  }
  return new RequestError(500, 'INTERNAL', 'The server failed to answer; its log says why.');
}
