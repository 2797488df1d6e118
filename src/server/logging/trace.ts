import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How a request is followed from one service to the next. */
export interface Trace {
  /** As the client gave it, or made here. */
  readonly requestId: string;
  /** The trace the request belongs to, 32 hexadecimal digits. */
  readonly traceId: string;
  /** This server's part of it, 16 hexadecimal digits. */
  readonly spanId: string;
  /** The part of the client; null where the trace begins here. */
  readonly parentId: string | null;
  /** Whether the client records the trace. */
  readonly sampled: boolean;
}

/** Not so long, and without anything, that could forge a line of a log. */
const REQUEST_ID = /^[\w.:@/+=~-]{1,128}$/;

/** W3C Trace Context, level 1: version-traceid-parentid-flags; later versions may add to it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** The id of a request: what X-Request-Id says if it is fit to be logged, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** The request's place in its trace; a new trace where the client names none that is valid. */
export function traceOf(headers: IncomingHttpHeaders, requestId: string): Trace {
  const spanId = randomBytes(8).toString('hex');
  const given = headers.traceparent;
  const text = typeof given === 'string' ? given : '';
  const isFirstVersion = text.startsWith('00-');
  const found = isFirstVersion && text.length !== 55 ? null : TRACEPARENT.exec(text);
  const [, traceId, parentId, flags = '00'] = found ?? [];
  if (traceId === undefined || parentId === undefined) {
    return { requestId, traceId: randomBytes(16).toString('hex'), spanId, parentId: null, sampled: false };
  }
  return { requestId, traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
