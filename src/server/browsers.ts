import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from './request-error.js';
import type { Reply } from './route.js';

export interface BrowserOptions {
  /** Origins whose pages may use the server (scheme://host[:port]), or "*" for all. Default: none but its own. */
  readonly corsOrigins?: readonly string[] | undefined;
  /**
   * The names that requests may address the server by. Without it any, which is right wherever keys are demanded: a page
   * has none, under whatever name it gets the server's address.
   */
  readonly hosts?: ((host: string) => boolean) | undefined;
  /** Tells browsers to come back by https only. */
  readonly secure?: boolean | undefined;
}

/** On every answer: nothing of it is to be guessed at, framed, kept or run. A reply's own headers win. */
const ALWAYS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};

const HSTS = { 'Strict-Transport-Security': 'max-age=31536000' };

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What pages may send beyond what browsers always allow. */
const REQUEST_HEADERS =
  'authorization, content-type, x-api-key, x-request-id, x-request-timeout, traceparent, tracestate, inference-header-content-length';
const RESPONSE_HEADERS =
  'X-Request-Id, X-Model, RateLimit, RateLimit-Policy, Retry-After, Inference-Header-Content-Length';

/** What a server that browsers can reach has to say to them, and to refuse of the pages they show. */
export class Browsers {
  private readonly any: boolean;
  private readonly origins: ReadonlySet<string>;
  private readonly hosts: BrowserOptions['hosts'];
  readonly headers: Readonly<Record<string, string>>;

  constructor({ corsOrigins = [], hosts, secure = false }: BrowserOptions) {
    this.any = corsOrigins.includes('*');
    this.origins = new Set(corsOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.hosts = hosts;
    this.headers = secure ? { ...ALWAYS, ...HSTS } : ALWAYS;
  }

  /** Headers that let the page of an allowed origin read the answer. */
  corsHeaders({ origin }: IncomingHttpHeaders): Readonly<Record<string, string>> {
    if (this.origins.size === 0) return {};
    if (this.any)
      return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': RESPONSE_HEADERS };
    if (origin === undefined || !this.allows(origin)) return { Vary: 'Origin' };
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': RESPONSE_HEADERS,
      Vary: 'Origin',
    };
  }

  /**
   * The answer to a browser that asks whether a page of another origin may send a request (a CORS preflight).
   * @param chosenBy the headers by which canaries are chosen, which may be sent as well.
   */
  preflight(
    method: string,
    headers: IncomingHttpHeaders,
    { chosenBy }: { readonly chosenBy: readonly string[] },
  ): Reply | undefined {
    const { origin } = headers;
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    if (origin === undefined || !this.allows(origin)) return undefined;
    return {
      status: 204,
      body: '',
      headers: {
        'Access-Control-Allow-Methods': 'GET, HEAD, POST',
        'Access-Control-Allow-Headers': [REQUEST_HEADERS, ...chosenBy].join(', '),
        'Access-Control-Max-Age': '600',
      },
    };
  }

  /**
   * Refuses what a page that is open in somebody's browser must not do with a server which that browser can reach:
   * change or ask something across origins, or get at it under a name that was made to mean its address (DNS rebinding).
   * @throws RequestError 403.
   */
  check(method: string, headers: IncomingHttpHeaders): void {
    const { host } = headers;
    if (this.hosts !== undefined && host !== undefined && !this.hosts(nameOf(host))) {
      throw new RequestError(403, 'FORBIDDEN', `This server is not called ${shorten(nameOf(host))}.`, {
        hint: 'Without API keys it answers by the names of its own machine only: make a key (aimaas keys create NAME), or serve with --insecure.',
      });
    }
    const { origin } = headers;
    if (SAFE_METHODS.has(method) || !this.isForeign(headers)) return;
    if (origin !== undefined && this.allows(origin)) return;
    throw new RequestError(
      403,
      'FORBIDDEN',
      `Pages of ${shorten(origin ?? 'another site')} may not use this server.`,
      { hint: 'Allow them with --cors-origin ORIGIN.' },
    );
  }

  /** Whether a browser says that the request comes from a page of another origin. Other clients say nothing. */
  private isForeign({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
    if (origin === undefined) return false;
    return origin.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').toLowerCase() !== host?.toLowerCase();
  }

  private allows(origin: string): boolean {
    return this.any || this.origins.has(origin.toLowerCase());
  }
}

/** A Host header without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

/** Whether an address or name can only mean the machine itself. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(name)
  );
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
