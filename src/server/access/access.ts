import type { IncomingHttpHeaders } from 'node:http';
import { allowsModel, type ApiKey, keyState, type Scope } from '../../core/api-key.js';
import { RequestError } from '../request-error.js';
import type { KeyRing } from './key-ring.js';
import { type Demand, type LimitKeeper, limitHeaders, type LimitState } from './limits.js';

/** What may be done with a model: see that it is there, ask it, or change what is served. */
export type Action = 'read' | 'predict' | 'manage';

export interface ModelVersion {
  readonly name: string;
  readonly version: number | null;
}

/** What one request came to, for metering. Requests that were refused before they reached a model have no model. */
export interface Spent {
  readonly key: ApiKey;
  readonly model: ModelVersion;
  readonly ok: boolean;
  /** Rows answered. */
  readonly rows: number;
  /** Seconds of the engine's time. */
  readonly computeSeconds: number;
}

/** What is said of a request when it is over. */
export interface Outcome {
  readonly ok: boolean;
  readonly route: string;
  readonly requestId: string;
  /** Code of the error, null if there was none. */
  readonly error: string | null;
}

/** A request that changed what is served, or predicted, for the audit log. */
export interface Act extends Outcome {
  /** null where no key was demanded. */
  readonly key: ApiKey | null;
  readonly action: 'manage' | 'predict';
  /** null for the server as a whole. */
  readonly model: ModelVersion | null;
  readonly rows: number;
}

export interface AccessOptions {
  /** Without keys everyone may do everything. */
  readonly keys?: KeyRing | undefined;
  readonly limits?: LimitKeeper | undefined;
  /** Is told of every request of a key that reached a model, once it is over. */
  readonly onSpent?: ((spent: Spent) => void) | undefined;
  /** Is told of every request that tried to change what is served, once it is over. */
  readonly onManage?: ((act: Act) => void) | undefined;
  /** Is told of every request that predicted, once it is over. */
  readonly onPredict?: ((act: Act) => void) | undefined;
}

const SCOPE_OF: Readonly<Record<Action, readonly Scope[]>> = {
  read: ['predict', 'manage'],
  predict: ['predict'],
  manage: ['manage'],
};

const MAKE_KEY = 'Send the header "Authorization: Bearer KEY". A key is made by: aimaas keys create NAME';

/** Decides who may use a server. The same for every protocol: HTTP headers and gRPC metadata are looked at alike. */
export class AccessControl {
  private readonly options: AccessOptions;

  constructor(options: AccessOptions = {}) {
    this.options = options;
  }

  /** Whether requests need a key. */
  get demanded(): boolean {
    return this.options.keys?.demanded === true;
  }

  /**
   * Finds out who sends a request, by `authorization: Bearer KEY` or `x-api-key: KEY`.
   * @throws RequestError 401 when a key is demanded and there is none, or none that is valid.
   */
  enter(headers: IncomingHttpHeaders): Access | Promise<Access> {
    const { keys } = this.options;
    if (keys?.demanded !== true) return new Access(null, this.options);
    const token = tokenOf(headers);
    if (token === undefined) {
      throw unauthenticated('An API key is needed, and the request has none.', MAKE_KEY, '');
    }
    const found = keys.find(token);
    return found instanceof Promise ? found.then((key) => this.admitted(key)) : this.admitted(found);
  }

  private admitted(key: ApiKey | undefined): Access {
    if (key === undefined) {
      throw unauthenticated('The API key of the request is not one of this server.', MAKE_KEY);
    }
    const state = keyState(key, Date.now());
    if (state === 'valid') return new Access(key, this.options);
    const since = state === 'expired' ? key.expiresAt : key.revokedAt;
    throw unauthenticated(`The API key ${key.id} is ${state} since ${String(since)}.`, MAKE_KEY);
  }
}

/** What one request may do, and what it came to. Made by AccessControl.enter, ended by `settle`. */
export class Access {
  /** null where no key is demanded. */
  readonly key: ApiKey | null;
  private readonly options: AccessOptions;
  private asked = false;
  /** What was taken off limits, one for every model that the request asks. */
  private readonly demands: Demand[] = [];
  private limitsOfAnswer: Readonly<Record<string, string>> = {};
  private compute = 0;
  /** What it tried to change: null is the whole server, undefined nothing. */
  private managed: string | null | undefined;
  /** The model it asked, once it was let through to one. */
  model: ModelVersion | undefined;
  rows = 0;

  constructor(key: ApiKey | null, options: AccessOptions) {
    this.key = key;
    this.options = options;
  }

  /**
   * Whether anything was asked of this object. An answer that was given without is a mistake of ours, and is not sent.
   */
  get wasAsked(): boolean {
    return this.asked;
  }

  /** Headers that tell the client what is left of its limits. */
  get headers(): Readonly<Record<string, string>> {
    return this.limitsOfAnswer;
  }

  /** Whether the request may do this with a model: for lists, which leave out the rest. */
  may(action: Action, model: string): boolean {
    this.asked = true;
    return this.key === null || (this.has(SCOPE_OF[action]) && allowsModel(this.key, model));
  }

  /** Whether the request may read what is measured, which is of all models and all keys. */
  get mayReadMetrics(): boolean {
    this.asked = true;
    return this.key === null || this.has(['metrics', 'manage']);
  }

  /**
   * @param model leave it out for what concerns the whole server.
   * @throws RequestError 403 that says which scope or model the key lacks.
   */
  require(action: Action, model?: string): void {
    this.asked = true;
    if (action === 'manage') this.managed = model ?? null;
    const { key } = this;
    if (key === null) return;
    const scopes = SCOPE_OF[action];
    if (!this.has(scopes)) throw forbidden(key, `lacks the scope ${scopes.join(' or ')}`, scopes);
    if (model === undefined ? key.models.length > 0 : !allowsModel(key, model)) {
      const what = model === undefined ? 'the server as a whole' : `the model ${shorten(model)}`;
      throw forbidden(key, `is for ${key.models.join(', ')} and not for ${what}`, scopes);
    }
  }

  /**
   * Lets rows through to a model, before they are looked at: checks that the key is for the model, and takes them off
   * its limits. To be awaited before the engine is asked.
   * @throws RequestError 403, or 429 with Retry-After.
   */
  admit(model: ModelVersion, rows: number): void | Promise<void> {
    this.require('predict', model.name);
    this.model = { name: model.name, version: model.version };
    const { key } = this;
    const { limits } = this.options;
    if (key === null || limits === undefined || (key.rateLimit === null && key.quotas.length === 0)) {
      this.rows += rows;
      return;
    }
    const { id, rateLimit, quotas } = key;
    const demand: Demand = { key: { id, rateLimit, quotas }, rows };
    const verdict = limits.take(demand);
    const decide = ({ limits: states, refused }: Awaited<typeof verdict>): void => {
      this.limitsOfAnswer = limitHeaders(states);
      if (refused !== undefined) throw exceeded(key, refused, states, rows);
      this.demands.push(demand);
      this.rows += rows;
    };
    return verdict instanceof Promise ? verdict.then(decide) : decide(verdict);
  }

  /** Holds the code to its word: rows of a key that were not admitted to a model are a mistake of ours. */
  requireAdmission({ name }: ModelVersion): void {
    if (this.key === null || this.model?.name === name) return;
    throw new Error(`Rows for ${name} were not admitted.`);
  }

  /** Adds to the engine's time that the request has used, in seconds. */
  spend(seconds: number): void {
    this.compute += seconds;
  }

  /** Ends the request: what was not answered is given back, and the rest is metered and remembered. */
  settle(outcome: Outcome): void {
    const { key, model, rows, demands, managed } = this;
    const { ok } = outcome;
    const { onManage, onPredict } = this.options;
    if (managed !== undefined) {
      const about = managed === null ? null : { name: managed, version: null };
      onManage?.({ ...outcome, key, action: 'manage', model: about, rows: 0 });
    }
    if (model !== undefined) onPredict?.({ ...outcome, key, action: 'predict', model, rows });
    if (key === null || model === undefined) return;
    if (!ok) for (const demand of demands) this.options.limits?.giveBack(demand);
    this.options.onSpent?.({ key, model, ok, rows: ok ? rows : 0, computeSeconds: this.compute });
  }

  private has(scopes: readonly Scope[]): boolean {
    return this.key === null || this.key.scopes.some((scope) => scopes.includes(scope));
  }
}

/** What is asked by the server itself, or of a server that demands no keys. */
export function openAccess(): Access {
  return new Access(null, {});
}

function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, 'x-api-key': other } = headers;
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  return bearer ?? (typeof other === 'string' ? other : authorization);
}

function unauthenticated(message: string, hint: string, error = ', error="invalid_token"'): RequestError {
  return new RequestError(401, 'UNAUTHENTICATED', message, {
    hint,
    headers: { 'WWW-Authenticate': `Bearer realm="aimaas"${error}` },
  });
}

function forbidden(key: ApiKey, why: string, scopes: readonly Scope[]): RequestError {
  return new RequestError(403, 'FORBIDDEN', `The API key ${key.id} ${why}.`, {
    hint: 'Use a key that is for it: aimaas keys create NAME --scope SCOPE --model NAME',
    headers: {
      'WWW-Authenticate': `Bearer realm="aimaas", error="insufficient_scope", scope="${scopes.join(' ')}"`,
    },
  });
}

function exceeded(
  key: ApiKey,
  { name, retryAfter }: { readonly name: string; readonly retryAfter: number },
  states: readonly LimitState[],
  rows: number,
): RequestError {
  const headers = { 'Retry-After': String(retryAfter), ...limitHeaders(states) };
  const state = states.find((one) => one.name === name);
  const limit = String(state?.limit);
  const again = `Try again in ${retryAfter} s.`;
  if (name === 'rate') {
    const message = `The API key ${key.id} may send ${limit} requests in ${String(state?.window)} s, and has.`;
    return new RequestError(429, 'RATE_LIMITED', message, { hint: again, headers });
  }
  const [unit = '', , period = ''] = name.split('-');
  const asked = unit === 'rows' ? `the request has ${rows} rows` : 'this is one more request';
  const message = `The API key ${key.id} may use ${limit} ${unit} a ${period}; ${String(state?.remaining)} are left, and ${asked}.`;
  return new RequestError(429, 'QUOTA_EXCEEDED', message, { hint: again, headers });
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
