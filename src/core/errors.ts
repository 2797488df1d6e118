import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import type { Json } from './json.js';

export interface ErrorOptions {
  /** What to do or run next, ideally a command. */
  readonly hint?: string | undefined;
  /** Machine-readable particulars, shown by --json. */
  readonly details?: Json | undefined;
  readonly cause?: unknown;
}

/**
 * An error meant for the user's eyes: the message says what happened with the value received and what was expected.
 * Anything thrown that is not an AimaasError is a bug and exits 1.
 */
export class AimaasError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Json | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AimaasError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** Throws INTERRUPTED if the signal has fired: call it between units of work. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AimaasError('INTERRUPTED', 'Interrupted.');
}
