import process from 'node:process';
import type { Socket } from 'node:net';
import type { Reporter } from '../../core/reporter.js';
import { silentReporter } from '../../core/reporter.js';
import { Answerers, type Member } from '../../server/cluster/bus.js';
import { Link, type Pipe } from '../../server/cluster/link.js';
import { sharedAudit } from '../../server/cluster/shared-audit.js';
import { limitsOf } from '../../server/cluster/shared-limits.js';
import { SharedUsage } from '../../server/cluster/shared-usage.js';
import { OPEN, REPORT, STOP } from '../../server/cluster/worker-pool.js';
import type { RunningGrpcServer } from '../../server/grpc/server.js';
import type { ConnectionSource, RunningServer } from '../../server/listen.js';
import { type Answering, openAnswering } from './answering.js';
import { CONFIGURE, TELL } from './crew.js';

/** Milliseconds between two reports at least, and at most. */
const REPORT_AFTER = 100;
const REPORT_EVERY = 2_000;

const id = Number(process.env.AIMAAS_WORKER);
const answerers = new Answerers();
const link = new Link(process as unknown as Pipe, answerers);
const member: Member = {
  ask: (about, question) => link.ask(about, question),
  answer: (about, answerer) => answerers.set(about, answerer),
};
const usage = new SharedUsage(member);
const audit = sharedAudit(member);
const stop = new AbortController();
let answering: Answering | undefined;
let server: RunningServer | undefined;
let grpc: RunningGrpcServer | undefined;
let port = 0;
let open = 0;
let taken = 0;

const tell = (level: 'info' | 'warn' | 'debug', message: string, hint?: string): void => {
  link.ask(TELL, { level, message, hint: hint ?? null }).catch(() => undefined);
};
const reporter: Reporter = {
  ...silentReporter,
  info: (message) => tell('info', message),
  warn: (message, hint) => tell('warn', message, hint),
  debug: (message) => tell('debug', message),
};

/** Who takes the connections of each door. */
const doors = new Map<string, (socket: Socket) => void>();

/** The connections that the pool hands over by a door. */
function handedOver(door: string): ConnectionSource {
  return { port, take: (listener) => doors.set(door, listener) };
}

/** Begins to take connections, and counts how many of them are open. */
function takeConnections(): void {
  link.take((socket: Socket, door: string) => {
    taken++;
    open++;
    socket.once('close', () => {
      open--;
      soon();
    });
    soon();
    const listener = doors.get(door);
    if (listener === undefined) socket.destroy();
    else listener(socket);
  });
}

let reporting: NodeJS.Timeout | undefined;
let lately = 0;

/** Tells the pool how this worker is: shortly after something changed, but not at every connection. */
function soon(): void {
  if (reporting !== undefined) return;
  const wait = Math.max(0, lately + REPORT_AFTER - Date.now());
  reporting = setTimeout(() => {
    reporting = undefined;
    lately = Date.now();
    const memory = process.memoryUsage.rss();
    link.ask(REPORT, { worker: id, connections: open, taken, memory }).catch(() => undefined);
  }, wait);
}

let ending: Promise<void> | undefined;

/** Answers what has arrived, frees the models, and ends. */
function end(): Promise<void> {
  ending ??= (async () => {
    stop.abort();
    await Promise.all([server?.close(), grpc?.close()]);
    await answering?.close();
    await usage.flush().catch(() => undefined);
    await audit.flush();
    setImmediate(() => process.exit(0));
  })();
  return ending;
}

answerers.set(CONFIGURE, async (setup) => {
  port = setup.port;
  answering = await openAnswering(
    setup.options,
    { workspace: setup.workspace, reporter, signal: stop.signal },
    member,
    {
      limits: limitsOf(member),
      charge: (charge) => usage.add(charge),
      remember: (event) => audit.add(event),
      close: () => Promise.resolve(),
    },
  );
  return null;
});
answerers.set(OPEN, async () => {
  grpc = await answering?.listenGrpc(handedOver('grpc'));
  server = await answering?.listen(handedOver('http'));
  takeConnections();
  return null;
});
answerers.set(STOP, async () => {
  await end();
  return null;
});

// A terminal's Ctrl-C and some supervisors signal the whole group; when to end is the pool's to say.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => void end());
// The pool's process may have ended while this one was starting, before anybody listened.
if (!process.connected) void end();
setInterval(soon, REPORT_EVERY);
soon();
