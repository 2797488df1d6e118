import type { JsonObject } from '../../core/json.js';
import type { TrafficOptions } from '../traffic-rules.js';
import type { TrustOptions } from '../model-trust.js';
import type { MonitoringOptions } from './monitoring.js';

export const SERVE_DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  maxBatchRows: 1024,
  maxQueueRows: 65_536,
  maxBodyBytes: 16 * 1024 * 1024,
  /** Milliseconds a request may wait for its turn. */
  maxWait: 30_000,
} as const;

/** What `aimaas serve` may be told. What is left out is filled in by the concern it belongs to. */
export interface ServeOptions extends MonitoringOptions, TrafficOptions {
  /** MODEL arguments; the first answers requests that name no model. Default: the newest model. */
  readonly models?: readonly string[] | undefined;
  /** Address to listen at. Default 127.0.0.1: this machine only. */
  readonly host?: string | undefined;
  /** Default 8080; 0 for any free port. */
  readonly port?: number | undefined;
  /** Port for gRPC; 0 for any free one. Default: none. */
  readonly grpcPort?: number | undefined;
  /** Processes that answer. Default 1: the command's own. */
  readonly workers?: number | undefined;
  /** MiB of memory that a worker may use before another takes its place. Default: no limit. */
  readonly memory?: number | undefined;
  /** Threads inside an operation of a network. */
  readonly threads?: number | undefined;
  /** Most rows given to the engine at once. */
  readonly maxBatchRows?: number | undefined;
  /** Most rows that may wait for the engine. */
  readonly maxQueueRows?: number | undefined;
  /** Largest request body in bytes. */
  readonly maxBodyBytes?: number | undefined;
  /** Whether to serve new versions as aliases move and versions appear. Default true. */
  readonly watch?: boolean | undefined;
  /** Who must have signed the models, and what opens those that are encrypted. */
  readonly trust?: TrustOptions | undefined;
  /** File that a line is added to for every request; "-" for stderr. */
  readonly accessLog?: string | undefined;
  readonly logFormat?: 'json' | 'text' | undefined;
  /** Whether the audit log also remembers predictions. */
  readonly auditPredictions?: boolean | undefined;
  /** Demand API keys: always (true), never (false), or as soon as the workspace has some. */
  readonly keys?: boolean | undefined;
  /** A copy of access/keys.json to take the keys from, instead of the workspace's. */
  readonly keysFile?: string | undefined;
  /** Listen beyond this machine though there are neither keys nor TLS. */
  readonly insecure?: boolean | undefined;
  /** PEM files of the server's certificate and its key; both or none. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** PEM file of the certificates that those of clients must lead to. */
  readonly tlsClientCa?: string | undefined;
  /** Origins whose pages may use the server, or "*". */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Called once the server answers. */
  readonly onReady?: ((ready: ServeResult) => void) | undefined;
}

export type ServeResult = {
  readonly schemaVersion: 1;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** null where gRPC was not asked for. */
  readonly grpcPort: number | null;
  readonly pid: number;
  /** Whether requests need an API key. */
  readonly keys: boolean;
  /** A model's version is null if it was never exported. */
  readonly models: readonly {
    readonly name: string;
    readonly version: number | null;
    readonly aliases: readonly string[];
    readonly folder: string;
  }[];
  /** A body for POST /predict that the first model can answer. */
  readonly example: JsonObject;
};
