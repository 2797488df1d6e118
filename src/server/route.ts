import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from './access/access.js';
import type { Asking } from './batcher.js';
import type { RequestError } from './request-error.js';

/** One request, as a protocol sees it, and who waits for its answer. */
export interface Call extends Asking {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The groups of a route's pattern, as they stand in the path (not percent-decoded). */
  readonly groups: readonly (string | undefined)[];
  readonly headers: IncomingHttpHeaders;
  /**
   * Who asks, and what they may do. Every route that is not open asks it: `admit(model, rows)` before a prediction,
   * `require('manage', name)` before a change, `require('read', name)` before something is told of a model, and
   * `may('read', name)` to leave models out of lists. An answer that was given without asking is not sent.
   */
  readonly access: Access;
  /**
   * The whole body.
   * @throws RequestError 413 when it is larger than the server takes, 415 when it is compressed in a way it cannot read.
   */
  body(): Promise<Buffer>;
}

export interface Reply {
  readonly status: number;
  readonly body: string | Uint8Array;
  /** Media type; application/json unless said otherwise. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(value: unknown, status = 200): Reply {
  return { status, body: JSON.stringify(value) };
}

export interface Route {
  /** What metrics call it: a template such as /v1/models/{model}:predict, never a path with a client's words in it. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string | RegExp;
  /** Answered without a key even where keys are demanded: probes, and pages that hold nothing of the models. */
  readonly open?: true;
  handle(call: Call): Reply | Promise<Reply>;
}

/** A family of routes that speak the same language, errors included. One file each under protocols/. */
export interface Protocol {
  readonly routes: readonly Route[];
  /** Paths that start so (in any case) are this protocol's even where it has no such route. In lower case. */
  readonly prefix?: string;
  failure(error: RequestError): Reply;
  /** Says what a path below `prefix` that is no route is; without it, 404. */
  unknown?(call: Pick<Call, 'method' | 'path'>): RequestError;
}
