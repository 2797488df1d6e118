import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access/access.js';
import type { Bodies } from './body.js';
import { deadlineOf } from './deadline.js';
import type { Call } from './route.js';
import type { Match } from './router.js';

/** The path of a request target, which may also be a whole URL (RFC 9112, 3.2.2). */
export function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : target.slice(at).replace(/#.*$/, ''));
}

/**
 * A request as it came over HTTP. A class, because an object literal with a getter is slow to make, and V8 keeps all that
 * its getter can reach, here the whole request, until the next full garbage collection.
 */
export class HttpCall implements Call {
  readonly method: string;
  readonly path: string;
  readonly groups: Call['groups'];
  readonly headers: IncomingHttpHeaders;
  readonly access: Access;
  readonly deadline: number | undefined;
  readonly abandoned: () => boolean;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly bodies: Bodies;

  /**
   * @param started when the request arrived, on the clock of performance.now().
   * @throws RequestError 400 for a timeout that is none.
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { groups }: Match,
    about: {
      readonly method: string;
      readonly path: string;
      readonly access: Access;
      readonly started: number;
      readonly bodies: Bodies;
    },
  ) {
    this.method = about.method;
    this.path = about.path;
    this.groups = groups;
    this.headers = request.headers;
    this.access = about.access;
    this.deadline = deadlineOf(request.headers, about.started);
    this.abandoned = () => response.destroyed;
    this.request = request;
    this.response = response;
    this.bodies = about.bodies;
  }

  get query(): URLSearchParams {
    return queryOf(this.request.url ?? '');
  }

  body(): Promise<Buffer> {
    return this.bodies.read(this.request, this.response);
  }
}
