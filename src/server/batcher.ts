import type { Access } from './access/access.js';
import { RequestError, toRequestError } from './request-error.js';
import type { ServedModel } from './served-model.js';
import { canJoin, joinRows, takeRows, type Tensors } from './tensors/tensor.js';

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
}

/** What the one who asks says of the asking. */
export interface Asking {
  /** Who asks. Its `admit` comes before: rows that were not admitted do not reach the engine. */
  readonly access: Access;
  /** Whether nobody waits for the answer any more, so that no work is to be done for it. */
  readonly abandoned: () => boolean;
  /** When the answer is of no use any more, as performance.now() tells the time; the batcher's own limit also holds. */
  readonly deadline?: number | undefined;
}

interface Job {
  readonly inputs: Tensors;
  readonly rows: number;
  /** Rows taken into a batch, answered or not, are before `next`. */
  next: number;
  /** Answers to consecutive rows from the first on, and how many rows they are. */
  readonly parts: Tensors[];
  answered: number;
  readonly deadline: number;
  readonly abandoned: () => boolean;
  readonly access: Access;
  readonly resolve: (answers: Tensors) => void;
  readonly reject: (error: unknown) => void;
}

/** Consecutive rows of one job in a batch. */
interface Slice {
  readonly job: Job;
  readonly inputs: Tensors;
  readonly rows: number;
}

/**
 * Gathers the rows of concurrent requests into batches for one model. Nothing waits for a batch to fill: whatever has
 * arrived by the time the engine is free goes at once, so an idle server adds no delay and a busy one grows its
 * batches. Large requests go in parts and take turns, so that small ones are not stuck behind them.
 */
export class Batcher {
  private readonly model: ServedModel;
  private readonly options: BatcherOptions;
  private queue: Job[] = [];
  private waiting = 0;
  private running: Promise<void> | undefined;
  /** Why the engine failed on rows that are right, if it did so last. */
  failure: unknown;

  constructor(model: ServedModel, options: BatcherOptions) {
    this.model = model;
    this.options = options;
  }

  /** Rows that wait for the engine. */
  get queuedRows(): number {
    return this.waiting;
  }

  /**
   * What the model's engine gives for some rows, in their order.
   * @param inputs as the model's `encode` gives them; of a model that is not batchable, they are one row.
   * @throws RequestError 503 when too many rows wait already, 504 when the turn came too late.
   */
  run(inputs: Tensors, rows: number, { abandoned, access, deadline = Infinity }: Asking): Promise<Tensors> {
    access.requireAdmission(this.model);
    if (this.waiting > 0 && this.waiting + rows > this.options.maxQueueRows) {
      return Promise.reject(
        new RequestError(503, 'OVERLOADED', `${this.waiting} rows are waiting already.`, {
          hint: 'Try again later, or start the server with a larger --max-queue.',
          headers: { 'Retry-After': '1' },
        }),
      );
    }
    this.waiting += rows;
    return new Promise((resolve, reject) => {
      const until = Math.min(deadline, performance.now() + this.options.maxWait);
      const job = {
        inputs,
        rows,
        next: 0,
        parts: [],
        answered: 0,
        deadline: until,
        abandoned,
        access,
        resolve,
        reject,
      };
      this.queue.push(job);
      this.running ??= this.work();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async work(): Promise<void> {
    // Everything that arrived in this turn of the event loop is read before the first batch is closed.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.take();
      if (batch.length > 0) await this.answer(batch);
    }
    this.running = undefined;
  }

  /** The next batch: a turn for every waiting job, as far as the rows go. */
  private take(): Slice[] {
    const slices: Slice[] = [];
    const again: Job[] = [];
    const { batchable } = this.model;
    const now = performance.now();
    let room = this.options.maxBatchRows;
    let taken = 0;
    for (; taken < this.queue.length && room > 0; taken++) {
      const job = this.queue[taken] as Job;
      if (job.abandoned()) {
        this.drop(job, new RequestError(499, 'CLIENT_GONE', 'The client went away.'));
        continue;
      }
      if (now > job.deadline) {
        const error = new RequestError(504, 'DEADLINE', 'The request waited too long for its turn.', {
          hint: 'Send fewer rows at once, or fewer requests.',
        });
        this.drop(job, error);
        continue;
      }
      const [first] = slices;
      if (first !== undefined && !(batchable && canJoin(first.job.inputs, job.inputs))) {
        again.push(job);
        continue;
      }
      const rows = Math.min(job.rows - job.next, room);
      const whole = rows === job.rows;
      slices.push({
        job,
        rows,
        inputs: whole ? job.inputs : takeRows(job.inputs, job.next, job.next + rows),
      });
      job.next += rows;
      room -= rows;
      this.waiting -= rows;
      if (job.next < job.rows) again.push(job);
    }
    this.queue = this.queue.slice(taken).concat(again);
    return slices;
  }

  /** Gives up a job whose remaining rows are counted as waiting. */
  private drop(job: Job, error: unknown): void {
    this.waiting -= job.rows - job.next;
    job.next = job.rows;
    job.reject(error);
  }

  private async answer(slices: readonly Slice[]): Promise<void> {
    const started = performance.now();
    try {
      const answers = await this.model.run(joinRows(slices.map(({ inputs }) => inputs)));
      this.failure = undefined;
      const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
      const seconds = (performance.now() - started) / 1000;
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
      this.fail(job, error);
    }
  }

  private deliver({ job, rows }: Slice, answers: Tensors): void {
    job.parts.push(answers);
    job.answered += rows;
    if (job.answered === job.rows) job.resolve(joinRows(job.parts));
  }

  private fail(job: Job, error: unknown): void {
    this.queue = this.queue.filter((other) => other !== job);
    this.drop(job, error);
  }
}
