import type { Trace } from './trace.js';

/** One request, for a log. Never a body, a value of a row, a header or a key: only what the key is called. */
export interface RequestEntry {
  /** When it arrived. */
  readonly time: Date;
  readonly trace: Trace;
  /** Address of the client, or of the proxy in front of it. */
  readonly remote: string;
  readonly protocol: 'http' | 'grpc';
  readonly method: string;
  /** Template of the route, or "unknown". */
  readonly route: string;
  /** As it was asked for, without the query. */
  readonly path: string;
  readonly status: number;
  /** Code of the error, null if there was none. */
  readonly error: string | null;
  readonly seconds: number;
  readonly rows: number;
  readonly model: string | null;
  readonly version: number | null;
  /** Id of the key. */
  readonly key: string | null;
}

export type LogFormat = 'json' | 'text';

/** A line of the log, without its newline. Field names of traces are those of OpenTelemetry's logs. */
export function formatRequest(entry: RequestEntry, format: LogFormat): string {
  return format === 'json' ? jsonLine(entry) : textLine(entry);
}

function jsonLine({ time, trace, seconds, path, ...rest }: RequestEntry): string {
  const { requestId, traceId, spanId, parentId, sampled } = trace;
  return JSON.stringify({
    time: time.toISOString(),
    level: rest.status >= 500 ? 'error' : 'info',
    message: 'request',
    request_id: requestId,
    trace_id: traceId,
    span_id: spanId,
    parent_span_id: parentId,
    trace_flags: sampled ? '01' : '00',
    path: shorten(path),
    milliseconds: milliseconds(seconds),
    ...rest,
  });
}

function textLine(entry: RequestEntry): string {
  const { time, trace, method, path, status, error, seconds, rows, model, version, key, remote } = entry;
  const parts = [
    time.toISOString(),
    status,
    method,
    // A path may hold anything that is no space, also what a terminal would obey.
    shorten(path).replace(/[^\x21-\x7e]/gu, escaped),
    `${milliseconds(seconds)}ms`,
    ...(error === null ? [] : [error]),
    ...(model === null ? [] : [version === null ? model : `${model}/${version}`, `${rows} rows`]),
    ...(key === null ? [] : [`key ${key}`]),
    `from ${remote}`,
    trace.requestId,
  ];
  return parts.join(' ');
}

function escaped(letter: string): string {
  return `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}

function shorten(path: string): string {
  return path.length > 500 ? `${path.slice(0, 500)}…` : path;
}
