import type { Access } from './access/access.js';
import { BatchSize } from './batch-size.js';
import { RequestError, toRequestError } from './request-error.js';
import type { Scheduler, Work } from './scheduler.js';
import type { ServedModel } from './served-model.js';
import { canJoin, joinRows, takeRows, type Tensors } from './tensors/tensor.js';

/** What the one who asks says of the asking. */
export interface Asking {
  /** Who asks. Its `admit` comes before: rows that were not admitted do not reach the engine. */
  readonly access: Access;
  /** Whether nobody waits for the answer any more, so that no work is to be done for it. */
  readonly abandoned: () => boolean;
  /** When the answer is of no use any more, as performance.now() tells the time; the batcher's own limit also holds. */
  readonly deadline?: number | undefined;
}

/** What a batcher tells of its work; see metrics.ts. */
export interface BatchObserver {
  /** A batch was answered. */
  batch(rows: number, seconds: number): void;
}

export interface BatcherOptions {
  /** Most rows given to the engine at once. */
  readonly maxBatchRows: number;
  /** Most rows that may wait; a request that would exceed it is refused, unless it would wait alone. */
  readonly maxQueueRows: number;
  /** Milliseconds a request may wait for its turn before it is given up. */
  readonly maxWait: number;
  readonly observer: BatchObserver;
  /** Who shares the engine among the models. */
  readonly scheduler: Scheduler;
  /** See Work. */
  readonly background?: boolean | undefined;
}

interface Job {
  readonly inputs: Tensors;
  readonly rows: number;
  readonly access: Access;
  readonly abandoned: () => boolean;
  readonly deadline: number;
  readonly resolve: (answers: Tensors) => void;
  readonly reject: (error: unknown) => void;
  /** Rows taken into a batch, answered or not, are before `next`. */
  next: number;
  /** Answers to consecutive rows from the first on, and how many rows they are. */
  readonly parts: Tensors[];
  answered: number;
  /** Answered or given up. */
  settled: boolean;
}

/** Consecutive rows of one job in a batch. */
interface Slice {
  readonly job: Job;
  readonly inputs: Tensors;
  readonly rows: number;
}

/** A request is not cut into smaller parts than this, in rows. */
const SMALLEST_PART = 32;

/** Milliseconds between two looks at the whole of a full queue for requests that nobody waits for. */
const SWEEP_EVERY = 50;

/**
 * Gathers the rows of concurrent requests into batches for one model. Nothing waits for a batch to fill: whatever has
 * arrived by the time the engine is free goes at once, so an idle server adds no delay and a busy one grows its
 * batches. All waiting requests share a batch evenly, so that small ones are not stuck behind large ones.
 */
export class Batcher implements Work {
  /** Why the engine failed on rows that are right, if it did so last. */
  failure: unknown;
  readonly background: boolean;
  private readonly model: ServedModel;
  private readonly options: BatcherOptions;
  private readonly size: BatchSize;
  private queue: Job[] = [];
  private waiting = 0;
  private unfinished = 0;
  private swept = 0;
  private closed = false;
  private idleWaiters: (() => void)[] = [];

  constructor(model: ServedModel, options: BatcherOptions) {
    this.model = model;
    this.options = options;
    this.background = options.background ?? false;
    this.size = new BatchSize(options.maxBatchRows);
  }

  /** Rows that wait for the engine. */
  get queuedRows(): number {
    return this.waiting;
  }

  get pending(): boolean {
    return this.queue.length > 0;
  }

  /**
   * What the model's engine gives for some rows, in their order.
   * @param inputs as the model's `encode` gives them; of a model that is not batchable, they are one row.
   * @throws RequestError 503 when too many rows wait already, or so many that the turn would come too late, and after
   * `close`; 504 when the turn did come too late.
   */
  run(inputs: Tensors, rows: number, { access, abandoned, deadline = Infinity }: Asking): Promise<Tensors> {
    access.requireAdmission(this.model);
    const arrived = performance.now();
    const until = Math.min(deadline, arrived + this.options.maxWait);
    const refusal = this.refusal(rows, arrived, until);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.waiting += rows;
    this.unfinished++;
    return new Promise((resolve, reject) => {
      this.queue.push({
        inputs,
        rows,
        access,
        abandoned,
        deadline: until,
        resolve,
        reject,
        next: 0,
        parts: [],
        answered: 0,
        settled: false,
      });
      this.options.scheduler.request(this);
    });
  }

  /** Resolves when nothing waits and nothing runs, after those who waited have their answers. */
  async idle(): Promise<void> {
    if (this.unfinished === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** From now on requests are refused; those that wait are answered. */
  close(): void {
    this.closed = true;
  }

  /** Answers the next batch. */
  async turn(): Promise<void> {
    const batch = this.take();
    if (batch.length > 0) await this.answer(batch);
  }

  private refusal(rows: number, now: number, deadline: number): RequestError | undefined {
    if (this.closed) {
      return new RequestError(503, 'OVERLOADED', 'This version of the model is leaving the server.', {
        hint: 'Send the request again.',
        headers: { 'Retry-After': '1' },
      });
    }
    const { maxQueueRows } = this.options;
    if (this.waiting === 0) return undefined;
    if (this.waiting + rows > maxQueueRows) this.sweep(now);
    const wait = this.size.secondsFor(this.waiting);
    const late = now + wait * 1000 > deadline;
    if (this.waiting === 0 || (this.waiting + rows <= maxQueueRows && !late)) return undefined;
    const message = late
      ? `${this.waiting} rows are waiting already, which takes longer than the request may wait.`
      : `${this.waiting} rows are waiting already.`;
    return new RequestError(503, 'OVERLOADED', message, {
      hint: 'Try again later, or start the server with a larger --max-queue.',
      headers: { 'Retry-After': String(Math.min(60, Math.max(1, Math.ceil(wait)))) },
    });
  }

  /** Drops what nobody waits for from a full queue, so that it does not keep out what somebody would. */
  private sweep(now: number): void {
    if (now - this.swept < SWEEP_EVERY) return;
    this.swept = now;
    this.queue = this.queue.filter((job) => !this.dropUseless(job, now));
  }

  /** Whether a job needs no answer any more; if so, it is given up. */
  private dropUseless(job: Job, now: number): boolean {
    if (job.settled) return true;
    if (job.abandoned()) {
      this.drop(job, new RequestError(499, 'CLIENT_GONE', 'The client went away.'));
    } else if (now > job.deadline) {
      const error = new RequestError(504, 'DEADLINE', 'The request waited too long for its turn.', {
        hint: 'Send fewer rows at once, or fewer requests.',
      });
      this.drop(job, error);
    }
    return job.settled;
  }

  /** The next batch: an even share for every waiting job, and what that leaves for those that can use more. */
  private take(): Slice[] {
    const now = performance.now();
    const share = Math.max(SMALLEST_PART, Math.floor(this.size.rows / this.queue.length));
    const chosen: { readonly job: Job; rows: number }[] = [];
    /** Those that cannot be answered together with the first; one of them is the first of the next batch. */
    const passed: Job[] = [];
    let room = this.size.rows;
    let seen = 0;
    for (; seen < this.queue.length && room > 0; seen++) {
      const job = this.queue[seen] as Job;
      if (this.dropUseless(job, now)) continue;
      if (chosen[0] !== undefined && !this.canJoin(chosen[0].job, job)) {
        passed.push(job);
        continue;
      }
      const rows = Math.min(job.rows - job.next, room, share);
      chosen.push({ job, rows });
      room -= rows;
    }
    for (const part of chosen) {
      if (room === 0) break;
      const more = Math.min(part.job.rows - part.job.next - part.rows, room);
      part.rows += more;
      room -= more;
    }
    const slices = chosen.map(({ job, rows }) => this.slice(job, rows));
    const again = chosen.flatMap(({ job }) => (job.next < job.rows ? [job] : []));
    this.queue = passed.concat(this.queue.slice(seen), again);
    return slices;
  }

  private canJoin(one: Job, other: Job): boolean {
    return this.model.batchable && canJoin(one.inputs, other.inputs);
  }

  private slice(job: Job, rows: number): Slice {
    const from = job.next;
    job.next += rows;
    this.waiting -= rows;
    return { job, rows, inputs: rows === job.rows ? job.inputs : takeRows(job.inputs, from, job.next) };
  }

  private async answer(slices: readonly Slice[]): Promise<void> {
    const started = performance.now();
    try {
      const answers = await this.model.run(joinRows(slices.map(({ inputs }) => inputs)));
      this.failure = undefined;
      const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
      const seconds = (performance.now() - started) / 1000;
      this.size.learn(rows, seconds);
      this.options.observer.batch(rows, seconds);
      let from = 0;
      for (const slice of slices) {
        slice.job.access.spend((seconds * slice.rows) / rows);
        this.deliver(slice, slices.length === 1 ? answers : takeRows(answers, from, from + slice.rows));
        from += slice.rows;
      }
    } catch (error) {
      await this.isolate(slices, error);
    }
  }

  /** After a batch failed: answers apart what can be answered. */
  private async isolate(slices: readonly Slice[], error: unknown): Promise<void> {
    if (slices.length > 1) {
      for (const slice of slices) await this.answer([slice]);
      return;
    }
    for (const { job } of slices) {
      if (toRequestError(error).status >= 500) this.failure = error;
      this.drop(job, error);
    }
  }

  private deliver({ job, rows }: Slice, answers: Tensors): void {
    job.parts.push(answers);
    job.answered += rows;
    if (job.answered === job.rows && !job.settled) this.finish(job, joinRows(job.parts));
  }

  private finish(job: Job, answers: Tensors): void {
    job.resolve(answers);
    this.settle(job);
  }

  /** Gives up a job, whose remaining rows are counted as waiting; `take` passes over what is left of it. */
  private drop(job: Job, error: unknown): void {
    if (job.settled) return;
    this.waiting -= job.rows - job.next;
    job.next = job.rows;
    job.reject(error);
    this.settle(job);
  }

  private settle(job: Job): void {
    job.settled = true;
    this.unfinished--;
    if (this.unfinished > 0) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
