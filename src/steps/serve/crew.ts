import type { AddressInfo } from 'node:net';
import type { StepContext } from '../../core/step.js';
import { type Coordinator, LocalBus, topic } from '../../server/cluster/bus.js';
import { Gate } from '../../server/cluster/gate.js';
import { fleetOf } from '../../server/cluster/remote.js';
import { offerAudit } from '../../server/cluster/shared-audit.js';
import { offerLimits } from '../../server/cluster/shared-limits.js';
import { offerUsage } from '../../server/cluster/shared-usage.js';
import { type WorkerHandle, type WorkerReport, WorkerPool } from '../../server/cluster/worker-pool.js';
import { addressError, urlOf } from '../../server/listen.js';
import type { ModelController } from '../../server/model-controller.js';
import { openAccounts } from './access.js';
import { openAnswering } from './answering.js';
import { SERVE_DEFAULTS, type ServeOptions } from './options.js';
import { WORKER_ENTRY } from './worker-entry.js';

/** Where the server is reached. */
export interface Address {
  readonly url: string;
  readonly port: number;
  /** null where gRPC was not asked for. */
  readonly grpcPort: number | null;
}

/** The process or processes that answer requests. */
export interface Crew {
  readonly coordinator: Coordinator;
  /** How each worker is; empty where the command's own process answers. */
  readonly reports: () => readonly WorkerReport[];
  readonly restarted: () => number;
  /** Makes the processes ready for models. */
  start(controller: ModelController): Promise<void>;
  /** Takes connections. @throws AimaasError USAGE when the address is taken or not this machine's. */
  listen(): Promise<Address>;
  /** Takes no more connections, answers what has arrived, and ends the processes. */
  close(): Promise<void>;
}

/** Worker options as they are sent to a worker: all that is plain data. */
export type WorkerSetup = {
  readonly options: Omit<ServeOptions, 'onReady'>;
  readonly workspace: string;
  readonly port: number;
};

/** Pool to worker, first of all: what it is to do. */
export const CONFIGURE = topic<WorkerSetup, null>('worker.configure');
/** Worker to pool: something for the log. */
export const TELL = topic<{ level: 'info' | 'warn' | 'debug'; message: string; hint: string | null }, null>(
  'worker.tell',
);

/** The command's own process answers. */
export async function ownCrew(options: ServeOptions, context: StepContext): Promise<Crew> {
  const bus = new LocalBus();
  const accounts = await openAccounts(context);
  const answering = await openAnswering(options, context, bus.member, accounts);
  let closeServer: () => Promise<void> = () => Promise.resolve();
  return {
    coordinator: bus.coordinator,
    reports: () => [],
    restarted: () => 0,
    start: () => Promise.resolve(),
    async listen() {
      const grpc = await answering.listenGrpc();
      closeServer = async () => grpc?.close();
      const server = await answering.listen();
      closeServer = async () => {
        await Promise.all([server.close(), grpc?.close()]);
      };
      return { url: server.url, port: server.port, grpcPort: grpc?.port ?? null };
    },
    async close() {
      await closeServer();
      await answering.close();
      await accounts.close();
    },
  };
}

const MEBIBYTE = 1024 * 1024;

/** Workers answer; the command's own process listens and hands them the connections. */
export async function workerCrew(options: ServeOptions, context: StepContext): Promise<Crew> {
  const { reporter } = context;
  const host = options.host ?? SERVE_DEFAULTS.host;
  const plain = { ...options, onReady: undefined };
  let port = options.port ?? SERVE_DEFAULTS.port;
  const gates: Gate[] = [];
  let controller: ModelController | undefined;
  const pool = new WorkerPool({
    workers: options.workers ?? 1,
    entry: WORKER_ENTRY,
    memoryLimit: options.memory === undefined ? undefined : options.memory * MEBIBYTE,
    async prepare(worker: WorkerHandle) {
      await worker.ask(CONFIGURE, { options: plain, workspace: context.workspace, port });
      await controller?.bringUp(
        fleetOf((about, question) => worker.ask(about, question)),
        () => worker.ready(),
      );
    },
    events: {
      crashed: (worker, pid, how, delay) =>
        reporter.warn(
          `Worker ${worker} (process ${pid}) ended by itself: ${how}. Another takes its place in ${delay} ms.`,
        ),
      tooLarge: (worker, memory) =>
        reporter.warn(
          `Worker ${worker} uses ${Math.round(memory / MEBIBYTE)} MiB, more than it may. Another takes its place.`,
          'Allow more with --memory MIB, or serve fewer models.',
        ),
    },
  });
  const accounts = await openAccounts(context);
  offerLimits(pool, accounts.limits);
  offerUsage(pool, accounts.charge);
  offerAudit(pool, accounts.remember);
  pool.answer(TELL, ({ level, message, hint }) => {
    if (level === 'warn') reporter.warn(message, hint ?? undefined);
    else reporter[level](message);
    return null;
  });

  async function open(door: string, at: number): Promise<AddressInfo> {
    try {
      const gate = await Gate.open({ host, port: at, onConnection: (socket) => pool.hand(socket, door) });
      gates.push(gate);
      return gate.address;
    } catch (error) {
      throw addressError(error as NodeJS.ErrnoException, { host, port: at });
    }
  }

  return {
    coordinator: pool,
    reports: () => pool.reports,
    restarted: () => pool.restarted,
    async start(started) {
      controller = started;
      await pool.start();
    },
    async listen() {
      const http = await open('http', port);
      const grpc = options.grpcPort === undefined ? undefined : await open('grpc', options.grpcPort);
      port = http.port;
      await pool.open();
      const url = urlOf(host, http, options.tlsCert !== undefined);
      return { port, url, grpcPort: grpc?.port ?? null };
    },
    async close() {
      await Promise.all(gates.map((gate) => gate.close()));
      await pool.close();
      await accounts.close();
    },
  };
}
