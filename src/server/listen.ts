import { createServer, type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { type AddressInfo, isIPv6, Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AimaasError } from '../core/errors.js';
import type { App } from './app.js';
import { OLDEST_TLS, type TlsMaterial } from './tls.js';

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Milliseconds a client has for the head of a request, for its whole, and to take bytes of the answer. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Speaks HTTPS with this certificate, and lets in only clients whose certificate leads to `ca`, if there is one. */
  readonly tls?: TlsMaterial | undefined;
  /** Where connections come from, if this process does not listen itself. */
  readonly from?: ConnectionSource | undefined;
}

/** Connections that another process listens for and hands over. */
export interface ConnectionSource {
  /** The port they came by. */
  readonly port: number;
  /** Begins to hand them over. */
  take(listener: (socket: Socket) => void): void;
}

export interface Timeouts {
  readonly head: number;
  readonly request: number;
  /** Without any byte in either direction. */
  readonly idle: number;
  /** Between two requests on one connection; longer than the 60 s that load balancers keep one. */
  readonly keepAlive: number;
}

const TIMEOUTS: Timeouts = { head: 10_000, request: 30_000, idle: 60_000, keepAlive: 65_000 };

export interface RunningServer {
  readonly port: number;
  /** Where a client on this machine reaches it. */
  readonly url: string;
  /** New connections get this certificate from now on. */
  renewTls(material: TlsMaterial): void;
  /**
   * Stops listening, answers every request that has arrived, then closes. Connections that stay silent are closed
   * after `linger` milliseconds, and what is not finished after `limit` is cut off.
   */
  close(options?: { readonly linger?: number; readonly limit?: number }): Promise<void>;
}

function contextOf({ cert, key, ca }: TlsMaterial) {
  return { cert, key, ...(ca === undefined ? {} : { ca }), minVersion: OLDEST_TLS } as const;
}

function createListener(options: ServerOptions, tls: TlsMaterial | undefined) {
  if (tls === undefined) return createServer(options);
  const clients = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  return createSecureServer({ ...options, ...contextOf(tls), ...clients });
}

/** Serves the app over HTTP. @throws AimaasError USAGE when the address is taken or not this machine's. */
export async function listen(app: App, options: ListenOptions): Promise<RunningServer> {
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const server = createListener(
    {
      headersTimeout: timeouts.head,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.keepAlive,
      connectionsCheckingInterval: Math.min(1_000, timeouts.head),
      noDelay: true,
    },
    options.tls,
  );
  server.timeout = timeouts.idle;
  server.on('request', (request, response) => app.handle(request, response));
  server.on('clientError', refuse);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const { from } = options;
  if (from === undefined) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(addressError(error, options)));
      server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve);
    });
  } else {
    takeFrom(from, server);
  }
  const address = (server.address() as AddressInfo | null) ?? {
    port: from?.port ?? 0,
    address: options.host,
  };

  async function close({ linger = 1_000, limit = 30_000 } = {}): Promise<void> {
    app.drain();
    // Connections that the system has taken for us would be reset with the listening socket: take them first.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    // http.Server.close would also cut idle connections, on which a request may be on its way: they get `linger`.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    // Not before: clients that are told to leave connect anew, and would be reset with the listening socket.
    app.dismiss();
    const deadline = Date.now() + limit;
    const silent = Date.now() + linger;
    while (sockets.size > 0 && Date.now() < silent) await sleep(10);
    await app.idle();
    server.closeIdleConnections();
    while (sockets.size > 0 && Date.now() < deadline) {
      await sleep(10);
      server.closeIdleConnections();
    }
    server.closeAllConnections();
    await closed;
    server.close();
  }

  return {
    port: address.port,
    url: urlOf(options.host, address, options.tls !== undefined),
    renewTls: (material) => (server as SecureServer).setSecureContext(contextOf(material)),
    close,
  };
}

/** Connections that were handed over become as those that this process would have taken itself. */
function takeFrom(source: ConnectionSource, server: Server): void {
  // What begins when a server listens: watching for clients that are too slow.
  server.emit('listening');
  source.take((socket) => {
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    server.emit('connection', socket);
  });
}

/** Where a client on this machine reaches a server at an address. */
export function urlOf(
  host: string,
  { address, port }: Pick<AddressInfo, 'address' | 'port'>,
  secure: boolean,
): string {
  return `${secure ? 'https' : 'http'}://${hostOf(host, address)}:${port}`;
}

/** The name under which to reach a server listening at an address: wildcards are no destination. */
function hostOf(host: string, address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is not HTTP, or comes too slowly, in JSON like everything else. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? 400;
  const reason = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ error: { code: 'MALFORMED_REQUEST', message: `${reason}.` } });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Why an address cannot be listened at, in words. */
export function addressError(
  error: NodeJS.ErrnoException,
  { host, port }: Pick<ListenOptions, 'host' | 'port'>,
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new AimaasError('USAGE', `Port ${port} of ${host} is in use by another program.`, {
        hint: 'Choose another with --port N, or any free one with --port 0.',
        cause: error,
      });
    case 'EACCES':
      return new AimaasError('USAGE', `Port ${port} of ${host} may not be used: permission denied.`, {
        hint: 'Choose a port above 1023: --port 8080',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AimaasError('USAGE', `${host} is not an address of this machine.`, {
        hint: 'Use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for every network it is in.',
        cause: error,
      });
    case undefined:
    default:
      return error;
  }
}
