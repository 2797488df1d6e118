import type { ErrorCode } from '../../core/error-codes.js';
import { AimaasError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { RequestError, type RequestErrorCode } from '../request-error.js';

/** An error as it travels between processes. */
export type SentError = {
  readonly message: string;
  readonly hint: string | null;
  readonly details: Json | null;
} & (
  | { readonly kind: 'aimaas'; readonly code: ErrorCode }
  | {
      readonly kind: 'request';
      readonly code: RequestErrorCode;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'other'; readonly stack: string }
);

export function sendError(error: unknown): SentError {
  if (error instanceof RequestError) {
    const { message, status, code, headers, hint = null, details = null } = error;
    return { kind: 'request', message, hint, details, code, status, headers };
  }
  if (error instanceof AimaasError) {
    const { message, code, hint = null, details = null } = error;
    return { kind: 'aimaas', message, hint, details, code };
  }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', message, hint: null, details: null, stack };
}

/** The error that was sent, as one of its kind. */
export function receiveError(sent: SentError): Error {
  const { message } = sent;
  const about = { hint: sent.hint ?? undefined, details: sent.details ?? undefined };
  switch (sent.kind) {
    case 'request':
      return new RequestError(sent.status, sent.code, message, { ...about, headers: sent.headers });
    case 'aimaas':
      return new AimaasError(sent.code, message, about);
    case 'other':
      return Object.assign(new Error(message), { stack: sent.stack });
  }
}
