import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Answerers, type Answerer, type Coordinator, type Topic, topic } from './bus.js';
import { Link, LinkClosed } from './link.js';

/** Pool to worker: takes connections from now on. */
export const OPEN = topic<null, null>('worker.open');
/** Pool to worker: answers what it was given, then ends. */
export const STOP = topic<null, null>('worker.stop');
/** Worker to pool, now and then: how it is. */
export const REPORT = topic<WorkerReport, null>('worker.report');

export type WorkerReport = {
  readonly worker: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Connections that it was handed since it began. */
  readonly taken: number;
  /** Resident memory in bytes. */
  readonly memory: number;
};

export interface PoolEvents {
  /** A worker ended by itself; another takes its place after `delay` milliseconds. */
  crashed(worker: number, pid: number, how: string, delay: number): void;
  /** A worker has used more memory than it may; another takes its place. */
  tooLarge(worker: number, memory: number): void;
}

export interface PoolOptions {
  readonly workers: number;
  /** The module that a worker runs. */
  readonly entry: URL;
  /** Bytes of memory after which a worker is replaced. */
  readonly memoryLimit?: number | undefined;
  /** Brings a worker that has just begun to where the others are, and then calls its `ready`. */
  readonly prepare: (worker: WorkerHandle) => Promise<void>;
  readonly events: PoolEvents;
}

/** A worker, to those who bring it up. */
export interface WorkerHandle {
  readonly id: number;
  ask<Question, Answer>(topic: Topic<Question, Answer>, question: Question): Promise<Answer>;
  /** From now on it is asked whenever all are. */
  ready(): void;
}

interface Worker extends WorkerHandle {
  readonly child: ChildProcess;
  readonly link: Link;
  readonly began: number;
  state: 'starting' | 'ready' | 'open' | 'leaving';
  report: WorkerReport;
  /** Connections handed over since it began. */
  handed: number;
  readonly ended: Promise<void>;
}

/** Milliseconds before a worker that ended is replaced: doubled each time it ends again soon after. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;

/** Milliseconds after which a worker counts as having lived. */
const LIVED = 30_000;

/** Milliseconds that a worker has for its last answers. */
const STOP_LIMIT = 45_000;

/** Connections that wait while no worker takes any. */
const MOST_WAITING = 1024;

/**
 * The processes that answer requests. Each new connection goes to the worker that has fewest, a worker that ends by
 * itself is replaced, and all of them are asked as one.
 */
export class WorkerPool implements Coordinator {
  private readonly options: PoolOptions;
  private readonly answerers = new Answerers();
  private readonly workers = new Set<Worker>();
  private waiting: { readonly socket: Socket; readonly door: string }[] = [];
  private begun = 0;
  private crashes = 0;
  private restarts = 0;
  private closing = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.answerers.set(REPORT, (report) => this.learn(report));
  }

  /** How the workers are, for metrics. */
  get reports(): readonly WorkerReport[] {
    return [...this.workers].map(({ report }) => report);
  }

  /** Workers that were replaced because they ended by themselves. */
  get restarted(): number {
    return this.restarts;
  }

  /** Begins all workers. @throws what `prepare` throws, or when a worker ends before it is ready. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.options.workers }, () => this.begin()));
  }

  /** All workers take connections from now on, and those that will replace them. */
  async open(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => this.openWorker(worker)));
  }

  /** Hands a connection to the worker that has fewest. */
  hand(socket: Socket, door: string): void {
    const worker = this.leastBusy();
    if (worker === undefined) {
      if (this.waiting.length < MOST_WAITING && !this.closing) this.waiting.push({ socket, door });
      else socket.destroy();
      return;
    }
    worker.handed++;
    worker.link.hand(socket, door, {
      kept: () => {
        worker.handed--;
        this.hand(socket, door);
      },
      lost: () => {
        worker.handed--;
        // Its end tells the client to try again.
        socket.destroy();
      },
    });
  }

  answer<Question, Answer>(about: Topic<Question, Answer>, answerer: Answerer<Question, Answer>): void {
    this.answerers.set(about, answerer);
  }

  async askAll<Question, Answer>(about: Topic<Question, Answer>, question: Question): Promise<Answer[]> {
    const asked = [...this.workers].filter(({ state }) => state === 'ready' || state === 'open');
    const answers = await Promise.allSettled(asked.map((worker) => worker.ask(about, question)));
    const failed = answers.find(
      (answer) => answer.status === 'rejected' && !(answer.reason instanceof LinkClosed),
    );
    if (failed?.status === 'rejected') throw failed.reason;
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  /** Lets every worker answer what it was given, and ends it. */
  async close(): Promise<void> {
    this.closing = true;
    for (const { socket } of this.waiting.splice(0)) socket.destroy();
    await Promise.all([...this.workers].map((worker) => this.end(worker)));
  }

  private async begin(): Promise<Worker> {
    const id = ++this.begun;
    const child = fork(this.options.entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, AIMAAS_WORKER: String(id) },
    });
    const link = new Link(child, this.answerers);
    let end: () => void = () => undefined;
    const worker: Worker = {
      id,
      child,
      link,
      began: performance.now(),
      state: 'starting',
      report: { worker: id, connections: 0, taken: 0, memory: 0 },
      handed: 0,
      ended: new Promise((resolve) => (end = resolve)),
      ask: (about, question) => link.ask(about, question),
      ready: () => {
        worker.state = 'ready';
      },
    };
    this.workers.add(worker);
    child.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.workers.delete(worker);
      // Node does not say that the pipe has ended where a connection was on its way.
      link.ended();
      end();
      if (worker.state === 'ready' || worker.state === 'open')
        this.replaceCrashed(worker, signal ?? `exit code ${String(code)}`);
    });
    try {
      await this.options.prepare(worker);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return worker;
  }

  private async openWorker(worker: Worker): Promise<void> {
    await worker.ask(OPEN, null);
    if (worker.state !== 'ready') return;
    worker.state = 'open';
    for (const { socket, door } of this.waiting.splice(0)) this.hand(socket, door);
  }

  private replaceCrashed(worker: Worker, how: string): void {
    if (this.closing) return;
    this.crashes = performance.now() - worker.began > LIVED ? 1 : this.crashes + 1;
    this.restarts++;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.crashes - 1));
    this.options.events.crashed(worker.id, worker.child.pid ?? 0, how, delay);
    void this.replace(delay);
  }

  /** Begins a worker in the place of another, trying until one stays. */
  private async replace(delay: number): Promise<void> {
    for (let wait = delay; ; wait = Math.min(LONGEST_DELAY, Math.max(FIRST_DELAY, wait * 2))) {
      await sleep(wait);
      if (this.closing) return;
      try {
        await this.openWorker(await this.begin());
        return;
      } catch {
        // Whatever is wrong may pass: the others go on, and this one is tried again.
      }
    }
  }

  private learn(report: WorkerReport): null {
    const worker = [...this.workers].find(({ id }) => id === report.worker);
    if (worker === undefined) return null;
    worker.report = report;
    const { memoryLimit = Infinity, events } = this.options;
    if (report.memory > memoryLimit && worker.state === 'open' && !this.closing) {
      events.tooLarge(worker.id, report.memory);
      worker.state = 'leaving';
      void this.replace(0).then(() => this.end(worker));
    }
    return null;
  }

  /** Connections a worker has, counting those on their way to it. */
  private load({ report, handed }: Worker): number {
    return report.connections + handed - report.taken;
  }

  private leastBusy(): Worker | undefined {
    let best: Worker | undefined;
    for (const worker of this.workers) {
      if (worker.state !== 'open' || !worker.link.connected) continue;
      if (best === undefined || this.load(worker) < this.load(best)) best = worker;
    }
    return best;
  }

  private async end(worker: Worker): Promise<void> {
    worker.state = 'leaving';
    const late = setTimeout(() => worker.child.kill('SIGKILL'), STOP_LIMIT);
    await worker.ask(STOP, null).catch(() => undefined);
    await worker.ended;
    clearTimeout(late);
  }
}
