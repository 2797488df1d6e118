import { RequestError } from './request-error.js';
import type { Protocol, Route } from './route.js';

export interface Match {
  readonly route: Route;
  readonly protocol: Protocol;
  readonly groups: readonly (string | undefined)[];
}

interface Entry {
  readonly route: Route;
  readonly protocol: Protocol;
}

/** HEAD is answered as GET; Node leaves the body out. */
function methodOf(method: string): string {
  return method === 'HEAD' ? 'GET' : method;
}

/** Requests whose match is remembered. Clients ask for few paths, again and again. */
const MOST_REMEMBERED = 1000;
/** Longer ones are not, so that what is remembered stays small. */
const LONGEST_REMEMBERED = 200;

/** Finds who answers a request. Fixed paths are looked up; patterns are tried in the order they were given. */
export class Router {
  private readonly remembered = new Map<string, Match>();
  private readonly protocols: readonly Protocol[];
  private readonly fixed = new Map<string, Entry[]>();
  private readonly patterns: Entry[] = [];

  /** The first protocol also speaks for paths that belong to none. */
  constructor(protocols: readonly [Protocol, ...Protocol[]]) {
    this.protocols = protocols;
    for (const protocol of protocols) {
      for (const route of protocol.routes) {
        if (typeof route.path !== 'string') {
          this.patterns.push({ route, protocol });
          continue;
        }
        const entries = this.fixed.get(route.path) ?? [];
        entries.push({ route, protocol });
        this.fixed.set(route.path, entries);
      }
    }
  }

  find(method: string, path: string): Match | undefined {
    const request = `${method} ${path}`;
    const known = this.remembered.get(request);
    if (known !== undefined) return known;
    const found = this.search(methodOf(method), path);
    if (found !== undefined && request.length <= LONGEST_REMEMBERED) {
      if (this.remembered.size === MOST_REMEMBERED) this.remembered.clear();
      this.remembered.set(request, found);
    }
    return found;
  }

  private search(wanted: string, path: string): Match | undefined {
    for (const entry of this.fixed.get(path) ?? []) {
      if (entry.route.method === wanted) return { ...entry, groups: [] };
    }
    for (const entry of this.patterns) {
      if (entry.route.method !== wanted) continue;
      const found = (entry.route.path as RegExp).exec(path);
      if (found !== null) return { ...entry, groups: found.slice(1) };
    }
    return undefined;
  }

  /** The protocol in whose language an error about this path is told. */
  protocolOf(path: string): Protocol {
    const lower = path.toLowerCase();
    const owner = this.protocols.find(({ prefix }) => prefix !== undefined && lower.startsWith(prefix));
    return owner ?? (this.protocols[0] as Protocol);
  }

  /** Why `find` found nothing: another method would do (405), or there is no such path (404). */
  explain(method: string, path: string): RequestError {
    const protocol = this.protocolOf(path);
    if (protocol.unknown !== undefined) return protocol.unknown({ method, path });
    const allowed = [...(this.fixed.get(path) ?? []), ...this.patterns]
      .filter(({ route }) => typeof route.path === 'string' || route.path.test(path))
      .map(({ route }) => route.method);
    if (allowed.length > 0) {
      const allow = [...new Set(allowed.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])))];
      return new RequestError(405, 'METHOD_NOT_ALLOWED', `${method} is not possible here.`, {
        hint: `Use ${allow.join(' or ')}.`,
        headers: { Allow: allow.join(', ') },
      });
    }
    return new RequestError(404, 'NOT_FOUND', `There is nothing at ${shorten(path)}.`, {
      hint: 'GET /openapi.json lists what there is.',
    });
  }
}

function shorten(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
