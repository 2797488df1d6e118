import { type ChildProcess, fork } from 'node:child_process';
import type { ErrorCode } from '../core/error-codes.js';
import type { Json } from '../core/json.js';
import type { FromWorker, ToWorker } from './messages.js';

/** How a task ended. `crashed`: its process died, by itself or killed. */
export type TaskEnd =
  | { readonly end: 'result'; readonly result: Json }
  | { readonly end: 'error'; readonly code: ErrorCode; readonly message: string }
  | { readonly end: 'crashed'; readonly message: string };

export interface PoolOptions {
  /** The script of the worker processes; it calls serveTasks. */
  readonly entry: string;
  /** Most processes at a time. */
  readonly jobs: number;
  /** Milliseconds an interrupted task has to end before its process is killed. */
  readonly grace: number;
}

/** How much of a dying process' last words is kept. */
const STDERR_CHARACTERS = 4000;

/** Characters of those that go into a message. */
const MESSAGE_CHARACTERS = 300;

/**
 * Worker processes on this machine. A process does many tasks, so what is slow to load is loaded once; one that died is
 * replaced. `dispose` leaves none behind, and should this process be killed, they notice and end.
 */
export class ProcessPool {
  private readonly options: PoolOptions;
  private readonly idle: Worker[] = [];
  private readonly busy = new Set<Worker>();

  constructor(options: PoolOptions) {
    this.options = options;
  }

  get running(): number {
    return this.busy.size;
  }

  /**
   * Does a task in a process of its own. Never rejects.
   * @param answer answers what the task asks
   * @throws RangeError when all processes are busy.
   */
  async run(task: Json, answer: (question: Json) => Json): Promise<TaskEnd> {
    if (this.busy.size >= this.options.jobs) throw new RangeError('All worker processes are busy.');
    const worker = this.idle.pop() ?? new Worker(this.options.entry);
    this.busy.add(worker);
    const end = await worker.run(task, answer);
    this.busy.delete(worker);
    if (worker.alive) this.idle.push(worker);
    return end;
  }

  /** Asks every running task to end, and kills the processes that have not within the time of grace. */
  interrupt(): void {
    for (const worker of this.busy) worker.interrupt(this.options.grace);
  }

  /** Ends every process and waits until all are gone. */
  async dispose(): Promise<void> {
    await Promise.all([...this.idle.splice(0), ...this.busy].map((worker) => worker.kill()));
  }
}

class Worker {
  private readonly child: ChildProcess;
  private readonly gone: Promise<void>;
  private stderr = '';
  private end: ((end: TaskEnd) => void) | undefined;
  private answer: (question: Json) => Json = () => null;
  private reaper: NodeJS.Timeout | undefined;
  alive = true;

  constructor(entry: string) {
    this.child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString('utf8')).slice(-STDERR_CHARACTERS);
    });
    this.child.on('message', (message) => this.receive(message as FromWorker));
    this.gone = new Promise((resolve) => {
      this.child.on('error', (error) => this.died(error.message, resolve));
      this.child.on('close', (code, signal) => this.died(lastWords(code, signal, this.stderr), resolve));
    });
  }

  run(task: Json, answer: (question: Json) => Json): Promise<TaskEnd> {
    this.answer = answer;
    return new Promise((resolve) => {
      this.end = resolve;
      if (this.alive) this.send({ type: 'task', task });
      else this.finish({ end: 'crashed', message: 'The worker process could not be started.' });
    });
  }

  interrupt(grace: number): void {
    if (this.reaper !== undefined) return;
    this.send({ type: 'interrupt' });
    this.reaper = setTimeout(() => void this.child.kill('SIGKILL'), grace);
  }

  async kill(): Promise<void> {
    if (this.alive) this.child.kill('SIGKILL');
    await this.gone;
  }

  private send(message: ToWorker): void {
    // A process that is about to be found dead cannot be written to; its task ends with "close".
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'question':
        return this.send({ type: 'answer', answer: this.answer(message.question) });
      case 'result':
        return this.finish({ end: 'result', result: message.result });
      case 'error':
        return this.finish({ end: 'error', code: message.code, message: message.message });
    }
  }

  private died(message: string, resolve: () => void): void {
    this.alive = false;
    this.finish({ end: 'crashed', message });
    resolve();
  }

  private finish(end: TaskEnd): void {
    clearTimeout(this.reaper);
    this.reaper = undefined;
    this.end?.(end);
    this.end = undefined;
  }
}

/** "The worker process was killed by SIGKILL" or its exit code, with the last line it wrote. */
function lastWords(code: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  const how = signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was killed by ${signal}`;
  const line = stderr
    .trim()
    .split('\n')
    .findLast((text) => /error/i.test(text));
  return `The worker process ${how}.${line === undefined ? '' : ` ${line.trim().slice(0, MESSAGE_CHARACTERS)}`}`;
}
